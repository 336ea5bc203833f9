"""Latency on the chip: measured where a device took part, else the estimate, which always says that it is one."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Final

from quantci.records.report import GateResult
from quantci.render.escape import code, prose
from quantci.report.baseline import layer_names
from quantci.report.tables import Section, Table
from quantci.report.wording import NBSP, rough_time

if TYPE_CHECKING:
    from quantci.records.embed import EmbedResult
    from quantci.records.latency import LatencyEstimate
    from quantci.records.report import Report

ESTIMATED: Final = "estimated, not measured"
MOST_LAYERS: Final = 10


def estimate_of(embed: EmbedResult | None) -> LatencyEstimate | None:
    """The estimate, if there is one with a total and its bounds."""
    found = embed.latency if embed else None
    if found is None or None in {found.total_us, found.low_us, found.high_us, found.error_ratio}:
        return None
    return found


def words(estimate: LatencyEstimate) -> tuple[str, str]:
    """``≈ 12 ms`` and ``±41 %, 7.1 ms to 17 ms``. Whoever shows them says beside them that they are estimated."""
    bounds = f"{rough_time(estimate.low_us or 0)} to{NBSP}{rough_time(estimate.high_us or 0)}"
    return f"≈{NBSP}{rough_time(estimate.total_us or 0)}", f"±{100 * (estimate.error_ratio or 0):.0f}{NBSP}%, {bounds}"


def latency_gate(limit: float, embed: EmbedResult | None, missing: str) -> GateResult:
    """Inconclusive without a device: an estimate neither passes nor fails a gate, but its figure is told.

    Args:
        limit: of the gate, in microseconds.
        embed: with the estimate.
        missing: why nothing was measured.
    """
    name = "max_latency_us"
    estimate = estimate_of(embed)
    if estimate is None:
        sentence = f"{name} cannot be judged: {missing}."
        return GateResult(
            name=name, limit=limit, value=None, kind="not_measured", verdict="inconclusive", reason=sentence
        )
    total, low, high = (
        rough_time(bound or 0).replace(NBSP, " ") for bound in (estimate.total_us, estimate.low_us, estimate.high_us)
    )
    if (estimate.low_us or 0) > limit:
        side = "above the limit even at its lower end"
    elif (estimate.high_us or 0) <= limit:
        side = "within the limit even at its upper end"
    else:
        side = "too close to the limit to tell"
    reason = (
        f"{name} is judged on a measured latency only, and {missing}; "
        f"the estimated latency, about {total} ({low} to {high}), is {side}."
    )
    value = estimate.total_us
    return GateResult(name=name, limit=limit, value=value, kind="estimated", verdict="inconclusive", reason=reason)


def section(report: Report, estimate: LatencyEstimate) -> Section:
    """The most expensive layers, and what the estimate leaves out."""
    if (known := estimate_of(report.embed)) is None:
        said = f"No total is estimated. {prose(estimate.reason)}"
        if estimate.memory == "psram" and any(op.cycles is not None for op in estimate.ops):
            said += " The times of single layers are those with an arena in internal RAM."
    else:
        total, margin = words(known)
        said = f"Estimated, not measured: {total} ({margin})."
        if known.board is not None:
            said += f" Calibrated to {code(str(known.board))}."
    share_of = "Share" if known else "Share of what is covered"
    names = layer_names(report.quantize) if report.quantize else []
    covered = [op for op in estimate.ops if op.cycles is not None]
    largest = heapq.nsmallest(MOST_LAYERS, covered, key=lambda op: (-(op.cycles or 0), op.index))
    cells = [
        (
            f"{code(names[op.index] if op.index < len(names) else op.name or str(op.index))}<br>{code(op.op)}",
            code(op.path),
            f"≈{NBSP}{rough_time(op.latency_us or 0)}",
            f"{100 * (op.share or 0):.0f}{NBSP}%",
        )
        for op in largest
    ]
    share = estimate.not_covered_mac_share
    of_macs = "" if share is None else f": {100 * share:.1f}{NBSP}% of the multiply-accumulates"
    left_out = ", ".join(f"{code(kind.op)} ({kind.count:,})" for kind in estimate.not_covered[:MOST_LAYERS])
    more = len(estimate.not_covered) - MOST_LAYERS
    facts = [f"Not covered by the estimate{of_macs}: {left_out}" + (f" and {more:,} others" if more > 0 else "")]
    tables = [
        Table.of(("Layer", "Kernel", "Estimated time", share_of), cells, len(cells)),
        Table.bullets(facts if estimate.not_covered else []),
    ]
    if len(covered) > MOST_LAYERS:
        said += f" The {MOST_LAYERS} most expensive of {len(covered):,} layers."
    return Section("Time on the chip (estimated)", said, tables)
