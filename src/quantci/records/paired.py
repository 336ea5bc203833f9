"""The same samples through two models: what the second one loses, and how sure that is."""

from typing import Annotated, Final, Literal

from msgspec import Meta

from quantci.records.base import Record
from quantci.records.units import Count, Ratio, SignedRatio

HeadlineMetric = Literal["top1_accuracy", "exact_match", "r2", "roc_auc"]
HEADLINES: Final[dict[str, HeadlineMetric]] = {
    "classification": "top1_accuracy",
    "multi-label": "exact_match",
    "regression": "r2",
    "anomaly": "roc_auc",
}  # of each task, what its models are judged by


class Interval(Record, frozen=True, kw_only=True):
    """A two-sided confidence interval."""

    low: Annotated[float, Meta(description="Lower end, in units of the delta.")]
    high: Annotated[float, Meta(description="Upper end, in units of the delta.")]
    level: Annotated[Ratio, Meta(description="Its confidence, such as 0.95.")]


class ClassDelta(Record, frozen=True, kw_only=True):
    """The class whose recall falls most."""

    label: Annotated[str, Meta(description="Name of the class.")]
    recall_delta: Annotated[SignedRatio, Meta(description="Recall in the second model minus recall in the first.")]
    support: Annotated[Count, Meta(description="Samples of the class.")]


class Paired(Record, frozen=True, kw_only=True):
    """The same samples through two models, the first of which is the one to keep up with.

    In an evaluation: float, then INT8 in the oracle; against a baseline: the base branch's INT8, then this change's.
    """

    metric: Annotated[HeadlineMetric, Meta(description="Metric of the delta.")]
    delta: Annotated[float, Meta(description="Second minus first; negative is a loss.")]
    interval: Annotated[
        Interval, Meta(description="Confidence interval of the delta; docs/statistics.md says how each task makes it.")
    ]
    bootstrap_resamples: Annotated[Count, Meta(description="Bootstrap resamples behind the interval.")]
    mcnemar_p: Annotated[Ratio | None, Meta(description="Exact two-sided McNemar p-value; null for scores.")]
    broken: Annotated[list[str], Meta(description="Ids right in the first and wrong in the second.")]
    fixed: Annotated[list[str], Meta(description="Ids wrong in the first and right in the second.")]
    worst_class: Annotated[
        ClassDelta | None, Meta(description="The class whose recall falls most; null for a task without classes.")
    ]
    smallest_detectable_drop: Annotated[
        Ratio,
        Meta(description="Smallest true drop found with 80 % power at a two-sided level of 5 % by this set."),
    ]

    @property
    def compares_shares(self) -> bool:
        """Whether the metric is a share of samples, each right or wrong."""
        return self.mcnemar_p is not None
