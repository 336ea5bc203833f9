"""Fit few figures of a board, drawn to what is known of such boards.

Known are the published coefficients p, with three reasons why those of a board are others: published figures spread,
and may not tell some terms apart; the whole board is slower by one factor; and it is slower at a kernel by another.
With A, a row for each published figure (units by cycles, times its weight), these add up to

    covariance C = NETWORK^2 (A'A)^-1 + BOARD^2 pp' + KERNEL^2 pp' between terms of one kernel

The fit takes the coefficients c, none negative, that make

    sum over figures (estimated / measured - 1)^2 / spread^2 + (c - p)' C^-1 (c - p)

least: the most likely ones where all of this spreads normally. Terms that nothing is known of are fitted alone.
docs/latency.md has the reasons and the checks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from quantci.chip.esp_nn.terms import TERMS
from quantci.chip.latency.fit import nonnegative_least_squares

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quantci.chip.latency.fit import Row, Vector

TOTAL: Final = 0.03  # half of the published totals lie within 3 % of the fit to them
OP: Final = 0.09  # half of the published ops and kernels lie within 7 % of it
NETWORK: Final = 0.05  # half of the published totals lie within 4 % of the fit to the other networks
KERNEL: Final = 0.25  # ops that were left out of the fit lie 9 % off it in the middle, a tenth of them more than 42 %
BOARD: Final = 0.4  # the worst published total lies 17 % off when left out; boards that nobody measured may differ more
_ALIKE: Final = 0.01  # columns closer to dependent than this cannot be told apart from figures that spread
_FAINT: Final = 1e-3  # of what a figure tells of a term: so much is known of each, so that C is finite
_ROUNDING: Final = 1e-9  # terms of one kernel of which no figure is published spread alike, to this


class Prior(NamedTuple):
    """What is known of a board: cycles of one unit of each term, and how these spread.

    Attributes:
        covariance: of the terms in alphabetical order.
    """

    cycles: Mapping[str, float]
    covariance: Vector


def prior_of(cycles: Mapping[str, float], figures: Sequence[Row] = ()) -> Prior:
    """What published coefficients say of a board.

    Args:
        cycles: the coefficients; empty: nothing is known.
        figures: those that the coefficients were fitted to, with their weights; none: they are exact.
    """
    names = sorted(cycles)
    known = np.array([cycles[name] for name in names])
    kernels = [TERMS[name].kernel for name in names]
    alike = np.array([[one == other for other in kernels] for one in kernels], float).reshape(len(names), len(names))
    covariance = np.outer(known, known) * (BOARD**2 + KERNEL**2 * alike)
    if figures:
        weights = np.array([row.weight for row in figures])
        matrix = weights[:, None] * _shares(figures, names)
        length = np.linalg.norm(matrix, axis=0)
        length[length == 0] = 1
        told = (matrix / length).T @ (matrix / length) + _FAINT * np.eye(len(names))
        covariance += NETWORK**2 * np.linalg.inv(told) / np.outer(length, length)
    return Prior(cycles, covariance)


def fit_drawn(rows: Sequence[Row], prior: Prior) -> dict[str, float]:
    """Cycles of one unit of each term of the figures and of `prior`, drawn to `prior`.

    Args:
        rows: figures; without any, `prior` comes back.
        prior: what is known. Empty: plain non-negative least squares.
    """
    drawn, own = sorted(prior.cycles), own_terms(rows, prior.cycles)
    deviation = np.sqrt(np.diag(prior.covariance))
    correlation = prior.covariance / np.outer(deviation, deviation)
    whiten = np.linalg.inv(np.linalg.cholesky(correlation + _ROUNDING * np.eye(len(drawn))))
    known = np.array([prior.cycles[name] for name in drawn]) / deviation
    scale = np.array([*deviation, *([1.0] * len(own))])
    spread = np.array([TOTAL if row.is_model else OP for row in rows])
    figures = _shares(rows, [*drawn, *own]) * scale / spread[:, None]
    matrix = np.vstack([figures, np.hstack([whiten, np.zeros((len(drawn), len(own)))])])
    solution = nonnegative_least_squares(matrix, np.concatenate([1 / spread, whiten @ known])) * scale
    return dict(zip([*drawn, *own], solution.tolist(), strict=True))


def missing_figures(rows: Sequence[Row], known: Mapping[str, float]) -> int:
    """How many more figures are needed at least, for the terms of which no coefficient is known."""
    own = own_terms(rows, known)
    if not own:
        return 0
    shares = _shares(rows, own)
    sizes = np.linalg.svd(shares / np.linalg.norm(shares, axis=0), compute_uv=False)
    return len(own) - int((sizes > _ALIKE * sizes[0]).sum())


def own_terms(rows: Sequence[Row], known: Mapping[str, float]) -> list[str]:
    """The terms of the figures of which no coefficient is known."""
    return sorted({name for row in rows for name, units in row.terms.items() if units} - known.keys())


def _shares(rows: Sequence[Row], names: Sequence[str]) -> Vector:
    """[rows, names]: units by the row's cycles."""
    table = [[row.terms.get(name, 0) / row.cycles for name in names] for row in rows]
    return np.array(table, float).reshape(len(rows), len(names))
