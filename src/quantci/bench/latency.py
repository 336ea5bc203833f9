"""From the raw times of windows to a latency, and to what a change against another model is worth."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, Literal

from quantci.errors import BoardError
from quantci.records.bench import AgainstBaseLatency, DeviceNoise, LatencyWindow, MeasuredLatency
from quantci.statistics.timing import disagreement, instability, least_change, pair_noise, spread

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_INSTABILITY: Final = 0.05  # beyond it there is no verdict; an idle ESP32-S3 stays below a hundredth of that
MOST_DISAGREEMENT: Final = 0.01  # of cycles and microseconds
_WRAPPED_US: Final = 2**63  # nobody has measured for 292,000 years


def check_times(windows: Sequence[LatencyWindow], timer_hz: int | None, where: str) -> None:
    """Refuse times that cannot be: what a counter says that wrapped, stands still or runs at another clock.

    Raises:
        BoardError: `timer`.
    """
    for window in windows:
        for place, duration_us in enumerate(window.latency_us):
            if not 0 < duration_us < _WRAPPED_US:
                raise _timer(f"an inference took {duration_us:,} µs by the device's clock", where)
            if timer_hz is None:
                continue
            cycles = window.cycles[place]
            apart = disagreement(cycles, timer_hz, duration_us)
            if apart > MOST_DISAGREEMENT:
                counted = cycles * 1e6 / timer_hz
                raise _timer(
                    f"one inference took {duration_us:,} µs by its clock and {counted:,.0f} µs by {cycles:,} cycles",
                    where,
                )


def _timer(what: str, where: str) -> BoardError:
    return BoardError(
        "timer",
        f"The device's clocks cannot be believed: {what}.",
        where=where,
        remedy="Reset the board and run again; if it stays so, the firmware was built for another clock.",
    )


def summarize_latency(
    windows: Sequence[LatencyWindow], *, warm_up: int, clock_hz: int | None, timer_hz: int | None
) -> MeasuredLatency:
    """Of windows that check_times() has passed."""
    times = [window.latency_us for window in windows]
    found = spread([time for window in times for time in window])
    cycles = [count for window in windows for count in window.cycles] if timer_hz else []
    apart = instability(times)
    return MeasuredLatency(
        median_us=found.median,
        mad_us=found.mad,
        min_us=found.smallest,
        p90_us=found.p90,
        median_cycles=spread(cycles).median if cycles else None,
        clock_hz=clock_hz,
        timer_hz=timer_hz,
        warm_up=warm_up,
        iterations=len(windows[0].latency_us),
        instability=apart,
        is_stable=apart <= MOST_INSTABILITY,
        windows=list(windows),
    )


def noise_of(first: Sequence[LatencyWindow], second: Sequence[LatencyWindow]) -> DeviceNoise:
    """Of windows of one model that were measured in turns."""
    pairs = [_medians(pair) for pair in zip(first, second, strict=True)]
    return DeviceNoise(noise_ratio=pair_noise(pairs), pairs=len(pairs), source="this-run")


def noise_within(*models: Sequence[LatencyWindow]) -> DeviceNoise:
    """Where none is stored: of each model's windows against its next one."""
    pairs = [_medians(pair) for windows in models for pair in pairwise(windows)]
    return DeviceNoise(noise_ratio=pair_noise(pairs), pairs=len(pairs), source="this-run")


def _medians(pair: tuple[LatencyWindow, LatencyWindow]) -> tuple[float, float]:
    first, second = (spread(window.latency_us).median for window in pair)
    return first, second


def compare_latency(
    base: MeasuredLatency, candidate: MeasuredLatency, noise: DeviceNoise, *, base_sha256: str, min_change: float
) -> AgainstBaseLatency:
    """What the change did to the latency, measured in turns on one device."""
    change = candidate.median_us / base.median_us - 1
    least = least_change(min_change, noise.noise_ratio)
    verdict: Literal["slower", "faster", "same", "unstable"]
    if not (base.is_stable and candidate.is_stable):
        verdict = "unstable"
    elif abs(change) < least:
        verdict = "same"
    else:
        verdict = "slower" if change > 0 else "faster"
    return AgainstBaseLatency(
        base_sha256=base_sha256, base=base, change=change, least_change=least, noise=noise, verdict=verdict
    )
