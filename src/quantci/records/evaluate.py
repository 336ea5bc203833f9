"""What `quantci evaluate` writes: what the change from float to INT8 costs, and how sure that is.

All deltas are quantized minus float: negative is a loss.
"""

from typing import Annotated, Literal

from msgspec import Meta

from quantci.records.base import Record
from quantci.records.dataset import DatasetSummary
from quantci.records.stage import Advice, StageRecord
from quantci.records.units import Count, Microseconds, Ratio, Sha256, SignedRatio


class Interval(Record, frozen=True, kw_only=True):
    """A two-sided confidence interval."""

    low: float
    high: float
    level: Ratio


class ClassMetrics(Record, frozen=True, kw_only=True):
    """One class, one model. Null where the class has no samples (recall) or is never predicted (precision)."""

    label: str
    support: Count
    recall: Ratio | None
    precision: Ratio | None
    f1: Ratio | None


class ClassificationMetrics(Record, frozen=True, kw_only=True, tag_field="task", tag="classification"):
    """Classification by arg-max over the outputs."""

    top1_accuracy: Ratio
    top_k: Annotated[int, Meta(ge=1)]
    top_k_accuracy: Ratio
    macro_f1: Annotated[Ratio, Meta(description="Mean F1 over the classes that have samples.")]
    roc_auc: Annotated[Ratio | None, Meta(description="For two classes; null otherwise.")]
    per_class: list[ClassMetrics]
    confusion_matrix: Annotated[list[list[int]], Meta(description="Rows are true classes, columns predicted ones.")]
    custom: Annotated[dict[str, float], Meta(description="Own metrics by module:function.")]


class AnomalyMetrics(Record, frozen=True, kw_only=True, tag_field="task", tag="anomaly"):
    """Anomaly score: mean squared reconstruction error, averaged over the windows of a group (a file)."""

    roc_auc: Ratio
    partial_auc: Annotated[Ratio, Meta(description="Normalised AUC up to a false positive rate of 0.1 (McClish).")]
    normal_groups: Count
    anomalous_groups: Count
    mean_score_normal: float
    mean_score_anomalous: float
    custom: dict[str, float]


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
    custom: Annotated[dict[str, float], Meta(description="Own metrics by module:function.")]


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
    custom: Annotated[dict[str, float], Meta(description="Own metrics by module:function.")]


Metrics = ClassificationMetrics | MultiLabelMetrics | RegressionMetrics | AnomalyMetrics


class HostLatency(Record, frozen=True, kw_only=True):
    """Time of one invoke on the host. It says nothing about the chip."""

    median_us: Microseconds
    p90_us: Microseconds
    iterations: Count
    warm_up: Count
    threads: Count
    workers: Annotated[
        Count | None,
        Meta(description="Processes that ran at the same time on a host; null if not known, or not the same on all."),
    ] = None


class Agreement(Record, frozen=True, kw_only=True):
    """How two steps of the waterfall agree on the same samples."""

    samples: Count
    identical_outputs: Annotated[
        int | None, Meta(description="Samples whose raw outputs are equal; null between float and INT8.")
    ]
    flips: Annotated[Count, Meta(description="Samples whose arg-max (or score order side) changed.")]
    largest_lsb: Annotated[
        float, Meta(ge=0, description="Largest output difference in steps of the INT8 output's scale.")
    ]
    mean_lsb: Annotated[float, Meta(ge=0)]
    cosine: Annotated[SignedRatio | None, Meta(description="Mean cosine similarity of the outputs.")]


class Step(Record, frozen=True, kw_only=True):
    """One step of the loss waterfall: one model in one interpreter."""

    name: Annotated[str, Meta(pattern="^[a-z0-9-]+$", description="Name of the step: float, int8-litert, int8-oracle.")]
    interpreter: Annotated[str, Meta(description="Interpreter, kernels and version.")]
    metrics: Metrics
    agreement: Annotated[Agreement | None, Meta(description="With the step before; null for the first.")]
    host_latency: HostLatency


class ClassDelta(Record, frozen=True, kw_only=True):
    """The class whose recall falls most."""

    label: str
    recall_delta: SignedRatio
    support: Count


class Paired(Record, frozen=True, kw_only=True):
    """The same samples through both models: float against INT8 in the oracle."""

    metric: Annotated[
        Literal["top1_accuracy", "exact_match", "r2", "roc_auc"], Meta(description="Metric of the delta.")
    ]
    delta: Annotated[float, Meta(description="Quantized minus float; negative is a loss.")]
    interval: Annotated[Interval, Meta(description="Seeded bootstrap interval of the delta.")]
    bootstrap_resamples: Count
    mcnemar_p: Annotated[Ratio | None, Meta(description="Exact two-sided McNemar p-value; null for scores.")]
    broken: Annotated[list[str], Meta(description="Ids right in float and wrong in INT8.")]
    fixed: Annotated[list[str], Meta(description="Ids wrong in float and right in INT8.")]
    worst_class: ClassDelta | None
    smallest_detectable_drop: Annotated[
        Ratio,
        Meta(description="Smallest true drop found with 80 % power at a two-sided level of 5 % by this set."),
    ]


class TagMetrics(Record, frozen=True, kw_only=True):
    """Accuracy on the samples that carry a tag."""

    tag: str
    samples: Count
    float_metric: Ratio
    quantized_metric: Ratio


class EvaluateResult(Record, frozen=True, kw_only=True):
    """The waterfall float -> INT8 (LiteRT) -> INT8 (oracle), and the paired comparison of its ends."""

    float_sha256: Sha256
    quantized_sha256: Sha256
    dataset: DatasetSummary
    oracle: Annotated[Literal["tflm", "litert-reference"], Meta(description="What judged INT8.")]
    steps: list[Step]
    paired: Paired
    tags: list[TagMetrics]
    predictions_file: Annotated[str, Meta(description="File beside the record with every output (npz).")]
    predictions_sha256: Sha256
    advice: list[Advice]

    def headline(self, step: int) -> float:
        """The metric that `paired` compares, of this step of the waterfall."""
        value: float = getattr(self.steps[step].metrics, self.paired.metric)
        return value

    def recalls(self) -> dict[str, tuple[int, float | None, float | None]]:
        """Support and recall, in float and in the last step, by label; empty for a task without classes."""
        by_class = ClassificationMetrics | MultiLabelMetrics
        first, last = self.steps[0].metrics, self.steps[-1].metrics
        if not isinstance(first, by_class) or not isinstance(last, by_class):
            return {}
        after = {one.label: one.recall for one in last.per_class}
        return {one.label: (one.support, one.recall, after.get(one.label)) for one in first.per_class}


class EvaluateRecord(StageRecord, frozen=True, kw_only=True):
    """Record of the stage `evaluate`."""

    stage: Literal["evaluate"]
    result: EvaluateResult | None
