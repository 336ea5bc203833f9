"""Gates on what a device did: are its outputs those of the host, what does it lose, how much slower did it get."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.records.report import GateResult
from quantci.report.gates.result import ROUNDING, apart, missing
from quantci.report.gates.size import most_growth
from quantci.report.wording import DEVICES, metric_name

if TYPE_CHECKING:
    from quantci.records.bench import BenchResult, DeviceKind
    from quantci.records.report import Kind, Verdict

KINDS: Final[dict[DeviceKind, Kind]] = {"board": "on_device", "emulated": "emulated", "virtual": "virtual"}


def identical_gate(bench: BenchResult) -> GateResult:
    """Fails for the first output that is not the oracle's: accuracy was judged on the host."""
    agreement, first = bench.outputs.agreement, bench.outputs.first_op
    where = DEVICES[bench.device.kind]
    different = agreement.samples - (agreement.identical_outputs or 0)
    verdict: Verdict = "fail" if different else "pass"
    if different:
        op = f" The first op that differs is {first.words}." if first else ""
        flips = f"{agreement.flips:,} answers flip" if agreement.flips != 1 else "1 answer flips"
        reason = (
            f"{different:,} of {agreement.samples:,} outputs on {where} are not those of the host; the largest "
            f"difference is {agreement.largest_lsb:,.0f} LSB, and {flips}.{op}"
        )
    else:
        reason = f"All {agreement.samples:,} outputs on {where} are those of the host, bit for bit."
    return GateResult(
        name="identical_on_device",
        family="absolute",
        limit=0,
        value=different,
        kind=KINDS[bench.device.kind],
        verdict=verdict,
        reason=reason,
    )


def drop_gate(limit: float, bench: BenchResult | None, why_missing: str) -> GateResult:
    """What the task's metric loses from the host to the device."""
    name = "max_device_drop"
    if bench is None:
        return missing(name, "absolute", limit, why_missing)
    paired = bench.outputs.paired
    drop, where = 0.0 - paired.delta, DEVICES[bench.device.kind]
    found, allowed = apart(drop, limit)
    what = metric_name(paired.metric)
    verdict: Verdict
    if drop > limit + ROUNDING:
        verdict = "fail"
        reason = f"{what} on {where} is {found} points below the host. The gate allows a loss of {allowed} points."
    elif paired.interval.low >= -limit - ROUNDING:
        verdict = "pass"
        reason = f"{what} on {where} is within the {allowed} points of the host that the gate allows."
    else:
        verdict = "inconclusive"
        reach = apart(-paired.interval.low, limit)[0]
        reason = (
            f"The interval of the loss on {where} reaches {reach} points, the gate allows {allowed}: "
            "add evaluation samples or widen the gate."
        )
    return GateResult(
        name=name,
        family="absolute",
        limit=limit,
        value=drop,
        kind=KINDS[bench.device.kind],
        verdict=verdict,
        reason=reason,
    )


def latency_growth_gate(allowed: int | str, before: float, after: float, bench: BenchResult) -> GateResult:
    """How much slower the board got; a change that may be noise is none.

    Args:
        allowed: that much, or a percentage of what it was on the base branch.
        before: median of the base's model, in microseconds.
        after: the same of this change's.
        bench: says what is noise, and whether the times can be believed.
    """
    limit, growth = most_growth(allowed, before), after - before
    against = bench.against_base
    least = against.least_change if against else 0.0
    is_noise = abs(growth) < least * before
    verb = "grew" if growth > 0 else "shrank"
    change = f"The latency on the board {verb} by {abs(growth):,.0f} µs ({100 * growth / before:+.1f} %)"
    verdict: Verdict
    is_stable = bench.latency is not None and bench.latency.is_stable and (against is None or against.base.is_stable)
    if not is_stable:
        verdict, reason = "inconclusive", f"{change}, but its times are too unstable for a verdict."
    elif growth > limit and is_noise:
        verdict = "inconclusive"
        reason = f"{change}; the gate allows {limit:,.0f} µs, and up to {100 * least:.1f} % may be noise."
    elif growth > limit:
        percent = f", {allowed} of what it was" if "%" in str(allowed) else ""
        verdict, reason = "fail", f"{change}; the gate allows {limit:,.0f} µs{percent}."
    else:
        verdict, reason = "pass", f"{change}; the gate allows growth by {limit:,.0f} µs."
    return GateResult(
        name="max_latency_growth",
        family="base",
        limit=limit,
        value=growth,
        kind="on_device",
        verdict=verdict,
        reason=reason,
    )
