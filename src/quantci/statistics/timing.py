"""Repeated times of one piece of work: where they lie, how they spread, and which difference is more than noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

SIGMA_OF_MAD: Final = 1.4826  # 1 / inv_cdf(0.75): of a normal distribution, the standard deviation in MADs
# Iglewicz and Hoaglin, "How to Detect and Handle Outliers" (1993): beyond 3.5 robust deviations is not noise.
OUTLYING: Final = 3.5


class Spread(NamedTuple):
    """Where times lie: the median, the median absolute deviation from it, the smallest, and what 90 % stay below."""

    median: float
    mad: float
    smallest: float
    p90: float


def spread(times: Sequence[float]) -> Spread:
    """Of one time or more; p90 is interpolated as NumPy does."""
    found = np.asarray(times, np.float64)
    median, p90 = np.percentile(found, [50, 90])
    return Spread(float(median), float(np.median(np.abs(found - median))), float(found.min()), float(p90))


def instability(windows: Sequence[Sequence[float]]) -> float:
    """How far times that should be equal are apart, as a share of their median.

    The larger of two: the range of the windows' medians, which shows drift, and the robust deviation of all times,
    which shows that they have two modes or more.
    """
    everything = spread([time for window in windows for time in window])
    medians = [spread(window).median for window in windows]
    return max(max(medians) - min(medians), SIGMA_OF_MAD * everything.mad) / everything.median


def pair_noise(pairs: Sequence[tuple[float, float]]) -> float:
    """The robust deviation of the relative difference of times that are of the same work: zero is its true middle."""
    return SIGMA_OF_MAD * float(np.median([abs(second / first - 1) for first, second in pairs]))


def least_change(wanted: float, noise: float) -> float:
    """The smallest relative difference that is said to be one: what the user asked for, or what noise cannot be."""
    return max(wanted, OUTLYING * noise)


def disagreement(cycles: int, timer_hz: int, duration_us: int, resolution_us: float = 2.0) -> float:
    """How far two counters of the same span are apart, as a share of it, beyond what a clock of whole microseconds
    cannot say.
    """
    counted_us = cycles * 1e6 / timer_hz
    beyond = max(0.0, abs(counted_us - duration_us) - resolution_us)
    return beyond / max(duration_us, 1)
