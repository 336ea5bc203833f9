"""Published figures as rows to fit, and the coefficients that quantci ships.

`python -m quantci.chip.latency.data` fits them again and writes coefficients.json.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from quantci.chip.esp_nn.terms import CHIP, work_of
from quantci.chip.latency.coefficients import PUBLISHED
from quantci.chip.latency.fit import Check, Row, fit_terms, known_cycles, leave_one_out, percentile, stored_terms
from quantci.chip.latency.layers import parse_layers
from quantci.records.base import encode, write_bytes
from quantci.records.latency import LatencyCoefficients, PublishedFigures

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quantci.records.latency import PublishedFigure

DATA: Final = Path(__file__).with_name("data.toml")
CLOCK_HZ: Final = 240_000_000
FITTED_ON: Final = "2026-11-24"
LARGEST_ERROR: Final = 1.0  # a group that is further off than this gets no coefficients


def published_figures() -> PublishedFigures:
    """What data.toml says."""
    return msgspec.toml.decode(DATA.read_bytes(), type=PublishedFigures)


def rows_of(figures: PublishedFigures, group: str) -> list[Row]:
    """The figures of a group: esp-nn (arena in internal RAM, and kernels from the cache), psram, or reference."""
    return [row_of(figures, figure) for figure in figures.figures if group_of(figure) == group]


def group_of(figure: PublishedFigure) -> str:
    """The group that a figure is fitted or judged in."""
    if figure.kernels == "reference":
        return "reference"
    return "psram" if figure.memory == "psram" else "esp-nn"


def row_of(figures: PublishedFigures, figure: PublishedFigure) -> Row:
    """The terms of a figure, summed over its layers, and its cycles.

    Raises:
        ValueError: a layer cannot be read, or not exactly one of `cycles` and `time_us` is given.
    """
    terms: dict[str, float] = {}
    for layer in parse_layers(figure.input, figure.layers):
        work = work_of(layer, figure.kernels)
        for name, units in work.terms.items() if work else ():
            terms[name] = terms.get(name, 0) + units
    if (figure.cycles is None) == (figure.time_us is None):
        msg = f"{figure.name}: give cycles or time_us"
        raise ValueError(msg)
    cycles = figure.cycles
    if cycles is None:
        cycles = (figure.time_us or 0) * figures.sources[figure.source].clock_hz / 1e6
    return Row(figure.name, figure.source, terms, cycles, figure.is_model)


def check_groups(figures: PublishedFigures) -> dict[str, list[Check]]:
    """Group -> each of its figures against the fit to the others; `psram` against the fit to `esp-nn`."""
    rows = rows_of(figures, "esp-nn")
    coefficients = fit_terms(rows)
    outside = []
    for row in rows_of(figures, "psram"):
        estimate = known_cycles(row.terms, coefficients)
        outside.append(Check(row, estimate, estimate))
    return {
        "esp-nn": leave_one_out(rows),
        "psram": outside,
        "reference": leave_one_out(rows_of(figures, "reference")),
    }


def fit_published() -> LatencyCoefficients:
    """The coefficients of the published figures: of a group only where its largest error is at most 100 %."""
    figures = published_figures()
    rows = rows_of(figures, "esp-nn")
    checks = check_groups(figures)
    errors = [check.error for check in checks["esp-nn"] if check.row.is_model and check.error is not None]
    largest = {group: _largest(checks[group]) for group in ("psram", "reference")}
    return LatencyCoefficients(
        schema_version=1,
        chip=CHIP,
        clock_hz=CLOCK_HZ,
        kernels="esp-nn",
        memory="internal",
        board=None,
        fitted_on=FITTED_ON,
        figures=len(rows),
        sources=len({row.source for row in rows}),
        models=len(errors),
        error_ratio=percentile(errors, 90),
        terms=stored_terms(rows, fit_terms(rows)),
        groups_left_out={
            group: float(f"{error:.3g}") for group, error in largest.items() if not error <= LARGEST_ERROR
        },
    )


def _largest(checks: Iterable[Check]) -> float:
    return max((math.inf if check.error is None else check.error for check in checks), default=math.inf)


if __name__ == "__main__":
    write_bytes(PUBLISHED, encode(fit_published()))
