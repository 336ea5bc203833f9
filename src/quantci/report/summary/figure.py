"""A row of the table, and what its columns share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from quantci.render.cells import Sentence
from quantci.render.numbers import relative, rough_size, size_change
from quantci.report.verdict import worst_first
from quantci.report.wording import STATUSES

if TYPE_CHECKING:
    from quantci.records.report import GateResult, Report, Verdict
    from quantci.render.cells import Cell

NOT_MEASURED: Final = "not measured"
NOT_COMPARED: Final = "\N{EN DASH}"  # a phone is narrow; the line below the table says why


class Figure(NamedTuple):
    """A row; `kind` is how the value came about."""

    metric: str
    kind: Cell
    value: Cell
    verdict: Verdict | None
    base: Cell = ""
    change: Cell = ""


def verdict_of(report: Report, *names: str) -> Verdict | None:
    """Of the worst of these gates; None if none of them is set. One that was refused decides nothing."""
    found = worst_first([gate for gate in report.gates if _name(gate) in names])
    if found:
        return found[0].verdict
    refused = report.failure.where if report.failure is not None and report.failure.code == "gate-too-fine" else ""
    return "inconclusive" if refused.removeprefix("gates.") in names else None


def _name(gate: GateResult) -> str:
    return f"{gate.name} {gate.family}" if gate.name == "fail_on_loss" else gate.name


def grown(now: int, delta: int | None) -> tuple[Cell, Cell]:
    """What it was, and by how much it grew."""
    if delta is None:
        return NOT_COMPARED, ""
    before = now - delta
    share: Cell = ("\n", relative(delta / before)) if delta and before > 0 else ""
    return rough_size(before), (size_change(delta), share)


def why_not(report: Report, stage: str) -> Sentence:
    status = next((outcome.status for outcome in report.stages if outcome.stage == stage), "not_run")
    return Sentence(f"{stage}: {STATUSES.get(status, status)}")
