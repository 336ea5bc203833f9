"""One status, one verdict and one sentence out of how the stages ended and what the gates say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from quantci.records.stages import STAGES
from quantci.report.gates.comparison import LOSS_GATES
from quantci.report.gates.moved import sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantci.records.doubt import Doubt
    from quantci.records.embed import EmbedResult
    from quantci.records.report import GateChange, GateResult, StageOutcome, Verdict
    from quantci.records.stage import Failure, Status

_REJECTED: Final = {
    "config_rejected": "The configuration was rejected",
    "model_rejected": "The model was rejected",
    "data_rejected": "The data were rejected",
}
# What a reviewer asks first: is it worse than what we have, is it any good, what did quantization cost, does it fit.
_WORST_FIRST: Final = (
    "max_metric_regression",
    "fail_on_loss base",
    "max_metric_drop",
    "fail_on_loss quantization",
    "identical_on_device",
    "max_device_drop",
    "min_metric",
    "max_worst_class_regression",
    "max_worst_class_drop",
    "min_worst_class_recall",
    "fits_flash",
    "int_only",
)
_VERDICTS: Final[dict[Verdict, int]] = {"fail": 0, "inconclusive": 1, "pass": 2}


class Fault(NamedTuple):
    """What stopped the run: where it happened ("quantize", or "" outside of the stages), its status, its failure."""

    stage: str
    status: Status
    failure: Failure


class Decision(NamedTuple):
    """The head of a report."""

    status: Status
    verdict: Verdict
    reason: str


def worst_first(gates: Sequence[GateResult]) -> list[GateResult]:
    """Failed gates, then those that cannot be decided; of these what matters most. The first one names the verdict."""

    def weight(gate: GateResult) -> tuple[int, int]:
        name = f"{gate.name} {gate.family}" if gate.name == "fail_on_loss" else gate.name
        return _VERDICTS[gate.verdict], _WORST_FIRST.index(name) if name in _WORST_FIRST else len(_WORST_FIRST)

    return sorted(gates, key=weight)


def decide(
    stages: Sequence[StageOutcome],
    gates: Sequence[GateResult],
    fault: Fault | None,
    embed: EmbedResult | None = None,
    base_gates: Sequence[GateResult] = (),
    gate_changes: Sequence[GateChange] = (),
    doubts: Sequence[Doubt] = (),
) -> Decision:
    """The head of the report.

    A failed gate is a fail whatever else happened. A rejected model is a fail. What a machine, a tool, the data or the
    configuration spoiled is inconclusive: nothing was learnt about the model. So is a comparison with a float model
    that is not to be trusted. A pass says what no gate was asked; one that the base branch's gates would not give is
    none.
    """
    ordered = worst_first(gates)
    failed = [gate for gate in ordered if gate.verdict == "fail"]
    if fault is not None:
        verdict: Verdict = "fail" if failed or fault.status == "model_rejected" else "inconclusive"
        return Decision(fault.status, verdict, " ".join([_stopped(fault), *(gate.reason for gate in failed[:1])]))
    if failed:
        more = f" In all, {len(failed)} of {len(gates)} gates failed." if len(failed) > 1 else ""
        return Decision("regression", "fail", failed[0].reason + more)
    ran = {outcome.stage for outcome in stages if outcome.status != "not_run"}
    if not ran:
        return Decision("not_run", "inconclusive", "No stage has run.")
    unsure = _forbidding(doubts) or _unsure(ordered, ran, base_gates, gate_changes)
    if unsure:
        return Decision("ok", "inconclusive", unsure)
    return Decision("ok", "pass", " ".join([_holds(gates), *_warnings(embed)]))


def _unsure(
    ordered: Sequence[GateResult], ran: set[str], base_gates: Sequence[GateResult], gate_changes: Sequence[GateChange]
) -> str:
    """Why nothing failed and it is still no pass; empty if it is one."""
    if ordered and ordered[0].verdict == "inconclusive":
        return ordered[0].reason
    missing = [stage.name for stage in STAGES if stage.is_needed and stage.name not in ran]
    if missing:
        return f"The report is incomplete: no record of {' and '.join(missing)}."
    stricter = [gate for gate in worst_first(base_gates) if gate.verdict != "pass"]
    return _loosened(stricter[0], gate_changes) if stricter else ""


def _loosened(gate: GateResult, gate_changes: Sequence[GateChange]) -> str:
    """A gate of the base branch that does not pass, and what this change did to it."""
    about = {gate.name, {"fits_flash": "model_partition_bytes"}.get(gate.name, "")}
    if gate.name == "fail_on_loss" and gate.family in LOSS_GATES:
        about |= {*LOSS_GATES[gate.family]}
    moved = sorted(gate_changes, key=lambda change: (change.name.partition(".")[2] not in about, not change.is_looser))
    would = "would fail" if gate.verdict == "fail" else "would not pass"
    told = f"By the gates of the base branch it {would}: {gate.reason}"
    return " ".join(["It passes only by gates that it loosened.", *map(sentence, moved[:1]), told])


def _forbidding(doubts: Sequence[Doubt]) -> str:
    """Why a comparison with this float model is never a pass; empty where it may be one."""
    return next((doubt.text for doubt in doubts if doubt.forbids_pass), "")


def _stopped(fault: Fault) -> str:
    if fault.status in _REJECTED:
        return f"{_REJECTED[fault.status]}: {fault.failure.cause}"
    if fault.status == "cancelled":
        return "The run was cancelled before its end."
    who = f"The stage {fault.stage} did not finish" if fault.stage else "The run did not finish"
    return f"{who}, which says nothing about the model: {fault.failure.cause}"


def _warnings(embed: EmbedResult | None) -> list[str]:
    """Why the model may not run on the chip, or not give the answers that were judged."""
    found = []
    if embed is not None and embed.arena is not None and embed.arena.memory == "none":
        found.append("But its tensor arena fits into no memory of the chip.")
    if embed is not None and any(hit.evidence != "reported" and hit.severity != "slow" for hit in embed.kernel_hits):
        found.append("But a kernel on the chip has a known fault for one of its ops.")
    return found


def _holds(gates: Sequence[GateResult]) -> str:
    if not gates:
        return "No gate is set, so nothing could fail."
    if len(gates) == 1:
        return f"The only gate holds. {gates[0].reason}"
    return f"All {len(gates)} gates hold."
