"""Bounds against chance, by hand, by other libraries' numbers and by counting pairs one by one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import balanced_accuracy_score, r2_score

from quantci.statistics.chance import auc_interval, informedness_low, is_most, r2_low


def test_six_of_six_are_most_and_five_of_five_are_not() -> None:
    """2 / 2^5 = 0.0625 is above 5 %, 2 / 2^6 = 0.031 is not; asked twelve times, 2 / 2^9 = 0.0039 is enough."""
    assert [is_most(n, n) for n in (0, 5, 6)] == [False, False, True]
    assert [is_most(n, n, tries=12) for n in (8, 9)] == [False, True]
    assert not is_most(0, 100)


@pytest.mark.parametrize(("hits", "samples"), [(60, 100), (59, 100), (61, 100), (5300, 10_000), (5070, 10_000)])
def test_most_is_the_sign_test_of_scipy(hits: int, samples: int) -> None:
    assert is_most(hits, samples) == (binomtest(hits, samples).pvalue < 0.05)


def test_informedness_is_the_adjusted_balanced_accuracy_less_its_error() -> None:
    truth = np.repeat([0, 1, 2], [9000, 3000, 6000])
    answers = np.random.RandomState(0).randint(0, 3, len(truth))
    answers[::2] = truth[::2]
    hits = np.bincount(truth[answers == truth])
    adjusted = balanced_accuracy_score(truth, answers, adjusted=True)
    low = informedness_low(hits, np.bincount(truth))
    assert low < adjusted
    # Variances of the recalls h / n, by hand: sum of r (1 - r) / n, over 3 classes; scaled by 1 - 1/3.
    recalls = hits / np.bincount(truth)
    error = np.sqrt((recalls * (1 - recalls) / np.bincount(truth)).sum()) / 3 / (2 / 3)
    assert low == pytest.approx(adjusted - 1.96 * error, abs=1e-4)


def test_one_answer_for_all_is_not_informed() -> None:
    assert informedness_low(np.array([95, 0]), np.array([95, 5])) < 0
    assert informedness_low(np.array([90, 5]), np.array([95, 5])) > 0.3


def test_r2_less_its_error() -> None:
    random = np.random.RandomState(1)
    truth = random.randn(4000, 2) * [1, 50]
    answers = truth + random.randn(4000, 2) * [0.5, 40]
    low = r2_low(truth, answers)
    resampled = [
        r2_score(truth[drawn], answers[drawn]) for drawn in (random.randint(0, 4000, 4000) for _ in range(500))
    ]
    assert r2_score(truth, answers) - low == pytest.approx(1.96 * np.std(resampled), rel=0.25)
    assert r2_low(truth, np.tile(truth.mean(axis=0), (4000, 1))) == pytest.approx(0, abs=1e-12)
    assert r2_low(truth, random.permutation(truth)) < 0


def test_the_interval_of_an_auc_by_counting_pairs() -> None:
    random = np.random.RandomState(2)
    labels = random.randint(0, 2, 60)
    scores = np.round(random.randn(60) + 0.8 * labels, 1)  # with ties
    pairs = np.array(
        [
            [float(one > other) + 0.5 * float(one == other) for other in scores[labels == 0]]
            for one in scores[labels == 1]
        ]
    )
    error = np.sqrt(pairs.mean(axis=1).var() / pairs.shape[0] + pairs.mean(axis=0).var() / pairs.shape[1])
    low, high = auc_interval(scores, labels)
    assert low == pytest.approx(pairs.mean() - 1.959964 * error)
    assert high == pytest.approx(pairs.mean() + 1.959964 * error)


def test_perfect_scores_have_no_width() -> None:
    assert auc_interval(np.arange(10.0), np.arange(10) // 5) == (1, 1)
    assert auc_interval(-np.arange(10.0), np.arange(10) // 5) == (0, 0)
