"""What `quantci evaluate` writes: what the change from float to INT8 costs, and how sure that is.

All deltas are quantized minus float: negative is a loss.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from quantci.records.against_base import AgainstBase
from quantci.records.base import Record
from quantci.records.dataset import DatasetSummary
from quantci.records.doubt import Doubt
from quantci.records.metrics import ClassificationMetrics, Metrics, MultiLabelMetrics
from quantci.records.model import QuantizedType
from quantci.records.paired import HEADLINES, HeadlineMetric, Paired
from quantci.records.stage import Advice, Failure, StageRecord
from quantci.records.units import Count, MetricValue, Microseconds, Sha256, SignedRatio


class HostLatency(Record, frozen=True, kw_only=True):
    """Time of one invoke on the host. It says nothing about the chip."""

    median_us: Annotated[Microseconds, Meta(description="Median of the timed inferences, in microseconds.")]
    p90_us: Annotated[Microseconds, Meta(description="90 % of them were faster, in microseconds.")]
    iterations: Annotated[Count, Meta(description="Inferences that were timed.")]
    warm_up: Annotated[Count, Meta(description="Inferences before those, which were not.")]
    threads: Annotated[Count, Meta(description="Threads of each interpreter.")]
    workers: Annotated[
        Count | None,
        Meta(description="Processes that ran at the same time on a host; null if not known, or not the same on all."),
    ] = None


class Agreement(Record, frozen=True, kw_only=True):
    """How two steps of the waterfall agree on the same samples."""

    samples: Annotated[Count, Meta(description="Samples that were compared.")]
    identical_outputs: Annotated[
        int | None, Meta(description="Samples whose raw outputs are equal; null between float and INT8.")
    ]
    flips: Annotated[Count, Meta(description="Samples whose arg-max (or score order side) changed.")]
    largest_lsb: Annotated[
        float, Meta(ge=0, description="Largest output difference in steps of the INT8 output's scale.")
    ]
    mean_lsb: Annotated[float, Meta(ge=0, description="Mean output difference, in the same steps.")]
    cosine: Annotated[SignedRatio | None, Meta(description="Mean cosine similarity of the outputs.")]


class Step(Record, frozen=True, kw_only=True):
    """One step of the loss waterfall: one model in one interpreter."""

    name: Annotated[str, Meta(pattern="^[a-z0-9-]+$", description="Name of the step: float, int8-litert, int8-oracle.")]
    interpreter: Annotated[str, Meta(description="Interpreter, kernels and version.")]
    metrics: Annotated[Metrics, Meta(description="What the task counts, for this step.")]
    agreement: Annotated[Agreement | None, Meta(description="With the step before; null for the first.")]
    host_latency: Annotated[HostLatency, Meta(description="Time of one inference on the host.")]


class AbsentStep(Record, frozen=True, kw_only=True):
    """A step of the waterfall that there is not."""

    name: Annotated[str, Meta(pattern="^[a-z0-9-]+$", description="float or int8-oracle.")]
    reason: Annotated[str, Meta(description="One sentence why.")]


class TagMetrics(Record, frozen=True, kw_only=True):
    """The metric that `paired` compares, on the samples that carry a tag.

    Null where these samples have none: R² if an output's right answer is the same for all of them.
    """

    tag: Annotated[str, Meta(description="As written in the manifest.")]
    samples: Annotated[Count, Meta(description="Samples that carry it.")]
    float_metric: Annotated[
        MetricValue | None, Meta(description="Metric of float on these samples; null without a float model, too.")
    ]
    quantized_metric: Annotated[MetricValue | None, Meta(description="Metric of INT8 on these samples.")]


class EvaluateResult(Record, frozen=True, kw_only=True):
    """The waterfall float -> INT8 (LiteRT) -> INT8 (oracle), and the paired comparison of its ends."""

    float_sha256: Annotated[Sha256 | None, Meta(description="SHA-256 of the float model; null where there is none.")]
    quantized_sha256: Sha256
    quantized_type: Annotated[
        QuantizedType, Meta(description="INT16x8: activations of 16 bits, weights of 8. INT8 in older records.")
    ] = "INT8"
    dataset: Annotated[DatasetSummary, Meta(description="The evaluation set as it was used.")]
    oracle: Annotated[
        Literal["tflm", "litert-reference", "litert"],
        Meta(description="What judged INT8; litert where TFLM cannot run a model that was given."),
    ]
    steps: Annotated[
        list[Step], Meta(min_length=1, description="The loss waterfall: float, INT8 in LiteRT, INT8 in the oracle.")
    ]
    absent_steps: Annotated[
        list[AbsentStep], Meta(description="Those of them that there are not, with the reason.")
    ] = msgspec.field(default_factory=list)
    paired: Annotated[
        Paired | None,
        Meta(description="Float against the last INT8 step, sample by sample; null without a float model."),
    ]
    tags: Annotated[list[TagMetrics], Meta(description="Results by tag; empty where no sample has one.")]
    reference: Annotated[
        list[Doubt],
        Meta(description="Why the float model is not to be trusted; empty where nothing was found, or nobody looked."),
    ] = msgspec.field(default_factory=list)
    against_base: Annotated[
        AgainstBase | None, Meta(description="Against the base branch's INT8 model; null without a baseline.")
    ] = None
    base_failure: Annotated[
        Failure | None, Meta(description="Why a baseline that was given was not compared with; null otherwise.")
    ] = None
    read_with: Annotated[
        dict[str, str],
        Meta(description="Versions of what reads and prepares samples; empty where an older quantci wrote this."),
    ] = msgspec.field(default_factory=dict)
    predictions_file: Annotated[str, Meta(description="File beside the record with every output (npz).")]
    predictions_sha256: Sha256
    advice: Annotated[list[Advice], Meta(description="What was noticed, and what to do.")]

    @property
    def models(self) -> tuple[str, str | None]:
        """Digests of the quantized and of the float model that this is about."""
        return self.quantized_sha256, self.float_sha256

    @property
    def metric(self) -> HeadlineMetric:
        """What the task is judged by."""
        if self.paired is not None:
            return self.paired.metric
        return HEADLINES[str(self.steps[-1].metrics.__struct_config__.tag)]

    @property
    def compares_shares(self) -> bool:
        """Whether that is a share of samples, each right or wrong."""
        if self.paired is not None:
            return self.paired.compares_shares
        return isinstance(self.steps[-1].metrics, ClassificationMetrics | MultiLabelMetrics)

    def headline(self, step: int) -> float:
        """The metric that the task is judged by, of this step of the waterfall."""
        value: float = getattr(self.steps[step].metrics, self.metric)
        return value

    @property
    def float_step(self) -> Step | None:
        """That of the float model, if there is one."""
        return self.steps[0] if self.float_sha256 is not None else None

    @property
    def float_metric(self) -> float | None:
        """The metric of the float model, if there is one."""
        return None if self.float_step is None else self.headline(0)

    def why_absent(self, step: str) -> str:
        """Why there is no such step; empty where there is one."""
        return next((absent.reason for absent in self.absent_steps if absent.name == step), "")

    def recalls(self) -> dict[str, tuple[int, float | None, float | None]]:
        """Support and recall, in float and in the last step, by label; empty for a task without classes."""
        by_class = ClassificationMetrics | MultiLabelMetrics
        before = self.float_step.metrics if self.float_step else None
        last = self.steps[-1].metrics
        if not isinstance(last, by_class):
            return {}
        first = {one.label: one.recall for one in before.per_class} if isinstance(before, by_class) else {}
        return {one.label: (one.support, first.get(one.label), one.recall) for one in last.per_class}


class EvaluateRecord(StageRecord, frozen=True, kw_only=True):
    """Record of the stage `evaluate`."""

    stage: Annotated[Literal["evaluate"], Meta(description="Name of the stage.")]
    result: Annotated[EvaluateResult | None, Meta(description="What the stage found; null when it failed.")]
