"""How long an inference takes on the chip: measured on a board, or estimated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantci.render.cells import Sentence, joined
from quantci.render.numbers import NBSP, Number, relative
from quantci.report.latency import estimate_of
from quantci.report.sections.base import has_base
from quantci.report.sections.latency import ESTIMATED, about, assumed, at_clock, bounds
from quantci.report.summary.figure import NOT_COMPARED, NOT_MEASURED, Figure, verdict_of

if TYPE_CHECKING:
    from quantci.records.bench import BenchResult, MeasuredLatency
    from quantci.records.report import Report, Verdict
    from quantci.render.cells import Cell


def device_latency(report: Report) -> Figure:
    """With the clock that it is for; a base at another clock is shown and not compared."""
    verdict = verdict_of(report, "max_latency_us", "max_latency_growth")
    name = "Device latency"
    if report.bench is not None and report.bench.latency is not None:
        return _measured(name, report, report.bench, report.bench.latency, verdict)
    before = report.baseline.latency_us if report.baseline else None
    clock_hz = report.baseline.latency_clock_hz if report.baseline else None
    estimate = estimate_of(report.embed)
    is_same = estimate is not None and clock_hz == estimate.clock_hz
    base: Cell = NOT_COMPARED
    if before is not None and clock_hz is not None:
        base = (about(before), "" if is_same else f"\n{at_clock(clock_hz)}")
    if estimate is None:
        why = [Sentence(report.device_latency_reason), *_no_estimate(report)]
        return Figure(name, "", NOT_MEASURED, verdict, base, joined("\n", why))
    change = _about(before, estimate.total_us or 0) if is_same and before is not None else ""
    shown = (about(estimate.total_us or 0), "\n", bounds(estimate))
    taken = f";\n{assumed(estimate)}" if estimate.assumed else ""
    return Figure(name, f"{ESTIMATED}, {at_clock(estimate.clock_hz)}{taken}", shown, verdict, base, change)


def _measured(
    name: str, report: Report, bench: BenchResult, latency: MeasuredLatency, verdict: Verdict | None
) -> Figure:
    """On a board: it takes the estimate's place. Of wrong outputs the time is shown, and that they are wrong."""
    kind = "measured on the board"
    if latency.clock_hz is not None:
        kind += f", {at_clock(latency.clock_hz)}"
    agreement = bench.outputs.agreement
    if agreement.identical_outputs != agreement.samples:
        kind += ";\nits outputs are not the host's"
    before = report.baseline.device_latency_us if report.baseline else None
    base: Cell = NOT_COMPARED if before is None else Number(before, "µs")
    change: Cell = ""
    if before:
        change = relative(latency.median_us / before - 1)
        against = bench.against_base
        if against is not None and against.verdict == "same":
            change = ("the same\nwithin ", Number(against.least_change, "ratio"))
    elif not has_base(report) and latency.mad_us:
        change = f"median deviation {latency.mad_us:,.0f}{NBSP}µs"
    return Figure(name, kind, Number(latency.median_us, "µs"), verdict, base, change)


def _about(before: float, now: float) -> Cell:
    """How an estimate changed."""
    if now == before or not before:
        return "the same" if now == before else ""
    return ("about ", relative(now / before - 1))


def _no_estimate(report: Report) -> list[Sentence]:
    """Why there is no estimated latency either, where embed looked for one."""
    if report.embed is None:
        return []
    if report.embed.latency is not None and report.embed.latency.reason:
        return [Sentence(f"no estimate: {report.embed.latency.reason}")]
    return [Sentence(advice.text) for advice in report.embed.advice if advice.code == "latency-unknown"][:1]
