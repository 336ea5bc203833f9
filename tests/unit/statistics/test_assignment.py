"""The best pairing of rows and columns, against SciPy's own algorithm and against all permutations."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from quantci.statistics.assignment import best_assignment


def total(counts: np.ndarray, columns: np.ndarray) -> int:
    assert sorted(columns.tolist()) == list(range(len(counts)))
    return int(counts[np.arange(len(counts)), columns].sum())


def test_a_table_worked_out_by_hand() -> None:
    """The first row's best column is the second row's, too: 9 + 2 is less than 8 + 7."""
    counts = np.array([[8, 9, 0], [2, 7, 0], [0, 0, 1]])
    assert best_assignment(counts).tolist() == [0, 1, 2]
    assert best_assignment(np.array([[0, 5, 0], [0, 0, 5], [5, 0, 0]])).tolist() == [1, 2, 0]
    assert best_assignment(np.array([[1, 9], [9, 1]])).tolist() == [1, 0]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 40, 120])
@pytest.mark.parametrize("largest", [2, 10, 100_000])
def test_the_sum_is_that_of_scipy(size: int, largest: int) -> None:
    for seed in range(20):
        counts = np.random.RandomState(seed).randint(0, largest, (size, size)).astype(np.int64)
        ours = best_assignment(counts)
        assert total(counts, ours) == int(counts[linear_sum_assignment(counts, maximize=True)].sum())


def test_of_equal_sums_the_one_that_moves_fewest_rows() -> None:
    for seed in range(60):
        counts = np.random.RandomState(seed).randint(0, 3, (5, 5)).astype(np.int64)
        found = best_assignment(counts)
        every = [np.array(columns) for columns in permutations(range(5))]
        best = max(total(counts, columns) for columns in every)
        fixed = max(int((columns == np.arange(5)).sum()) for columns in every if total(counts, columns) == best)
        assert int((found == np.arange(5)).sum()) == fixed
