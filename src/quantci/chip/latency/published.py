"""The published coefficients, from published figures: how far off they are, and what each term is good for.

`python -m tests.docs.tables --write` fits them again, writes coefficients.json, and makes the tables of the document.
"""

from __future__ import annotations

import math
from statistics import fmean
from typing import TYPE_CHECKING, Final, NamedTuple

from quantci.chip.esp_nn.terms import CHIP
from quantci.chip.latency.coefficients import PUBLISHED
from quantci.chip.latency.data import published_figures, rows_of
from quantci.chip.latency.fit import Check, Row, fit_terms, known_cycles, leave_out, percentile, stored_terms, supports
from quantci.records.base import encode, write_bytes
from quantci.records.latency import LatencyCoefficients, OtherBuild

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from quantci.records.latency import Kernels, LatencyTerm, Memory, PublishedFigures

CLOCK_HZ: Final = 240_000_000
FITTED_ON: Final = "2026-11-26"
LARGEST_ERROR: Final = 1.0  # a build that is further off than this gets no total
BUILDS: Final[Sequence[tuple[Kernels, Memory]]] = (
    ("esp-nn", "internal"),
    ("esp-nn", "psram"),
    ("reference", "internal"),
)


class Ablation(NamedTuple):
    """What a term is good for.

    Attributes:
        networks: that support it.
        figures: that hold it.
        error: of these figures with each network (or, where only one supports it, each figure) left out: the mean of
            |measured - estimated| / the larger of the two.
        error_without: the same of a fit without the term.
    """

    term: str
    networks: int
    figures: int
    error: float
    error_without: float


def checks_of(figures: PublishedFigures, *, by_source: bool = False) -> dict[tuple[str, str], list[Check]]:
    """(kernels, memory) -> each total, and the figures of kernels, against the fit without its network (or source)."""
    key = (lambda row: row.source) if by_source else (lambda row: row.own)
    memory = {figure.name: figure.memory for figure in figures.figures}
    found: dict[tuple[str, str], list[Check]] = {}
    for kernels in ("esp-nn", "reference"):
        for check in leave_out(rows_of(figures, kernels), key):
            if check.row.name in memory:
                found.setdefault((kernels, memory[check.row.name]), []).append(check)
    return found


def network_errors(checks: Iterable[Check]) -> dict[str, float]:
    """Network -> the largest error of its totals, where it could be left out."""
    found: dict[str, float] = {}
    for check in checks:
        if check.row.is_model and check.error is not None:
            found[check.row.network] = max(check.error, found.get(check.row.network, 0))
    return found


def ablations(figures: PublishedFigures) -> list[Ablation]:
    """What each term of the estimate is good for."""
    rows = rows_of(figures, "esp-nn")
    coefficients = fit_terms(rows)
    networks = supports(rows, coefficients)
    return [_without(rows, term, len(networks[term])) for term in sorted(coefficients)]


def _without(rows: Sequence[Row], term: str, networks: int) -> Ablation:
    key = _network if networks > 1 else _figure  # without its only network, nothing would be known of the term
    left = [row._replace(terms={name: units for name, units in row.terms.items() if name != term}) for row in rows]
    held = [place for place, row in enumerate(rows) if row.terms.get(term)]
    return Ablation(
        term=term,
        networks=networks,
        figures=len(held),
        error=_mean_distance(rows, held, key),
        error_without=_mean_distance(left, held, key),
    )


def _network(row: Row) -> str:
    return row.own


def _figure(row: Row) -> str:
    return row.name


def _mean_distance(rows: Sequence[Row], held: Sequence[int], key: Callable[[Row], str]) -> float:
    """How far these figures are from the fit without them, over networks: 0 is equal, 1 where nothing is estimated."""
    others = {
        name: fit_terms([row for row in rows if key(row) != name]) for name in {key(rows[place]) for place in held}
    }
    found: dict[str, list[float]] = {}
    for row in (rows[place] for place in held):
        estimated = known_cycles(row.terms, others[key(row)])
        found.setdefault(row.own, []).append(abs(row.cycles - estimated) / max(row.cycles, estimated))
    return fmean(fmean(distances) for distances in found.values())


def fit_published() -> LatencyCoefficients:
    """The coefficients of the published figures, and the builds that they cover: where the error is at most 100 %."""
    figures = published_figures()
    checks = checks_of(figures)
    errors = {build: list(network_errors(checks.get(build, ())).values()) for build in BUILDS}
    covered = [
        OtherBuild(kernels=kernels, memory=memory, models=len(found), error_ratio=percentile(found, 90))
        for (kernels, memory), found in errors.items()
        if len(found) > 1 and percentile(found, 90) <= LARGEST_ERROR
    ]
    first, *others = covered
    rows = {kernels: rows_of(figures, kernels) for kernels in ("esp-nn", "reference")}
    terms: dict[str, LatencyTerm] = {}
    for some in rows.values():
        terms |= stored_terms(some, _positive(fit_terms(some)))
    every = [row for some in rows.values() for row in some]
    return LatencyCoefficients(
        schema_version=1,
        chip=CHIP,
        clock_hz=CLOCK_HZ,
        kernels=first.kernels,
        memory=first.memory,
        board=None,
        fitted_on=FITTED_ON,
        figures=len(every),
        sources=len({row.source for row in every}),
        models=first.models,
        error_ratio=first.error_ratio,
        terms=terms,
        other_builds=others,
    )


def _positive(coefficients: Mapping[str, float]) -> dict[str, float]:
    """Those above zero: a board's coefficients are drawn to each by its ratio.

    Raises:
        ValueError: one is zero: such a term tells nothing and must go.
    """
    zero = [name for name, cycles in coefficients.items() if not cycles > 0 or not math.isfinite(cycles)]
    if zero:
        msg = f"the fit gives nothing for {', '.join(zero)}"
        raise ValueError(msg)
    return dict(coefficients)


def write_published() -> None:
    """Fit the published figures again, and store the coefficients."""
    write_bytes(PUBLISHED, encode(fit_published()))
