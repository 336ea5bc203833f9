"""One status, one verdict and one sentence out of how the stages ended and what the gates say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from quantci.records.stages import STAGES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantci.records.embed import EmbedResult
    from quantci.records.report import GateResult, StageOutcome, Verdict
    from quantci.records.stage import Failure, Status

_REJECTED: Final = {
    "config_rejected": "The configuration was rejected",
    "model_rejected": "The model was rejected",
    "data_rejected": "The data were rejected",
}


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


def decide(
    stages: Sequence[StageOutcome], gates: Sequence[GateResult], fault: Fault | None, embed: EmbedResult | None = None
) -> Decision:
    """The head of the report.

    A failed gate is a fail whatever else happened. A rejected model is a fail. What a machine, a tool, the data or the
    configuration spoiled is inconclusive: nothing was learnt about the model. A pass says what no gate was asked.
    """
    failed = [gate for gate in gates if gate.verdict == "fail"]
    if fault is not None:
        verdict: Verdict = "fail" if failed or fault.status == "model_rejected" else "inconclusive"
        return Decision(fault.status, verdict, " ".join([_stopped(fault), *(gate.reason for gate in failed[:1])]))
    if failed:
        more = f"{len(failed)} of {len(gates)} gates failed. " if len(failed) > 1 else ""
        return Decision("regression", "fail", more + failed[0].reason)
    ran = {outcome.stage for outcome in stages if outcome.status != "not_run"}
    if not ran:
        return Decision("not_run", "inconclusive", "No stage has run.")
    open_gates = [gate for gate in gates if gate.verdict == "inconclusive"]
    if open_gates:
        return Decision("ok", "inconclusive", open_gates[0].reason)
    missing = [stage.name for stage in STAGES if stage.is_needed and stage.name not in ran]
    if missing:
        return Decision("ok", "inconclusive", f"The report is incomplete: no record of {' and '.join(missing)}.")
    return Decision("ok", "pass", " ".join([_holds(gates), *_warnings(embed)]))


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
    if embed is not None and any(hit.is_confirmed and hit.severity != "slow" for hit in embed.kernel_hits):
        found.append("But a kernel on the chip has a known fault for one of its ops.")
    return found


def _holds(gates: Sequence[GateResult]) -> str:
    if not gates:
        return "No gate is set, so nothing could fail."
    if len(gates) == 1:
        return f"The only gate holds. {gates[0].reason}"
    return f"All {len(gates)} gates hold."
