"""How often the 95 % intervals hold the truth, where the truth is known."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest

from quantci.statistics.paired import accuracy_delta_interval, auc_delta_interval

SAMPLES = 200
DISCORDANCE = (0.01, 0.02, 0.03, 0.05, 0.075, 0.1)
DROPS = (0.0, 0.005, 0.01, 0.02, 0.03, 0.04, 0.05)


def log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def chances(samples: int, broken: float, fixed: float) -> dict[tuple[int, int], float]:
    """Chance of every (broken, fixed) count that matters."""
    found = {}
    for b in range(samples // 4):
        for f in range(samples // 4 if fixed > 0 else 1):
            log = log_choose(samples, b) + log_choose(samples - b, f) + b * math.log(broken)
            log += (f * math.log(fixed) if f else 0) + (samples - b - f) * math.log1p(-broken - fixed)
            if log > -23:  # 1e-10
                found[b, f] = math.exp(log)
    return found


@pytest.mark.slow
def test_accuracy_interval_covers_a_true_drop() -> None:
    """Exact: no simulation, but all outcomes of 200 samples weighed by their chances. The bootstrap alone has 0.775."""
    intervals: dict[tuple[int, int], tuple[float, float]] = {}
    coverage = {}
    for discordance in DISCORDANCE:
        for drop in (one for one in DROPS if one <= discordance):
            covered = mass = 0.0
            for (b, f), chance in chances(SAMPLES, (discordance + drop) / 2, (discordance - drop) / 2).items():
                if (b, f) not in intervals:
                    interval = accuracy_delta_interval(b, f, SAMPLES, seed=0)
                    intervals[b, f] = interval.low, interval.high
                low, high = intervals[b, f]
                mass += chance
                covered += chance * (low - 1e-12 <= -drop <= high + 1e-12)
            assert mass == pytest.approx(1, abs=1e-6)
            coverage[discordance, drop] = covered
    assert min(coverage.values()) >= 0.95
    assert max(coverage.values()) < 1.0  # an interval that always holds everything would say nothing


@pytest.mark.slow
@pytest.mark.parametrize(("separation", "noise", "shift"), [(1.5, 0.1, 0.02), (1.5, 0.5, 0.1), (3.0, 0.5, 0.1)])
def test_auc_interval_covers_a_true_drop(separation: float, noise: float, shift: float) -> None:
    """Normal scores, of which INT8 adds noise and takes a shift from the anomalous: the true AUCs are known."""
    cdf = NormalDist().cdf
    truth = cdf((separation - shift) / math.sqrt(2 + 2 * noise**2)) - cdf(separation / math.sqrt(2))
    random, kinds = np.random.RandomState(5), np.repeat([1, 0], 50)
    covered = 0
    for seed in range(100):
        before = random.randn(100) + separation * kinds
        after = before + noise * random.randn(100) - shift * kinds
        interval = auc_delta_interval(before, after, kinds, seed)
        covered += interval.low <= truth <= interval.high
    assert covered >= 93
