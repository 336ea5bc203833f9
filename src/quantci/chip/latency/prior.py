"""Fit few figures to coefficients that are drawn to known ones.

With r = coefficient / known coefficient, the fit takes the r of each term and one factor s of all terms that make

    sum over figures (estimated / measured - 1)^2 / FIGURE^2 + sum over terms (r - s)^2 / TERM^2 + (s - 1)^2 / BOARD^2

least, with no number negative: the most likely ones where figures, terms and boards spread normally by these ratios.
Terms that nothing is known of are fitted alone. docs/latency.md has the reasons and the checks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from quantci.chip.latency.fit import nonnegative_least_squares

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quantci.chip.latency.fit import Row, Vector

FIGURE: Final = 0.05  # half of the published figures lie within 5 % of the fit to them
TERM: Final = 0.25  # ops that were left out of the fit lie 9 % off it in the middle, a tenth of them more than 46 %
BOARD: Final = 0.4  # the worst published total lies 19 % off when left out; boards that nobody measured may differ more
_ALIKE: Final = 0.01  # columns closer to dependent than this cannot be told apart from figures that spread


def fit_drawn(rows: Sequence[Row], prior: Mapping[str, float]) -> dict[str, float]:
    """Cycles of one unit of each term of the figures and of `prior`, drawn to `prior`.

    Args:
        rows: figures; without any, `prior` comes back.
        prior: known coefficients, positive. Empty: plain non-negative least squares.
    """
    drawn, own = sorted(prior), own_terms(rows, prior)
    scale = np.array([*(prior[name] for name in drawn), *([1.0] * len(own))])
    figures = _shares(rows, [*drawn, *own]) * scale
    # One more column, the factor s; below the figures, a row for each r - s and one for s - 1.
    matrix = np.zeros((len(rows) + len(drawn) + 1, len(scale) + 1))
    wanted = np.zeros(len(matrix))
    matrix[: len(rows), :-1], wanted[: len(rows)] = figures, 1
    terms = matrix[len(rows) : -1]
    terms[:, : len(drawn)], terms[:, -1] = FIGURE / TERM * np.eye(len(drawn)), -FIGURE / TERM
    matrix[-1, -1] = wanted[-1] = FIGURE / BOARD
    solution = nonnegative_least_squares(matrix, wanted)[:-1] * scale
    return dict(zip([*drawn, *own], solution.tolist(), strict=True))


def missing_figures(rows: Sequence[Row], prior: Mapping[str, float]) -> int:
    """How many more figures are needed at least, for the terms that `prior` says nothing of."""
    own = own_terms(rows, prior)
    if not own:
        return 0
    shares = _shares(rows, own)
    sizes = np.linalg.svd(shares / np.linalg.norm(shares, axis=0), compute_uv=False)
    return len(own) - int((sizes > _ALIKE * sizes[0]).sum())


def own_terms(rows: Sequence[Row], prior: Mapping[str, float]) -> list[str]:
    """The terms of the figures that `prior` says nothing of."""
    return sorted({name for row in rows for name, units in row.terms.items() if units} - prior.keys())


def _shares(rows: Sequence[Row], names: Sequence[str]) -> Vector:
    """[rows, names]: units by the row's cycles."""
    table = [[row.terms.get(name, 0) / row.cycles for name in names] for row in rows]
    return np.array(table, float).reshape(len(rows), len(names))
