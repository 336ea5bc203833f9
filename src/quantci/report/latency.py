"""Whether a limit on latency holds: measured where a device took part, else not to be decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantci.records.report import GateResult
from quantci.render.numbers import NBSP, rough_time
from quantci.report.gates.result import missing as not_found

if TYPE_CHECKING:
    from quantci.records.embed import EmbedResult
    from quantci.records.latency import LatencyEstimate


def estimate_of(embed: EmbedResult | None) -> LatencyEstimate | None:
    """The estimate, if there is one with a total and its bounds."""
    return complete(embed.latency if embed else None)


def complete(found: LatencyEstimate | None) -> LatencyEstimate | None:
    """The estimate, if it has a total and its bounds."""
    if found is None or None in {found.total_us, found.low_us, found.high_us, found.error_ratio}:
        return None
    return found


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
        return not_found(name, "absolute", limit, missing)
    total, low, high = (
        str(rough_time(bound or 0)).replace(NBSP, " ")
        for bound in (estimate.total_us, estimate.low_us, estimate.high_us)
    )
    if (estimate.low_us or 0) > limit:
        side = "above the limit even at its lower end"
    elif (estimate.high_us or 0) <= limit:
        side = "within the limit even at its upper end"
    else:
        side = "too close to the limit to tell"
    reason = (
        f"{name} is judged on a measured latency only, and {missing}; "
        f"the estimated latency, about {total} at {estimate.clock_hz / 1e6:g} MHz ({low} to {high}), is {side}."
    )
    value = estimate.total_us
    return GateResult(
        name=name,
        family="absolute",
        limit=limit,
        value=value,
        kind="estimated",
        verdict="inconclusive",
        reason=reason,
    )
