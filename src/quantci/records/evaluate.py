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


Metrics = ClassificationMetrics | AnomalyMetrics


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

    metric: Annotated[Literal["top1_accuracy", "roc_auc"], Meta(description="Metric of the delta.")]
    delta: SignedRatio
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
    float_accuracy: Ratio
    quantized_accuracy: Ratio


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


class EvaluateRecord(StageRecord, frozen=True, kw_only=True):
    """Record of the stage `evaluate`."""

    stage: Literal["evaluate"]
    result: EvaluateResult | None
