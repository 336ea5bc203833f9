"""What an evaluation finds of one model: the metrics of each task."""

from typing import Annotated

from msgspec import Meta

from quantci.records.base import Record
from quantci.records.units import Count, Ratio


class ClassMetrics(Record, frozen=True, kw_only=True):
    """One class, one model. Null where the class has no samples (recall) or is never predicted (precision)."""

    label: Annotated[str, Meta(description="Name of the class.")]
    support: Annotated[Count, Meta(description="Samples of the class.")]
    recall: Annotated[Ratio | None, Meta(description="Of those, the share that is found; null without any.")]
    precision: Annotated[
        Ratio | None,
        Meta(description="Of the samples taken for this class, the share that is of it; null where none is."),
    ]
    f1: Annotated[Ratio | None, Meta(description="Harmonic mean of both; null without samples.")]


class ClassificationMetrics(Record, frozen=True, kw_only=True, tag_field="task", tag="classification"):
    """Classification by arg-max over the outputs."""

    top1_accuracy: Annotated[Ratio, Meta(description="Share of samples whose largest output is that of their class.")]
    top_k: Annotated[int, Meta(ge=1, description="The k of top_k_accuracy.")]
    top_k_accuracy: Annotated[Ratio, Meta(description="Share of samples whose class is among the k largest outputs.")]
    macro_f1: Annotated[Ratio, Meta(description="Mean F1 over the classes that have samples.")]
    roc_auc: Annotated[Ratio | None, Meta(description="For two classes; null otherwise.")]
    per_class: Annotated[list[ClassMetrics], Meta(description="By class, in the order of the outputs.")]
    confusion_matrix: Annotated[list[list[int]], Meta(description="Rows are true classes, columns predicted ones.")]
    custom: Annotated[dict[str, float], Meta(description="Your own metrics by module:function.")]


class AnomalyMetrics(Record, frozen=True, kw_only=True, tag_field="task", tag="anomaly"):
    """Anomaly score: mean squared reconstruction error, averaged over the windows of a group (a file)."""

    roc_auc: Annotated[Ratio, Meta(description="Area under the ROC curve over all groups.")]
    partial_auc: Annotated[Ratio, Meta(description="Normalised AUC up to a false positive rate of 0.1 (McClish).")]
    normal_groups: Annotated[Count, Meta(description="Groups labelled normal.")]
    anomalous_groups: Annotated[Count, Meta(description="Groups labelled anomalous.")]
    mean_score_normal: Annotated[float, Meta(description="Mean score of the normal groups.")]
    mean_score_anomalous: Annotated[float, Meta(description="Mean score of the anomalous groups.")]
    custom: Annotated[dict[str, float], Meta(description="Your own metrics by module:function.")]


class LabelMetrics(Record, frozen=True, kw_only=True):
    """One label of several that may apply, one model. A label is predicted from an output of 0.5 on."""

    label: Annotated[str, Meta(description="Name of the label.")]
    support: Annotated[Count, Meta(description="Samples that it applies to.")]
    recall: Annotated[Ratio | None, Meta(description="Of those, the share that is found; null without any.")]
    precision: Annotated[Ratio | None, Meta(description="Null where the label is never predicted.")]
    f1: Annotated[Ratio | None, Meta(description="Null where the label applies to no sample.")]
    average_precision: Annotated[
        Ratio | None, Meta(description="Mean precision over the samples it applies to, by falling output.")
    ]


class MultiLabelMetrics(Record, frozen=True, kw_only=True, tag_field="task", tag="multi-label"):
    """Any number of labels for a sample; each output is the probability of one."""

    exact_match: Annotated[Ratio, Meta(description="Share of samples whose labels are all right.")]
    label_accuracy: Annotated[Ratio, Meta(description="Share of right decisions, one for each sample and label.")]
    macro_f1: Annotated[Ratio, Meta(description="Mean F1 over the labels that apply to some sample.")]
    micro_f1: Annotated[Ratio, Meta(description="F1 over all decisions together.")]
    mean_average_precision: Annotated[Ratio, Meta(description="Mean over the labels that apply to some sample.")]
    per_class: Annotated[list[LabelMetrics], Meta(description="By label.")]
    custom: Annotated[dict[str, float], Meta(description="Your own metrics by module:function.")]


class ValueMetrics(Record, frozen=True, kw_only=True):
    """One output of a regression, one model, in the units of the truth."""

    name: Annotated[str, Meta(description="Name of the output.")]
    mae: Annotated[float, Meta(ge=0, description="Mean absolute error.")]
    rmse: Annotated[float, Meta(ge=0, description="Root of the mean squared error.")]
    r2: Annotated[float, Meta(le=1, description="Coefficient of determination; negative is worse than the mean.")]


class RegressionMetrics(Record, frozen=True, kw_only=True, tag_field="task", tag="regression"):
    """Regression: each output is a number."""

    r2: Annotated[float, Meta(le=1, description="Coefficient of determination, the mean over the outputs.")]
    mae: Annotated[float, Meta(ge=0, description="Mean absolute error over all outputs, in the units of the truth.")]
    rmse: Annotated[float, Meta(ge=0, description="Root of the mean squared error over all outputs.")]
    outputs: Annotated[list[ValueMetrics], Meta(description="Each output by itself.")]
    custom: Annotated[dict[str, float], Meta(description="Your own metrics by module:function.")]


Metrics = ClassificationMetrics | MultiLabelMetrics | RegressionMetrics | AnomalyMetrics
