"""Whether a limit on latency holds: measured where a board took part, else not to be decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantci.bench.fingerprint import differences
from quantci.records.report import GateResult
from quantci.render.numbers import NBSP, rough_time
from quantci.report.gates.result import missing as not_found

if TYPE_CHECKING:
    from quantci.records.bench import BenchResult, MeasuredLatency
    from quantci.records.embed import EmbedResult
    from quantci.records.latency import LatencyEstimate
    from quantci.records.report import Report, Verdict


def estimate_of(embed: EmbedResult | None) -> LatencyEstimate | None:
    """The estimate, if there is one with a total and its bounds."""
    return complete(embed.latency if embed else None)


def complete(found: LatencyEstimate | None) -> LatencyEstimate | None:
    """The estimate, if it has a total and its bounds."""
    if found is None or None in {found.total_us, found.low_us, found.high_us, found.error_ratio}:
        return None
    return found


def base_latency(bench: BenchResult | None, baseline: Report) -> float | None:
    """Of the base's model on the device that this change was measured on: in the same session, or on the same board
    with the same build before.
    """
    if bench is None or bench.latency is None:
        return None
    if bench.against_base is not None:
        return bench.against_base.base.median_us
    old = baseline.bench
    if old is None or old.latency is None or old.device.board_id != bench.device.board_id:
        return None
    return None if differences(old.device.fingerprint, bench.device.fingerprint) else old.latency.median_us


def latency_gate(
    limit: float, embed: EmbedResult | None, missing: str, measured: MeasuredLatency | None = None
) -> GateResult:
    """Inconclusive without a board: an estimate neither passes nor fails a gate, but its figure is told.

    Args:
        limit: of the gate, in microseconds.
        embed: with the estimate.
        missing: why nothing was measured.
        measured: on a board; takes the estimate's place.
    """
    name = "max_latency_us"
    if measured is not None:
        return _measured_gate(limit, measured)
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


def _measured_gate(limit: float, measured: MeasuredLatency) -> GateResult:
    found = measured.median_us
    verdict: Verdict = "pass" if found <= limit else "fail"
    count = len(measured.windows) * measured.iterations
    said = f"The latency on the board is {found:,.0f} µs (median of {count:,} inferences)"
    if measured.is_stable:
        side = "within" if found <= limit else "over"
        reason = f"{said}, {abs(limit - found):,.0f} {side} the {limit:,.0f} allowed."
    else:
        verdict = "inconclusive"
        reason = f"{said}, but its times are {100 * measured.instability:.0f} % apart: too unstable for a verdict."
    return GateResult(
        name="max_latency_us",
        family="absolute",
        limit=limit,
        value=found,
        kind="on_device",
        verdict=verdict,
        reason=reason,
    )
