"""Paired comparison: hand-worked numbers, scipy, and what its arguments must and must not change."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantci.evaluate.metrics import roc_auc
from quantci.evaluate.paired import (
    accuracy_delta_interval,
    auc_delta_interval,
    mcnemar_p,
    paired_accuracy,
    paired_auc,
    tango_interval,
    worst_class,
)
from quantci.evaluate.power import smallest_detectable_drop, unseen_share
from quantci.records.base import decode, encode
from quantci.records.evaluate import Paired

counts = st.integers(0, 60)


def flags(text: str) -> Any:
    return np.array([letter == "1" for letter in text])


def test_accuracy_by_hand() -> None:
    before, after = flags("11110010"), flags("11001010")
    labels = np.array([0, 0, 1, 1, 1, 2, 2, 2])
    found = paired_accuracy(
        before, after, ids=[f"s{index}" for index in range(8)], labels=labels, names=["a", "b", "c"], seed=7
    )
    assert found.metric == "top1_accuracy"
    assert (found.broken, found.fixed) == (["s2", "s3"], ["s4"])
    assert found.delta == -1 / 8
    # Three discordant, the smaller side has 1: 2 (C(3,0) + C(3,1)) / 2^3 = 1.
    assert found.mcnemar_p == 1.0
    # Class b: from 2/3 to 1/3.
    assert found.worst_class is not None
    assert (found.worst_class.label, found.worst_class.support) == ("b", 3)
    assert found.worst_class.recall_delta == -1 / 3
    assert found.smallest_detectable_drop == smallest_detectable_drop(8, 3)
    assert found.bootstrap_resamples == 10_000
    assert decode(encode(found), Paired) == found


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


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25)
def test_order_of_samples_changes_only_the_order_of_ids(seed: int) -> None:
    random = np.random.RandomState(seed)
    before, after = random.randint(0, 2, (2, 40)).astype(np.bool_)
    labels, order = random.randint(0, 4, 40), random.permutation(40)
    ids = np.array([f"id {index}" for index in range(40)])
    names = ["a", "b", "c", "d"]
    one = paired_accuracy(before, after, ids=ids.tolist(), labels=labels, names=names, seed=1)
    two = paired_accuracy(
        before[order], after[order], ids=ids[order].tolist(), labels=labels[order], names=names, seed=1
    )
    assert one.delta == (len(one.fixed) - len(one.broken)) / 40
    assert sorted(one.broken) == sorted(two.broken)
    assert sorted(one.fixed) == sorted(two.fixed)
    assert (one.delta, one.interval, one.mcnemar_p, one.worst_class) == (
        two.delta,
        two.interval,
        two.mcnemar_p,
        two.worst_class,
    )


def test_worst_class_ties_go_to_more_samples_then_to_the_first() -> None:
    names = ["a", "b", "c", "empty"]
    # a: 1 of 2 broken; b and c: 2 of 4 broken.
    labels = np.array([0, 0, 1, 1, 1, 1, 2, 2, 2, 2])
    found = worst_class(flags("1111111111"), flags("1011001100"), labels, names)
    assert (found.label, found.recall_delta, found.support) == ("b", -0.5, 4)
    assert worst_class(flags("1111111111"), flags("1111111111"), labels, names).recall_delta == 0


# Anomaly scores

KINDS = np.repeat([0, 1], 20)


def test_auc_by_hand() -> None:
    before = np.array([1.0, 2.0, 3.0, 4.0])
    after = np.array([1.0, 3.5, 3.0, 4.0])
    found = paired_auc(
        before, after, ids=["n1", "n2", "x1", "x2"], labels=np.array([0, 0, 1, 1]), threshold=2.5, seed=0
    )
    # One of four pairs, (x1, n2), turns round. At a threshold of 2.5, n2 becomes a false alarm.
    assert found.delta == -1 / 4
    assert (found.broken, found.fixed) == (["n2"], [])
    assert (found.metric, found.mcnemar_p, found.worst_class, found.bootstrap_resamples) == (
        "roc_auc",
        None,
        None,
        2000,
    )
    assert decode(encode(found), Paired) == found


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
    found = paired_auc(before, after, ids=[str(index) for index in range(40)], labels=KINDS, threshold=0.5, seed=9)
    # The interval adds the error of unseen groups: take it out again, it is the same to both sides.
    fall, rise = found.delta - found.interval.low, found.interval.high - found.delta
    plain_fall, plain_rise = found.delta - deltas[50], deltas[1949] - found.delta
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
    found = paired_auc(before, after, ids=[str(index) for index in range(40)], labels=KINDS, threshold=9.5, seed=seed)
    assert -1 <= found.interval.low <= found.delta <= found.interval.high <= 1
    assert auc_delta_interval(np.exp(before / 10), after * 3 - 7, KINDS, seed) == found.interval
