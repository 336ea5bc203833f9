"""report.json: all stages of one candidate, its gates and its verdict, and what changed against a baseline."""

from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta

from quantci.records.base import Record
from quantci.records.bench import BenchResult
from quantci.records.config import Config
from quantci.records.diagnose import DiagnoseResult
from quantci.records.embed import EmbedResult
from quantci.records.evaluate import EvaluateResult
from quantci.records.origin import ReportOrigin
from quantci.records.paired import Interval
from quantci.records.quantize import QuantizeResult
from quantci.records.stage import Advice, Failure, StageRecord
from quantci.records.stages import STAGES
from quantci.records.units import Bytes, Microseconds, Positive, Sha256

MOST_BYTES = 25_000_000  # of a report.json that is read; a model of 10,000 layers makes 10 MB

Verdict = Literal["pass", "fail", "inconclusive"]
Kind = Literal["measured", "on_device", "estimated", "emulated", "virtual", "not_measured"]
if TYPE_CHECKING:
    DecidingStage = str
else:  # bench is told of in every report, also where no device took part
    DecidingStage = Literal[(*(stage.name for stage in STAGES if stage.decides), "bench")]


Family = Literal["absolute", "quantization", "base"]


class GateResult(Record, frozen=True, kw_only=True):
    """One limit and what was found."""

    name: Annotated[str, Meta(description="Key in [gates].")]
    family: Annotated[
        Family | None,
        Meta(
            description="absolute; quantization: float to INT8; base: against the base branch. Null in older reports."
        ),
    ] = None
    limit: Annotated[
        float, Meta(description="What the configuration allows, in the unit of the key; a ratio for a drop.")
    ]
    value: Annotated[float | None, Meta(description="Null when not measured; `reason` says why.")]
    kind: Annotated[Kind, Meta(description="How the value came about.")]
    verdict: Annotated[Verdict, Meta(description="pass, fail or inconclusive.")]
    reason: Annotated[str, Meta(description="One sentence.")]


class GateChange(Record, frozen=True, kw_only=True):
    """A gate that the base branch has otherwise."""

    name: Annotated[str, Meta(description="Key, such as gates.max_metric_drop.")]
    base: Annotated[str, Meta(description="Its value on the base branch.")]
    candidate: Annotated[str, Meta(description="Its value in this change.")]
    is_looser: Annotated[bool, Meta(description="This change's value lets more pass.")]


class OpChange(Record, frozen=True, kw_only=True):
    """An op whose number changed against the baseline."""

    op: Annotated[str, Meta(description="TFLite builtin name.")]
    baseline_count: Annotated[int, Meta(description="Ops of this kind in the baseline.")]
    candidate_count: Annotated[int, Meta(description="Ops of this kind in this change.")]


class LayerChange(Record, frozen=True, kw_only=True):
    """A layer whose weights changed in size, appeared or vanished, matched by the name of its output."""

    name: Annotated[str, Meta(description="Name of the layer's output.")]
    baseline_bytes: Annotated[
        Bytes | None, Meta(description="Bytes of its weights in the baseline; null: it is not there.")
    ]
    candidate_bytes: Annotated[
        Bytes | None, Meta(description="Bytes of its weights in this change; null: it is not there.")
    ]


