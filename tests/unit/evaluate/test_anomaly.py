"""Anomaly metrics against hand-worked numbers and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantci.errors import DataRejected, ModelRejected
from quantci.evaluate.anomaly import (
    anomaly_metrics,
    auc_change,
    best_threshold,
    group_means,
    pair_changes,
    partial_auc,
    reconstruction_score,
)
from quantci.evaluate.metrics import roc_auc
from quantci.records.base import decode, encode
from quantci.records.evaluate import AnomalyMetrics


def test_score_is_the_mean_squared_error() -> None:
    original = np.array([[1, 2], [0, 0]], dtype=np.float32)
    reconstructed = np.array([[1, 4], [3, 1]], dtype=np.float32)
    # The squares 0, 4 and 9, 1, halved.
    assert reconstruction_score(original, reconstructed).tolist() == [2.0, 5.0]


def test_windows_of_a_file_are_averaged_in_the_order_of_their_first() -> None:
    groups = group_means(np.array([1.0, 5.0, 3.0]), np.array([0, 1, 0]), ["b.wav", "a.wav", "b.wav"])
    assert groups.names == ["b.wav", "a.wav"]
    assert groups.scores.tolist() == [2.0, 5.0]
    assert groups.labels.tolist() == [0, 1]


def test_hand_worked_example() -> None:
    # Groups: n1 = (1 + 3) / 2 = 2, n2 = 4, x1 = 3, x2 = 5.
    groups = group_means(np.array([1.0, 3.0, 4.0, 3.0, 5.0]), np.array([0, 0, 0, 1, 1]), ["n1", "n1", "n2", "x1", "x2"])
    metrics = anomaly_metrics(groups, {})
    # Pairs: 3 > 2, 3 < 4, 5 > 2, 5 > 4: 3 of 4.
    assert metrics.roc_auc == 3 / 4
    # Above the highest normal score lies x2 alone: the curve is 1/2 up to a rate of 0.1, an area of 0.05.
    # Chance is 0.005, perfection 0.1: (1 + 0.045 / 0.095) / 2 = 0.736842...
    assert metrics.partial_auc == pytest.approx((1 + 0.045 / 0.095) / 2, abs=1e-15)
    assert (metrics.normal_groups, metrics.anomalous_groups) == (2, 2)
    assert (metrics.mean_score_normal, metrics.mean_score_anomalous) == (3.0, 4.0)
    assert decode(encode(metrics), AnomalyMetrics) == metrics


def test_own_metric_sees_group_scores() -> None:
    metrics = anomaly_metrics(
        group_means(np.array([1.0, 3.0]), np.array([0, 1]), ["n", "x"]),
        {"m:f": lambda scores, labels: float(scores[1, 0] + labels[1])},
    )
    assert metrics.custom == {"m:f": 4.0}


@pytest.mark.parametrize(
    ("labels", "groups", "code"),
    [([0, 1, 1], ["a", "a", "b"], "group-labels"), ([1, 1, 1], ["a", "b", "c"], "one-label")],
)
def test_groups_that_cannot_be_judged_are_refused(labels: list[int], groups: list[str], code: str) -> None:
    with pytest.raises(DataRejected) as caught:
        group_means(np.ones(3), np.array(labels), groups)
    assert caught.value.code == code


def test_score_that_is_not_finite_is_refused() -> None:
    with pytest.raises(ModelRejected, match="not-finite"):
        group_means(np.array([1.0, np.inf]), np.array([0, 1]), ["a", "b"])


def test_best_threshold_lies_between_neighbours_and_takes_the_highest_of_equals() -> None:
    # Thresholds 1.5, 2.5 and 3.5 have rates (1, 1/2), (1/2, 1/2), (1/2, 0): gains 1/2, 0, 1/2.
    assert best_threshold(np.array([1.0, 2.0, 3.0, 4.0]), np.array([0, 1, 0, 1])) == 3.5
    assert best_threshold(np.array([2.0, 1.0]), np.array([0, 1])) == 2.0  # worse than nothing: nothing is flagged
    assert best_threshold(np.array([1.0, np.nextafter(1.0, 2)]), np.array([0, 1])) == 1.0  # no number lies between


def test_perfect_separation_has_a_partial_auc_of_one() -> None:
    assert partial_auc(np.arange(40.0), np.repeat([0, 1], 20)) == 1.0


@given(st.integers(0, 2**32 - 1), st.integers(2, 80), st.integers(1, 40))
def test_areas_agree_with_scikit_learn(seed: int, samples: int, levels: int) -> None:
    reference = pytest.importorskip("sklearn.metrics")
    random = np.random.RandomState(seed)
    labels = np.append([0, 1], random.randint(0, 2, samples - 2))
    scores = random.randint(0, levels, samples) + 0.3 * labels * random.randint(0, 5)
    assert partial_auc(scores, labels) == pytest.approx(reference.roc_auc_score(labels, scores, max_fpr=0.1), abs=1e-12)
    assert roc_auc(scores, labels) == pytest.approx(reference.roc_auc_score(labels, scores), abs=1e-12)


@given(st.integers(0, 2**32 - 1))
def test_pair_changes_sum_to_the_change_of_the_auc(seed: int) -> None:
    random = np.random.RandomState(seed)
    labels = np.append([0, 1], random.randint(0, 2, 20))
    before, after = random.randint(0, 6, (2, 22)).astype(np.float64)
    change = pair_changes(before, after, labels)
    areas = roc_auc(before, labels), roc_auc(after, labels)
    assert areas[0] is not None
    assert areas[1] is not None
    assert auc_change(change) == pytest.approx(areas[1] - areas[0], abs=1e-12)
