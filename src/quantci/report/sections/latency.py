"""The estimated latency in words, which always say that it is an estimate."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Final

from quantci.render.cells import Folded, Name, Paragraph, Sentence, bullets, joined, table
from quantci.render.numbers import NBSP, Number, rough_time
from quantci.render.visible import visible
from quantci.report.baseline import layer_names
from quantci.report.latency import complete, estimate_of

if TYPE_CHECKING:
    from quantci.records.latency import LatencyEstimate
    from quantci.records.report import Report
    from quantci.render.cells import Cell

ESTIMATED: Final = "estimated, not measured"
MOST_LAYERS: Final = 10
_ESTIMATED: Final = "estimated and not measured"
_LONG: Final = 500


def about(duration_us: float) -> str:
    """``≈ 12 ms``. Whoever shows it says beside it that it is estimated, and at which clock."""
    return f"≈{NBSP}{rough_time(duration_us)}"


def margin(estimate: LatencyEstimate) -> str:
    """``±41 %, 7.1 ms to 17 ms``."""
    return f"{error(estimate)}, {bounds(estimate)}"


def error(estimate: LatencyEstimate) -> str:
    """``±41 %``."""
    return f"±{100 * (estimate.error_ratio or 0):.0f}{NBSP}%"


def bounds(estimate: LatencyEstimate) -> str:
    """``7.1 ms to 17 ms``."""
    return f"{rough_time(estimate.low_us or 0)} to{NBSP}{rough_time(estimate.high_us or 0)}"


def at_clock(clock_hz: int) -> str:
    """``at 240 MHz``: a time says nothing without it."""
    return f"at{NBSP}{clock_hz / 1e6:g}{NBSP}MHz"


def assumed(estimate: LatencyEstimate) -> str:
    """``assumed: data cache 32 KB``; empty where the configuration says all."""
    return f"assumed: {', '.join(estimate.assumed)}" if estimate.assumed else ""


def line(estimate: LatencyEstimate) -> str:
    """All of it in a line for a terminal; or why there is no total."""
    known = complete(estimate)
    total = f"{about(known.total_us or 0)} {at_clock(known.clock_hz)}" if known else "not known"
    why = margin(known) if known else visible(estimate.reason.removesuffix("."), _LONG)
    if known and (taken := assumed(estimate)):
        why += f"; {taken}"
    if estimate.board is not None:
        why += f"; calibrated to {visible(str(estimate.board), _LONG)}"
    return f"latency on the chip, {_ESTIMATED}: {total} ({why})"


def section(report: Report, estimate: LatencyEstimate) -> Folded:
    """The most expensive layers, and what the estimate leaves out."""
    said: list[Cell]
    if (known := estimate_of(report.embed)) is None:
        said = ["No total is estimated. ", Sentence(estimate.reason)]
    else:
        over = f" (over {known.networks} networks)" if known.networks and known.board is None else ""
        said = [f"Estimated {at_clock(known.clock_hz)} with an error of {error(known)}{over}, not measured."]
        if taken := assumed(known):
            said.append(f" {taken[0].upper()}{taken[1:]}.")
        if known.board is not None:
            said += [" Calibrated to ", Name(str(known.board)), "."]
    names = layer_names(report.quantize) if report.quantize else []
    covered = [op for op in estimate.ops if op.cycles is not None]
    if len(covered) > MOST_LAYERS:
        said.append(f" The {MOST_LAYERS} most expensive of {len(covered):,} layers.")
    largest = heapq.nsmallest(MOST_LAYERS, covered, key=lambda op: (-(op.cycles or 0), op.index))
    rows = [
        (
            (Name(names[op.index] if op.index < len(names) else op.name or str(op.index)), "\n", Name(op.op)),
            Name(op.path),
            (f"≈{NBSP}", rough_time(op.latency_us or 0)),
            Number(op.share or 0, "ratio about"),
        )
        for op in largest
    ]
    head = ("Layer", "Kernel", "Estimated time", "Share" if known else "Share of covered time")
    return Folded(
        "Time on the chip (estimated)",
        [Paragraph(tuple(said)), table(head, rows, len(rows)), bullets(_left_out(estimate))],
    )


def _left_out(estimate: LatencyEstimate) -> list[Cell]:
    if not estimate.not_covered:
        return []
    share = estimate.not_covered_mac_share
    of_macs: Cell = "" if share is None else (": ", Number(share, "ratio"), " of the multiply-accumulates")
    kinds = joined(", ", [(Name(kind.op), f" ({kind.count:,})") for kind in estimate.not_covered[:MOST_LAYERS]])
    more = len(estimate.not_covered) - MOST_LAYERS
    others = f" and {more:,} others" if more > 0 else ""
    return [("Not covered by the estimate", of_macs, ": ", kinds, others)]