class BaselineComparison(Record, frozen=True, kw_only=True):
    """Candidate minus baseline. Null where either side lacks the number, or they are not comparable."""

    quantci_version: Annotated[str, Meta(description="Version of quantci that wrote the baseline.")]
    git_commit: Annotated[str | None, Meta(description="Commit of the baseline; null where it does not say.")]
    branch: Annotated[str | None, Meta(description="Branch of the baseline; null where it does not say.")] = None
    quantized_sha256: Annotated[
        Sha256 | None, Meta(description="Digest of the baseline's quantized model; null without one.")
    ]
    same_model: Annotated[bool, Meta(description="The quantized models are identical to the byte.")]
    same_dataset: Annotated[bool, Meta(description="Evaluated on the same samples.")]
    metric_delta: Annotated[
        float | None, Meta(description="Change of the headline metric of INT8: the delta of evaluate's against_base.")
    ]
    metric_interval: Annotated[Interval | None, Meta(description="Its interval; null where there is no delta.")] = None
    float_metric_delta: Annotated[float | None, Meta(description="Change of the headline metric of float.")]
    model_bytes_delta: Annotated[int | None, Meta(description="Change of the quantized file, in bytes.")]
    arena_bytes_delta: Annotated[int | None, Meta(description="Change of the recommended tensor arena, in bytes.")]
    latency_us: Annotated[
        Microseconds | None, Meta(description="Estimated latency of the baseline; null where it has none.")
    ] = None
    latency_clock_hz: Annotated[Positive | None, Meta(description="The clock that it is for, in hertz.")] = None
    device_latency_us: Annotated[
        Microseconds | None,
        Meta(description="Latency of the baseline's model, measured on the same device and build; null without."),
    ] = None
    macs_delta: Annotated[int | None, Meta(description="Change of the multiply-accumulates of one inference.")]
    ops: Annotated[list[OpChange], Meta(description="Kinds of op whose number changed.")]
    layers: Annotated[
        list[LayerChange], Meta(description="Layers whose weights changed in size, appeared or vanished.")
    ]
    not_comparable: Annotated[list[str], Meta(description="One sentence for each number that is not compared.")]


class StageOutcome(Record, frozen=True, kw_only=True):
    """How one stage ended."""

    stage: Annotated[DecidingStage, Meta(description="Name of the stage.")]
    status: Annotated[str, Meta(description="How it ended; not_run where there is no record.")]
    failure: Annotated[Failure | None, Meta(description="Why there is no result; null when there is one.")]
    duration_s: Annotated[float | None, Meta(description="Wall-clock time in seconds; null when it did not run.")]


class Report(StageRecord, frozen=True, kw_only=True):
    """The whole report. `status` is ok, regression (a gate failed) or what stopped the run."""

    stage: Annotated[Literal["report"], Meta(description="Name of the stage.")]
    title: Annotated[str, Meta(description="Name of the model: the source's file name.")]
    origin: Annotated[
        ReportOrigin | None,
        Meta(description="Which model, branch, commit and run the report is about; null at a desk."),
    ] = None
    config: Annotated[
        Config | None,
        Meta(description="The effective configuration; null where it could not be read, or an older quantci wrote it."),
    ] = None
    verdict: Annotated[Verdict, Meta(description="pass, fail or inconclusive.")]
    verdict_reason: Annotated[str, Meta(description="One sentence why.")]
    stages: Annotated[list[StageOutcome], Meta(description="How each stage ended, in the order in which they run.")]
    gates: Annotated[list[GateResult], Meta(description="Every gate that is set, with what was found.")]
    base_gates: Annotated[
        list[GateResult], Meta(description="The base branch's gates on this change, where they are others.")
    ] = msgspec.field(default_factory=list)
    gate_changes: Annotated[list[GateChange], Meta(description="Gates that this change moves, sets or removes.")] = (
        msgspec.field(default_factory=list)
    )
    not_judged: Annotated[
        list[str], Meta(description="One sentence for gates against the base that there was no base for.")
    ] = msgspec.field(default_factory=list)
    quantize: Annotated[QuantizeResult | None, Meta(description="Result of quantize; null when there is none.")]
    evaluate: Annotated[EvaluateResult | None, Meta(description="Result of evaluate; null when there is none.")]
    embed: Annotated[EmbedResult | None, Meta(description="Result of embed; null when there is none.")]
    device_latency_us: Annotated[
        float | None, Meta(description="Measured on a board, the median. Null: not measured; see the reason.")
    ]
    device_latency_reason: Annotated[str, Meta(description="Why there is no device latency; empty when there is one.")]
    baseline: Annotated[
        BaselineComparison | None, Meta(description="What changed against the base branch; null without a baseline.")
    ]
    diagnose: Annotated[
        DiagnoseResult | None, Meta(description="Where accuracy goes; null where that was not looked for.")
    ] = None
    bench: Annotated[
        BenchResult | None, Meta(description="What a device said; null where none took part, or it failed.")
    ] = None
    advice: Annotated[list[Advice], Meta(description="What was noticed while joining, such as an unreadable baseline.")]
