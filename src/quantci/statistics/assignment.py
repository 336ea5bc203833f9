"""Which answer stands for which class: the pairing of rows and columns that holds most of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def best_assignment(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The column of each row, each column once, so that the sum of their counts [n, n] is the largest.

    Of equally good ones the one that moves fewest rows off the diagonal. Shortest augmenting paths with prices
    (Kuhn 1955, Jonker and Volgenant 1987) in whole numbers, so the result is exact; rows whose best column is free take
    it beforehand, and that is nearly all of them in a confusion matrix.
    """
    n = len(counts)
    weights = counts.astype(np.int64) * (n + 1) + np.eye(n, dtype=np.int64)
    cost = weights.max(axis=1, keepdims=True) - weights
    column_of, row_of = np.full(n, -1), np.full(n, -1)
    for row, column in enumerate(cost.argmin(axis=1).tolist()):
        if row_of[column] < 0:
            column_of[row], row_of[column] = column, row
    row_price, column_price = np.zeros(n, np.int64), np.zeros(n, np.int64)
    for start in np.flatnonzero(column_of < 0).tolist():
        _augment(start, cost, row_price, column_price, column_of, row_of)
    return column_of


def _augment(
    start: int,
    cost: NDArray[np.int64],
    row_price: NDArray[np.int64],
    column_price: NDArray[np.int64],
    column_of: NDArray[np.int64],
    row_of: NDArray[np.int64],
) -> None:
    """Give the row `start` a column by the cheapest chain of changes, found as Dijkstra would."""
    distance = cost[start] - row_price[start] - column_price
    before = np.full(len(cost), start)
    is_open = np.ones(len(cost), np.bool_)
    while True:
        reachable = np.flatnonzero(is_open)
        column = int(reachable[distance[reachable].argmin()])
        shortest, row = distance[column], row_of[column]
        if row < 0:
            break
        is_open[column] = False
        through = shortest + cost[row] - row_price[row] - column_price
        is_shorter = is_open & (through < distance)
        distance[is_shorter], before[is_shorter] = through[is_shorter], row
    closed = np.flatnonzero(~is_open)
    row_price[row_of[closed]] += shortest - distance[closed]
    column_price[closed] -= shortest - distance[closed]
    row_price[start] += shortest
    while True:
        row = before[column]
        row_of[column] = row
        column_of[row], column = column, column_of[row]
        if row == start:
            return
