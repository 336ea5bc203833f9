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
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    Vector = NDArray[np.float64]

SUPPORT_SHARE: Final = 0.1  # a figure supports a term that makes this share of its cycles
_TOLERANCE: Final = 1e-10


class Row(NamedTuple):
    """One measured figure: units of each term, and cycles.

    Attributes:
        network: whose figure it is; empty: it stands for itself.
        weight: of its relative error in the fit.
    """

    name: str
    source: str
    terms: Mapping[str, float]
    cycles: float
    is_model: bool
    network: str = ""
    weight: float = 1.0

    @property
    def own(self) -> str:
        """What is left out of the fit together with it."""
        return self.network or self.name


class Check(NamedTuple):
    """A figure against what the others say of it.

    Attributes:
        fitted: estimate by the fit to all figures, in cycles.
        left_out: estimate by the fit to the others; None where no other figure knows one of its kernels.
        thin: share of that estimate which rests on terms that a single one of the others tells.
    """

    row: Row
    fitted: float
    left_out: float | None
    thin: float = 0.0

    @property
    def error(self) -> float | None:
        """|measured / estimated - 1|, the figure left out."""
        return None if self.left_out is None else relative_error(self.row.cycles, self.left_out)


def fit_terms(rows: Sequence[Row]) -> dict[str, float]:
    """Cycles of one unit of each term that occurs, such that the sum of squared weighted relative errors is least."""
    names = sorted({name for row in rows for name, units in row.terms.items() if units})
    weights = np.array([row.weight for row in rows])
    matrix = np.array([[row.terms.get(name, 0) / row.cycles for name in names] for row in rows]).reshape(len(rows), -1)
    solution = nonnegative_least_squares(weights[:, None] * matrix, weights)
    return dict(zip(names, solution.tolist(), strict=True))


def nonnegative_least_squares(matrix: Vector, wanted: Vector) -> Vector:
    """x >= 0 with the least |matrix @ x - wanted|: the active set method of Lawson and Hanson (1974), chapter 23.

    Columns are scaled to length 1 beforehand: coefficients may lie many powers of ten apart. Where plain least squares
    gives nothing negative, that is it.

    Args:
        matrix: [rows, columns], finite.
        wanted: [rows].
    """
    length = np.linalg.norm(matrix, axis=0)
    length[length == 0] = 1
    scaled = matrix / length
    count = matrix.shape[1]
    plain = np.linalg.lstsq(scaled, wanted, rcond=None)[0]
    if (plain >= 0).all():
        return np.asarray(plain / length)
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


def supports(
    rows: Sequence[Row], coefficients: Mapping[str, float], key: Callable[[Row], str] = lambda row: row.own
) -> dict[str, set[str]]:
    """Term -> networks (or what `key` tells of a figure) with a figure that supports it."""
    found: dict[str, set[str]] = {name: set() for name in coefficients}
    for row in rows:
        estimate = known_cycles(row.terms, coefficients)
        for name, units in row.terms.items():
            if units * coefficients.get(name, 0) >= SUPPORT_SHARE * estimate > 0:
                found[name].add(key(row))
    return found


def leave_out(rows: Sequence[Row], key: Callable[[Row], str] = lambda row: row.own) -> list[Check]:
    """Each figure against the fit to all of them, and the fit to those that `key` does not count to the same."""
    coefficients = fit_terms(rows)
    supporters = supports(rows, coefficients, key)
    left = {name: [row for row in rows if key(row) != name] for name in {key(row) for row in rows}}
    others = {name: fit_terms(some) for name, some in left.items()}
    known = {name: supports(some, others[name], key) for name, some in left.items()}
    checks = []
    for row in rows:
        fitted = known_cycles(row.terms, coefficients)
        alone = [units * coefficients[name] for name, units in row.terms.items() if supporters[name] <= {key(row)}]
        if math.fsum(alone) > SUPPORT_SHARE * fitted or len(others) == 1:
            checks.append(Check(row, fitted, None))
            continue
        by_others = others[key(row)]
        left_out = known_cycles(row.terms, by_others)
        single = {name for name, networks in known[key(row)].items() if len(networks) == 1}
        thin = known_cycles({name: units for name, units in row.terms.items() if name in single}, by_others)
        checks.append(Check(row, fitted, left_out, thin / left_out if left_out else 0.0))
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
