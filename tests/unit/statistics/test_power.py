"""What a set can detect, against exact enumeration of the test's power."""

from __future__ import annotations

import math
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantci.records.paired import Interval
from quantci.statistics import power
from quantci.statistics.power import (
    samples_needed,
    smallest_detectable_by_interval,
    smallest_detectable_drop,
    unseen_share,
)


def exact_power(binom: Any, samples: int, discordance: float, drop: float) -> float:
    """Chance that the exact two-sided McNemar test rejects at 5 %, by enumeration of all discordant counts."""
    share = (discordance + drop) / 2 / discordance
    total = 0.0
    for discordant in range(6, samples + 1):
        weight = float(binom.pmf(discordant, samples, discordance))
        if weight > 1e-10:
            rejects = 2 * binom.cdf(np.arange(discordant // 2), discordant, 0.5) <= 0.05
            few = int(rejects.sum()) - 1  # rejected when the smaller count is at most this
            total += weight * float(
                binom.cdf(few, discordant, share) + binom.sf(discordant - few - 1, discordant, share)
            )
    return total


def test_normal_quantiles() -> None:
    assert NormalDist().inv_cdf(0.975) == pytest.approx(power.Z_LEVEL, abs=1e-15)
    assert NormalDist().inv_cdf(0.8) == pytest.approx(power.Z_POWER, abs=1e-15)


def test_six_samples_that_all_break_are_the_least_that_can_be_found() -> None:
    assert smallest_detectable_drop(5, 0) == 1.0
    # All six must break: d^6 = 0.8.
    assert smallest_detectable_drop(6, 0) == pytest.approx(0.8 ** (1 / 6), abs=1e-12)


@pytest.mark.parametrize("samples", [20, 100, 1000, 20000])
def test_floor_is_where_six_broken_samples_have_a_chance_of_four_fifths(samples: int) -> None:
    binom = pytest.importorskip("scipy.stats").binom
    assert float(binom.sf(5, samples, smallest_detectable_drop(samples, 0))) == pytest.approx(0.8, abs=1e-9)


def test_connor_by_hand() -> None:
    # n = 1000, psi = 0.05, d = 0.019791...: (1.96 sqrt 0.05 + 0.8416 sqrt(0.05 - d^2))^2 / d^2 = 1000; plus 1/2000.
    drop = smallest_detectable_drop(1000, 50) - 0.5 / 1000
    needed = (power.Z_LEVEL * math.sqrt(0.05) + power.Z_POWER * math.sqrt(0.05 - drop**2)) ** 2 / drop**2
    assert needed == pytest.approx(1000, abs=1e-6)
    assert drop == pytest.approx(0.01979, abs=5e-6)


@pytest.mark.parametrize(
    ("samples", "discordant"),
    [(50, 10), (100, 10), (200, 10), (200, 20), (500, 10), (500, 50), (1000, 10), (1000, 100)],
)
def test_exact_test_finds_the_drop_with_the_promised_power(samples: int, discordant: int) -> None:
    binom = pytest.importorskip("scipy.stats").binom
    drop = smallest_detectable_drop(samples, discordant)
    assert 0.79 <= exact_power(binom, samples, max(discordant / samples, drop), drop) <= 0.93


@given(st.integers(6, 3000), st.floats(0, 1))
def test_drop_is_a_ratio_that_falls_with_samples_and_rises_with_discordance(samples: int, rate: float) -> None:
    discordant = int(rate * samples)
    drop = smallest_detectable_drop(samples, discordant)
    assert 0 < drop <= 1
    assert smallest_detectable_drop(2 * samples, 2 * discordant) < drop
    assert smallest_detectable_drop(samples, min(samples, discordant + 1)) >= drop


@given(st.floats(0.0005, 1), st.floats(0, 0.5))
def test_samples_needed_is_the_fewest_that_suffice(drop: float, discordance: float) -> None:
    needed = samples_needed(drop, discordance)
    assert needed is not None
    assert power._detectable(needed, discordance) <= drop < power._detectable(needed - 1, discordance) or needed == 6


@given(st.integers(7, 5000))
def test_samples_needed_inverts_the_floor(samples: int) -> None:
    assert samples_needed(smallest_detectable_drop(samples, 0)) == samples


def test_no_fewer_than_six_samples_ever_suffice() -> None:
    assert samples_needed(1.0) == 6


def test_no_set_finds_a_drop_of_nothing() -> None:
    assert samples_needed(0) is None


@pytest.mark.parametrize("drop", [1e-9, 1e-20, 5e-324])
@pytest.mark.parametrize("discordance", [0.0, 0.5])
def test_a_drop_that_no_real_set_finds_needs_no_number_either(drop: float, discordance: float) -> None:
    assert samples_needed(drop, discordance) is None


def test_unseen_share_is_the_end_of_clopper_and_pearson() -> None:
    stats = pytest.importorskip("scipy.stats")
    for samples in (1, 20, 250, 10000):
        expected = stats.binomtest(0, samples).proportion_ci(0.95, method="exact").high
        assert unseen_share(samples) == pytest.approx(expected, rel=1e-9)


def test_auc_drop_follows_from_the_interval() -> None:
    # Half a width of 0.0196 is a standard error of 0.01; (1.96 + 0.8416) of them.
    interval = Interval(low=-0.0196, high=0.0196, level=0.95)
    assert smallest_detectable_by_interval(interval) == pytest.approx(0.0280, abs=5e-5)
    assert smallest_detectable_by_interval(Interval(low=-1, high=1, level=0.95)) == 1.0


def test_table_of_the_documentation_is_what_the_code_computes() -> None:
    text = (Path(__file__).parents[3] / "docs" / "statistics.md").read_text(encoding="utf-8")
    computed = {
        samples: [
            f"{100 * smallest_detectable_drop(samples, samples * percent // 100):.2f}" for percent in (0, 2, 5, 10)
        ]
        for samples in (25, 50, 100, 200, 500, 1000, 2000, 5000, 10000)
    }
    floors = text[text.index("| samples | floor |") :]
    assert all(
        f"| {n} | " + " | ".join(f"{drop} %" for drop in drops) + " |" in floors for n, drops in computed.items()
    )
    assert [samples_needed(drop) for drop in (0.05, 0.02, 0.01, 0.005)] == [157, 394, 790, 1580]
    assert "5 points needs 157 samples, 2 points 394, 1 point 790 and half a point 1,580" in text
