"""What an evaluation set can find at all: the smallest true drop seen with 80 % power at a two-sided level of 5 %.

Before anything is measured there is a floor: McNemar's exact test needs six discordant samples, all in one direction
(2 / 2^6 = 0.031 <= 0.05 < 2 / 2^5), so even a change that only breaks samples must break six of them in 80 % of all
sets. Where samples also change in both directions more is needed, by Connor (1987).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from quantci.records.paired import Interval

POWER: Final = 0.8
Z_LEVEL: Final = 1.959963984540054  # statistics.NormalDist().inv_cdf(0.975)
Z_POWER: Final = 0.8416212335729143  # statistics.NormalDist().inv_cdf(0.8)
_FEWEST = 6
_MOST = 10**9  # far more than any evaluation set has


def smallest_detectable_drop(samples: int, discordant: int) -> float:
    """Smallest detectable drop of accuracy, 0..1; 1.0 where the set is too small for any.

    Args:
        samples: size of the evaluation set, >= 1.
        discordant: samples that were right in just one of the two models (broken + fixed).
    """
    return _detectable(samples, discordant / samples)


def samples_needed(drop: float, discordance: float = 0.0) -> int | None:
    """Fewest samples whose smallest detectable drop is at most `drop`; None for one so small that no set can find it.

    Args:
        drop: drop to be found, 0..1.
        discordance: share of discordant samples to expect: 0 before anything is measured, later discordant / samples.
    """
    if drop <= 0:
        return None
    low, high = _FEWEST - 1, _FEWEST  # _detectable falls with the number of samples: low is too few, high enough
    while _detectable(high, discordance) > drop:
        if high > _MOST:
            return None
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if _detectable(middle, discordance) > drop:
            low = middle
        else:
            high = middle
    return high


def smallest_detectable_by_interval(interval: Interval) -> float:
    """Smallest detectable drop of an AUC or an R^2, 0..1, from the 95 % interval of its delta.

    A test at 5 % with a normal estimate finds a drop of (z_0.975 + z_0.8) standard errors with 80 % power, and half the
    interval is z_0.975 of them. The standard error is the measured one of the paired scores: no correlation between the
    two models has to be assumed, as the tables of Hanley and McNeil (1983) ask for.
    """
    return min(1.0, (Z_LEVEL + Z_POWER) / Z_LEVEL * (interval.high - interval.low) / 2)


def unseen_share(samples: int) -> float:
    """Largest share of a kind of sample of which there is none among `samples`: 1 - 0.025^(1/n), about 3.7 / n.

    The upper end of the exact two-sided 95 % interval of Clopper and Pearson (1934) for 0 of n: were the share larger,
    a set without any would have a chance below 2.5 %.
    """
    return -math.expm1(math.log(0.025) / samples)


def _detectable(samples: int, discordance: float) -> float:
    """The larger of the floor and Connor's drop; the latter is never more than the discordance itself."""
    return max(_floor(samples), min(discordance, _connor(samples, discordance)))


def _floor(samples: int) -> float:
    """Smallest d with P(Binomial(samples, d) >= 6) >= 0.8, by bisection."""
    if samples < _FEWEST:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if _chance_of_six(samples, middle) >= POWER:
            high = middle
        else:
            low = middle
    return high


def _chance_of_six(samples: int, d: float) -> float:
    """P(Binomial(samples, d) >= 6) for 0 < d < 1."""
    term = math.exp(samples * math.log1p(-d))
    fewer = term
    for k in range(_FEWEST - 1):
        term *= (samples - k) / (k + 1) * d / (1 - d)
        fewer += term
    return 1 - fewer


def _connor(samples: int, discordance: float) -> float:
    """Connor's n = (z_a sqrt(psi) + z_b sqrt(psi - d^2))^2 / d^2, solved for d, plus half a sample.

    Squared, it is d^2 (n + z_b^2) - 2 d z_a sqrt(n psi) + psi (z_a^2 - z_b^2) = 0; d is its larger root. The formula is
    for the asymptotic test; half a sample more makes good what the exact test loses by being discrete: its power is
    then 0.79 to 0.93 (a test enumerates it).
    """
    if samples < _FEWEST:
        return 1.0
    root = math.sqrt(samples + Z_POWER**2 - Z_LEVEL**2)
    slope = (Z_LEVEL * math.sqrt(samples) + Z_POWER * root) / (samples + Z_POWER**2)
    return slope * math.sqrt(discordance) + 0.5 / samples
