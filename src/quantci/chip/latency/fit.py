"""Coefficients of the latency model, by non-negative least squares on the relative error; and how far off they are.

The error of a figure is |measured / estimated - 1| after a fit without that figure: relative to the estimate, because
the estimate is the number that a reader holds. A figure that alone says what some kernel costs cannot be left out: the
fit would know nothing of that kernel. Such figures have no error.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from quantci.records.latency import LatencyTerm

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    Vector = NDArray[np.float64]

SUPPORT_SHARE: Final = 0.1  # a figure supports a term that makes this share of its cycles
_TOLERANCE: Final = 1e-10


class Row(NamedTuple):
    """One measured figure: units of each term, and cycles."""

    name: str
    source: str
    terms: Mapping[str, float]
    cycles: float
    is_model: bool


class Check(NamedTuple):
    """A figure against what the others say of it.

    Attributes:
        fitted: estimate by the fit to all figures, in cycles.
        left_out: estimate by the fit to the others; None where no other figure knows one of its kernels.
    """

    row: Row
    fitted: float
    left_out: float | None

    @property
    def error(self) -> float | None:
        """|measured / estimated - 1|, the figure left out."""
        return None if self.left_out is None else relative_error(self.row.cycles, self.left_out)


def fit_terms(rows: Sequence[Row]) -> dict[str, float]:
    """Cycles of one unit of each term that occurs, such that the sum of squared relative errors is least."""
    names = sorted({name for row in rows for name, units in row.terms.items() if units})
    matrix = np.array([[row.terms.get(name, 0) / row.cycles for name in names] for row in rows]).reshape(len(rows), -1)
    solution = nonnegative_least_squares(matrix, np.ones(len(rows)))
    return dict(zip(names, solution.tolist(), strict=True))


def nonnegative_least_squares(matrix: Vector, wanted: Vector) -> Vector:
    """x >= 0 with the least |matrix @ x - wanted|: the active set method of Lawson and Hanson (1974), chapter 23.

    Columns are scaled to length 1 beforehand: coefficients may lie many powers of ten apart.

    Args:
        matrix: [rows, columns], finite.
        wanted: [rows].
    """
    length = np.linalg.norm(matrix, axis=0)
    length[length == 0] = 1
    scaled = matrix / length
    count = matrix.shape[1]
    solution, is_free = np.zeros(count), np.zeros(count, bool)
    for _ in range(30 * count):
        gradient = scaled.T @ (wanted - scaled @ solution)
        gradient[is_free] = -np.inf
        if not count or gradient.max() <= _TOLERANCE * max(1.0, float(np.linalg.norm(wanted))):
            break
        is_free[gradient.argmax()] = True
        while True:
            trial = np.zeros(count)
            trial[is_free] = np.linalg.lstsq(scaled[:, is_free], wanted, rcond=None)[0]
            blocked = is_free & (trial <= 0)
            if not blocked.any():
                break
            step = np.min(solution[blocked] / (solution[blocked] - trial[blocked]))
            solution = solution + step * (trial - solution)
            is_free &= solution > _TOLERANCE
            solution[~is_free] = 0
        solution = trial
    return np.asarray(solution / length)


def known_cycles(terms: Mapping[str, float], coefficients: Mapping[str, float]) -> float:
    """The sum of the terms; one without a coefficient counts nothing."""
    return math.fsum(units * coefficients.get(name, 0) for name, units in terms.items())


def relative_error(measured: float, estimated: float) -> float:
    """|measured / estimated - 1|."""
    return abs(measured / estimated - 1) if estimated else math.inf


def supports(rows: Sequence[Row], coefficients: Mapping[str, float]) -> dict[str, list[int]]:
    """Term -> indices of the figures that support it."""
    return {
        name: [
            index
            for index, row in enumerate(rows)
            if row.terms.get(name, 0) * cycles >= SUPPORT_SHARE * known_cycles(row.terms, coefficients) > 0
        ]
        for name, cycles in coefficients.items()
    }


def leave_one_out(rows: Sequence[Row]) -> list[Check]:
    """Each figure against the fit to all of them and the fit to all others."""
    coefficients = fit_terms(rows)
    supporters = supports(rows, coefficients)
    checks = []
    for index, row in enumerate(rows):
        fitted = known_cycles(row.terms, coefficients)
        alone = [units * coefficients[name] for name, units in row.terms.items() if supporters.get(name) == [index]]
        left_out: float | None = None
        if math.fsum(alone) <= SUPPORT_SHARE * fitted and len(rows) > 1:
            others = fit_terms([*rows[:index], *rows[index + 1 :]])
            left_out = known_cycles(row.terms, others)
        checks.append(Check(row, fitted, left_out))
    return checks


def percentile(errors: Iterable[float], percent: int) -> float:
    """The smallest error that at least so many percent of them do not exceed (nearest rank).

    Raises:
        ValueError: there is none.
    """
    ordered = sorted(errors)
    if not ordered:
        msg = "no figure could be left out"
        raise ValueError(msg)
    return ordered[max(1, -(-percent * len(ordered) // 100)) - 1]


def stored_terms(
    rows: Sequence[Row], coefficients: Mapping[str, float], published: Mapping[str, LatencyTerm] | None = None
) -> dict[str, LatencyTerm]:
    """The coefficients as a file holds them: four digits, with the figures behind each.

    Args:
        rows: the figures that were fitted.
        coefficients: cycles of one unit of each term.
        published: the published coefficients that the fit was drawn to.
    """
    found = supports(rows, coefficients)
    return {
        name: LatencyTerm(
            cycles=float(f"{cycles:.4g}"),
            support=len(found[name]),
            published=published[name].support if published and name in published else 0,
        )
        for name, cycles in coefficients.items()
    }
