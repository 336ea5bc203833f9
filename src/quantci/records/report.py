"""report.json: all stages of one candidate, its gates and its verdict, and what changed against a baseline."""

from typing import Annotated, Literal

from msgspec import Meta

from quantci.records.base import Record
from quantci.records.diagnose import DiagnoseResult
from quantci.records.embed import EmbedResult
from quantci.records.evaluate import EvaluateResult
from quantci.records.origin import ReportOrigin
from quantci.records.quantize import QuantizeResult
from quantci.records.stage import Advice, Failure, StageRecord
from quantci.records.units import Bytes, Sha256

MOST_BYTES = 25_000_000  # of a report.json that is read; a model of 10,000 layers makes 10 MB

Verdict = Literal["pass", "fail", "inconclusive"]
Kind = Literal["measured", "estimated", "emulated", "not_measured"]


class GateResult(Record, frozen=True, kw_only=True):
    """One limit and what was found."""

    name: Annotated[str, Meta(description="Key in [gates].")]
    limit: float
    value: Annotated[float | None, Meta(description="Null when not measured; `reason` says why.")]
    kind: Annotated[Kind, Meta(description="How the value came about.")]
    verdict: Verdict
    reason: Annotated[str, Meta(description="One sentence.")]


class OpChange(Record, frozen=True, kw_only=True):
    """An op whose number changed against the baseline."""

    op: str
    baseline_count: int
    candidate_count: int


class LayerChange(Record, frozen=True, kw_only=True):
    """A layer whose weights changed in size, appeared or vanished, matched by the name of its output."""

    name: str
    baseline_bytes: Bytes | None
    candidate_bytes: Bytes | None


class BaselineComparison(Record, frozen=True, kw_only=True):
    """Candidate minus baseline. Null where either side lacks the number, or they are not comparable."""

    quantci_version: str
    git_commit: str | None
    branch: Annotated[str | None, Meta(description="Branch of the baseline; null where it does not say.")] = None
    quantized_sha256: Sha256 | None
    same_model: Annotated[bool, Meta(description="The quantized models are identical to the byte.")]
    same_dataset: Annotated[bool, Meta(description="Evaluated on the same samples.")]
    metric_delta: float | None
    float_metric_delta: float | None
    model_bytes_delta: int | None
    arena_bytes_delta: int | None
    macs_delta: int | None
    ops: list[OpChange]
    layers: list[LayerChange]
    not_comparable: Annotated[list[str], Meta(description="One sentence for each number that is not compared.")]


class StageOutcome(Record, frozen=True, kw_only=True):
    """How one stage ended."""

    stage: Literal["quantize", "evaluate", "embed", "bench"]
    status: str
    failure: Failure | None
    duration_s: float | None


class Report(StageRecord, frozen=True, kw_only=True):
    """The whole report. `status` is ok, regression (a gate failed) or what stopped the run."""

    stage: Literal["report"]
    title: Annotated[str, Meta(description="Name of the model: the source's file name.")]
    origin: Annotated[
        ReportOrigin | None,
        Meta(description="Which model, branch, commit and run the report is about; null at a desk."),
    ] = None
    verdict: Annotated[Verdict, Meta(description="pass, fail or inconclusive.")]
    verdict_reason: Annotated[str, Meta(description="One sentence why.")]
    stages: list[StageOutcome]
    gates: list[GateResult]
    quantize: QuantizeResult | None
    evaluate: EvaluateResult | None
    embed: EmbedResult | None
    device_latency_us: Annotated[float | None, Meta(description="Null: not measured; see the reason.")]
    device_latency_reason: Annotated[str, Meta(description="Why there is no device latency.")]
    baseline: BaselineComparison | None
    diagnose: Annotated[
        DiagnoseResult | None, Meta(description="Where accuracy goes; null where that was not looked for.")
    ] = None
    advice: Annotated[list[Advice], Meta(description="What was noticed while joining, such as an unreadable baseline.")]
