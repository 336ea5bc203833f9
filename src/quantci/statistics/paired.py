"""The same samples through two models: is the second one worse, and by how much at most?

Only samples that one model gets right and the other wrong (discordant: broken or fixed) tell the two apart, so the
noise of the set's choice cancels. Every number here is a function of its arguments, the seed included, to the last bit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from quantci.records.paired import Interval
from quantci.statistics.power import Z_LEVEL, unseen_share
from quantci.statistics.roc import auc_change, pair_changes

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

LEVEL: Final = 0.95
ACCURACY_RESAMPLES: Final = 10_000
AUC_RESAMPLES: Final = 2_000
R2_RESAMPLES: Final = 2_000


def mcnemar_p(broken: int, fixed: int) -> float:
    """Exact two-sided p-value of McNemar's test (1947): 2 P(Binomial(broken + fixed, 1/2) <= min), at most 1.

    In whole numbers until one correctly rounded division. 1.0 when no sample is discordant.
    """
    discordant, fewer = broken + fixed, min(broken, fixed)
    if 2 * fewer >= discordant - 1:
        return 1.0  # the two tails meet
    term = tail = 1
    for k in range(fewer):
        term = term * (discordant - k) // (k + 1)
        tail += term
    return float(tail / 2 ** (discordant - 1))


def accuracy_delta_interval(broken: int, fixed: int, samples: int, seed: int) -> Interval:
    """95 % interval of the accuracy's delta: the hull of a seeded percentile bootstrap and Tango's score interval.

    Resampling n samples with replacement and counting is a draw from the multinomial of (broken, same, fixed): that is
    drawn, 10,000 times. Alone it is too narrow for few discordant samples (no width at all for none), so Tango's
    interval widens it, and for none also the exact bound of unseen_share().
    """
    shares = [count / samples for count in (broken, samples - broken - fixed, fixed)]
    draws = np.random.RandomState(seed).multinomial(samples, shares, size=ACCURACY_RESAMPLES)
    low, high = _percentiles((draws[:, 2] - draws[:, 0]) / samples)
    score_low, score_high = tango_interval(broken, fixed, samples)
    if broken == fixed == 0:
        low, high = -unseen_share(samples), unseen_share(samples)
    return Interval(low=min(low, score_low), high=max(high, score_high), level=LEVEL)


def r2_delta_interval(
    truth: NDArray[np.float64], before: NDArray[np.float64], after: NDArray[np.float64], seed: int
) -> Interval:
    """95 % percentile interval of the delta of R^2, samples resampled with replacement, 2,000 times.

    Truth and answers [n, d]; R^2 is the mean over the d outputs. A resample in which some output has one value only
    has no R^2 and is left out. Rounded to nine decimals: sums of floats may differ in their last bits.
    """
    random = np.random.RandomState(seed)
    gain = (before - truth) ** 2 - (after - truth) ** 2
    centred = truth - truth.mean(axis=0)  # a resample's spread loses no digits to a large mean
    deltas = []
    for _ in range(R2_RESAMPLES):
        drawn = random.randint(0, len(truth), len(truth), dtype=np.int64)
        own = centred[drawn]
        spread = ((own - own.mean(axis=0)) ** 2).sum(axis=0)
        if (spread > 0).all():
            deltas.append(float((gain[drawn].sum(axis=0) / spread).mean()))
    delta = float((gain.sum(axis=0) / (centred**2).sum(axis=0)).mean())
    low, high = _percentiles(np.array([*deltas, delta]))
    return Interval(low=round(min(low, delta), 9), high=round(max(high, delta), 9), level=LEVEL)


def tango_interval(broken: int, fixed: int, samples: int) -> tuple[float, float]:
    """Score interval of (fixed - broken) / samples by Tango (1998), found by bisection: all deltas with |T| <= 1.96.

    T(d) = (fixed - broken - n d) / sqrt(n (2 q + d (1 - d))), q being the chance of `broken` estimated for that d.
    """

    def statistic(d: float) -> float:
        linear = (2 * samples - fixed + broken) * d - broken - fixed
        constant = -broken * d * (1 - d)
        q = (math.sqrt(max(0.0, linear**2 - 8 * samples * constant)) - linear) / (4 * samples)
        variance = samples * (2 * q + d * (1 - d))
        excess = fixed - broken - samples * d
        return excess / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, excess)

    def crossing(low: float, high: float, level: float) -> float:
        for _ in range(60):  # the statistic falls as d grows
            middle = (low + high) / 2
            low, high = (middle, high) if statistic(middle) > level else (low, middle)
        return (low + high) / 2

    delta = (fixed - broken) / samples
    return crossing(-1, delta, Z_LEVEL), crossing(delta, 1, -Z_LEVEL)


def auc_delta_interval(
    before: NDArray[np.floating[Any]], after: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]], seed: int
) -> Interval:
    """95 % percentile interval of the AUC's delta: normal and anomalous groups resampled apart, 2,000 times.

    A resample is a number of times for each group; its AUC delta is then a sum over pairs of groups, of whole numbers,
    so no order of summation (threads, BLAS) changes a bit. Where few groups changed the bootstrap is too narrow: to
    either side, unseen_share(groups) times the largest change that a group made among the other kind's groups (one pair
    at least) is added as an independent error, for groups like that one which this set may have missed.
    """
    change = pair_changes(before, after, labels)
    anomalous, normal = change.shape
    random = np.random.RandomState(seed)
    times_anomalous, times_normal = _resample(random, anomalous), _resample(random, normal)
    total = np.zeros((AUC_RESAMPLES, normal))
    for start in range(0, anomalous, 256):  # so that a large set's pairs are never all in memory as float64
        rows = slice(start, start + 256)
        total += times_anomalous[:, rows] @ change[rows].astype(np.float64)
    deltas = np.einsum("rn,rn->r", total, times_normal) / (2 * change.size)
    low, high = _percentiles(deltas)
    delta = auc_change(change)
    missed = max(_missed(change, axis=1), _missed(change, axis=0))
    fall, rise = (math.hypot(max(0.0, reach), missed) for reach in (delta - low, high - delta))
    return Interval(low=max(-1.0, delta - fall), high=min(1.0, delta + rise), level=LEVEL)


def _missed(change: NDArray[np.int8], axis: int) -> float:
    net: int = np.abs(change.sum(axis=axis, dtype=np.int64)).max().item()
    return float(unseen_share(change.shape[1 - axis]) * max(2, net) / (2 * change.shape[axis]))


def _resample(random: np.random.RandomState, size: int) -> NDArray[np.float64]:
    """How often each of `size` groups is drawn, [resamples, size]; whole numbers."""
    drawn = (
        random.randint(0, size, (AUC_RESAMPLES, size), dtype=np.int64) + size * np.arange(AUC_RESAMPLES)[:, np.newaxis]
    )
    return np.bincount(drawn.ravel(), minlength=AUC_RESAMPLES * size).reshape(-1, size).astype(np.float64)


def _percentiles(deltas: NDArray[np.float64]) -> tuple[float, float]:
    """The 2.5 and 97.5 % order statistics: values that were drawn, never between two."""
    ordered = np.sort(deltas)
    cut = len(ordered) // 40
    return float(ordered[cut]), float(ordered[-1 - cut])
