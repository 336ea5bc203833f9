"""Paired comparison: hand-worked numbers, scipy, and what its arguments must and must not change."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantci.statistics.paired import (
    accuracy_delta_interval,
    auc_delta_interval,
    mcnemar_p,
    r2_delta_interval,
    tango_interval,
)
from quantci.statistics.power import unseen_share
from quantci.statistics.roc import auc_change, pair_changes, roc_auc

counts = st.integers(0, 60)


def test_mcnemar_by_hand() -> None:
    assert mcnemar_p(0, 0) == 1.0
    assert mcnemar_p(5, 0) == 2 / 2**5
    assert mcnemar_p(6, 0) == 2 / 2**6
    assert mcnemar_p(8, 2) == 2 * (1 + 10 + 45) / 2**10
    assert mcnemar_p(3, 3) == 1.0
    assert mcnemar_p(5000, 0) == 0.0  # smaller than any float, and no overflow on the way


@given(st.integers(0, 400), st.integers(0, 400))
def test_mcnemar_is_the_symmetric_exact_binomial_test(broken: int, fixed: int) -> None:
    stats = pytest.importorskip("scipy.stats")
    assert mcnemar_p(broken, fixed) == mcnemar_p(fixed, broken)
    if broken + fixed:
        expected = stats.binomtest(broken, broken + fixed, 0.5).pvalue
        assert mcnemar_p(broken, fixed) == pytest.approx(expected, rel=1e-9, abs=1e-300)


def test_tango_of_a_published_example() -> None:
    # Airway hyper-responsiveness before and after stem cell transplantation: 21 children, 1 and 7 discordant
    # (Fagerland, Lydersen and Laake 2014): -0.517 to -0.026.
    assert tango_interval(7, 1, 21) == pytest.approx((-0.517, -0.026), abs=5e-4)


@pytest.mark.parametrize(("broken", "fixed", "samples"), [(7, 1, 21), (0, 0, 50), (3, 0, 200), (12, 9, 400)])
def test_tango_ends_where_the_score_statistic_of_the_restricted_maximum_is_1_96(
    broken: int, fixed: int, samples: int
) -> None:
    optimize = pytest.importorskip("scipy.optimize")
    same = samples - broken - fixed
    for delta in tango_interval(broken, fixed, samples):
        # Maximum likelihood under p_fixed - p_broken = delta, by numeric search instead of the closed quadratic.
        low, high = max(0.0, -delta) + 1e-12, (1 - delta) / 2 - 1e-12

        def loss(q: float, delta: float = delta) -> float:
            cells = ((broken, q), (fixed, q + delta), (same, 1 - 2 * q - delta))
            return -sum(count * float(np.log(max(share, 1e-300))) for count, share in cells if count)

        q = float(optimize.minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-12}).x)
        variance = samples * (2 * q + delta - delta**2)
        assert abs(fixed - broken - samples * delta) / variance**0.5 == pytest.approx(1.96, abs=2e-3)


@settings(max_examples=40)
@given(counts, counts, st.integers(0, 500), st.integers(0, 2**32 - 1))
def test_interval_holds_the_delta_and_tango_and_stays_in_bounds(broken: int, fixed: int, same: int, seed: int) -> None:
    samples = broken + fixed + same + 1
    interval = accuracy_delta_interval(broken, fixed, samples, seed)
    low, high = tango_interval(broken, fixed, samples)
    assert -1 <= interval.low <= low <= (fixed - broken) / samples <= high <= interval.high <= 1
    mirrored = tango_interval(fixed, broken, samples)
    assert (-mirrored[1], -mirrored[0]) == pytest.approx((low, high), abs=1e-9)
    assert accuracy_delta_interval(broken, fixed, samples, seed) == interval


def test_bootstrap_end_is_an_order_statistic_of_multinomial_draws() -> None:
    draws = np.random.RandomState(3).multinomial(300, [12 / 300, 286 / 300, 2 / 300], size=10_000)
    deltas = sorted((draws[:, 2] - draws[:, 0]).tolist())
    interval = accuracy_delta_interval(12, 2, 300, 3)
    low, high = tango_interval(12, 2, 300)
    assert interval.low == min(low, deltas[250] / 300)
    assert interval.high == max(high, deltas[9749] / 300)
    assert interval.low == low  # Tango's
    assert high < interval.high  # the bootstrap's
    assert interval.high < 0  # so clear a loss does not hold 0


@pytest.mark.parametrize("samples", [1, 5, 50, 5000])
def test_no_discordant_sample_is_no_proof_of_no_change(samples: int) -> None:
    interval = accuracy_delta_interval(0, 0, samples, 0)
    assert interval.high == -interval.low
    assert interval.high >= unseen_share(samples) == pytest.approx(1 - 0.025 ** (1 / samples))


# Anomaly scores

KINDS = np.repeat([0, 1], 20)


def test_auc_bootstrap_is_that_of_resampled_groups_one_by_one() -> None:
    random = np.random.RandomState(4)
    before = random.randn(40) + KINDS
    after = before + 0.5 * random.randn(40)
    draws = np.random.RandomState(9)
    anomalous, normal = (draws.randint(0, 20, (2000, 20), dtype=np.int64) for _ in range(2))
    deltas = []
    for resample in np.hstack([20 + anomalous, normal]):
        areas = [roc_auc(scores[resample], KINDS[resample]) for scores in (before, after)]
        assert areas[0] is not None
        assert areas[1] is not None
        deltas.append(areas[1] - areas[0])
    deltas.sort()
    interval = auc_delta_interval(before, after, KINDS, 9)
    delta = auc_change(pair_changes(before, after, KINDS))
    # The interval adds the error of unseen groups: take it out again, it is the same to both sides.
    fall, rise = delta - interval.low, interval.high - delta
    plain_fall, plain_rise = delta - deltas[50], deltas[1949] - delta
    assert fall**2 - plain_fall**2 == pytest.approx(rise**2 - plain_rise**2, abs=1e-9)
    assert fall > plain_fall


def test_auc_interval_without_any_change_has_a_width() -> None:
    scores = np.arange(40.0)
    interval = auc_delta_interval(scores, scores, KINDS, 0)
    # A share of 1 - 0.025^(1/20) of groups may have been missed that change by one pair of 20.
    assert interval.high == -interval.low == pytest.approx((1 - 0.025 ** (1 / 20)) / 20)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_auc_interval_holds_the_delta_and_follows_from_the_order_of_scores_alone(seed: int) -> None:
    random = np.random.RandomState(seed)
    before = random.randint(0, 30, 40).astype(np.float64)
    after = before + random.randint(-5, 6, 40)
    interval = auc_delta_interval(before, after, KINDS, seed)
    assert -1 <= interval.low <= auc_change(pair_changes(before, after, KINDS)) <= interval.high <= 1
    assert auc_delta_interval(np.exp(before / 10), after * 3 - 7, KINDS, seed) == interval


# Numbers


def test_r2_bootstrap_is_that_of_resampled_sets_one_by_one() -> None:
    reference = pytest.importorskip("sklearn.metrics")
    random = np.random.RandomState(3)
    truth = random.randn(30, 2) + 100
    before, after = truth + 0.1 * random.randn(30, 2), truth + 0.3 * random.randn(30, 2)
    draws = np.random.RandomState(8)
    deltas = []
    for _ in range(2000):
        drawn = draws.randint(0, 30, 30, dtype=np.int64)
        one, two = (reference.r2_score(truth[drawn], answers[drawn]) for answers in (before, after))
        deltas.append(two - one)
    delta = reference.r2_score(truth, after) - reference.r2_score(truth, before)
    deltas = sorted([*deltas, delta])
    interval = r2_delta_interval(truth, before, after, 8)
    assert interval.low == pytest.approx(deltas[50], abs=1e-8)
    assert interval.high == pytest.approx(deltas[-51], abs=1e-8)


def test_equal_answers_have_an_interval_without_width() -> None:
    truth = np.arange(10.0).reshape(-1, 1)
    interval = r2_delta_interval(truth, truth + 1, truth + 1, 0)
    assert (interval.low, interval.high) == (0.0, 0.0)
