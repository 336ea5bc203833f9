"""Areas under the ROC curve against hand-worked numbers and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantci.statistics.roc import auc_change, average_precision, best_threshold, pair_changes, partial_auc, roc_auc


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


def test_average_precision_by_hand() -> None:
    # At 0.9: 1 of 1 right, half of the positives; at 0.5 two more, one right: precision 2/3 for the other half.
    scores, labels = np.array([0.9, 0.5, 0.5, 0.1]), np.array([1, 0, 1, 0])
    assert average_precision(scores, labels) == pytest.approx(1 / 2 + (2 / 3) / 2, abs=1e-15)
    assert average_precision(scores, np.zeros(4, int)) is None
