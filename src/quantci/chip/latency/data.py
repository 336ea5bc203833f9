"""Published figures as rows to fit, how far off the fit is, and the coefficients that quantci ships.

`python -m quantci.chip.latency.data` fits them again and writes coefficients.json; `python -m tests.docs.tables
--write` does so too, and writes the tables of docs/latency.md.

A figure counts where its trust is not low, its layers are published, and at least one term is left of it. That alone
decides, not how far it is from the fit.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from quantci.chip.esp_nn.terms import CALLS, CHIP, Build, add_terms, work_of
from quantci.chip.latency.coefficients import PUBLISHED
from quantci.chip.latency.conditions import Module, build_of
from quantci.chip.latency.fit import Check, Row, fit_terms, leave_out, percentile, stored_terms
from quantci.chip.latency.layers import parse_layers
from quantci.records.base import encode, write_bytes
from quantci.records.latency import LatencyCoefficients, OtherBuild, PublishedFigures

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from quantci.chip.op import Op
    from quantci.records.latency import Kernels, LatencyTerm, Memory, PublishedFigure

DATA: Final = Path(__file__).with_name("data.toml")
CLOCK_HZ: Final = 240_000_000
FITTED_ON: Final = "2026-11-26"
LARGEST_ERROR: Final = 1.0  # a build that is further off than this gets no total
BUILDS: Final[Sequence[tuple[Kernels, Memory]]] = (
    ("esp-nn", "internal"),
    ("esp-nn", "psram"),
    ("reference", "internal"),
)
OPS_OF_A_NETWORK: Final = 0.3  # what all of its ops together weigh, where its totals weigh 1
KERNEL_ALONE: Final = 0.5  # what the figure of a kernel weighs


class Ablation(NamedTuple):
    """Errors of the totals and of single ops, each network left out, of a fit without a term."""

    term: str
    median: float
    p90: float
    networks: int
    ops_median: float


def published_figures() -> PublishedFigures:
    """What data.toml says."""
    return msgspec.toml.decode(DATA.read_bytes(), type=PublishedFigures)


def rows_of(figures: PublishedFigures, kernels: Kernels) -> list[Row]:
    """The figures that count, of builds with these kernels: totals, ops and kernels, with their weights."""
    rows = [row for figure in figures.figures if figure.kernels == kernels for row in _rows(figure)]
    totals = Counter(row.network for row in rows if row.is_model)
    ops = Counter(row.network for row in rows if not row.is_model and row.weight == 1)
    return [
        row._replace(weight=totals[row.network] ** -0.5)
        if row.is_model
        else row._replace(weight=(OPS_OF_A_NETWORK / ops[row.network]) ** 0.5)
        if row.weight == 1
        else row
        for row in rows
    ]


def why_left_out(figure: PublishedFigure) -> str:
    """Why a figure does not count; empty if it does."""
    if figure.trust == "low":
        return "low trust"
    return "" if figure.layers else "layers not public"


def layers_of(figure: PublishedFigure) -> list[Op]:
    """What ran."""
    return parse_layers(figure.input, figure.layers)


def _rows(figure: PublishedFigure) -> list[Row]:
    """A figure as rows.

    Raises:
        ValueError: a layer cannot be read, or not exactly one of `cycles` and `time_us` is given.
    """
    if (figure.cycles is None) == (figure.time_us is None):
        msg = f"{figure.name}: give cycles or time_us"
        raise ValueError(msg)
    if why_left_out(figure):
        return []
    layers, megahertz = layers_of(figure), figure.clock_hz / 1e6
    works = [work_of(layer, _build(figure, layers)) for layer in layers]
    total = figure.cycles if figure.cycles is not None else (figure.time_us or 0) * megahertz
    terms = add_terms(works)
    if figure.kind == "kernel":
        terms = {name: units for name, units in terms.items() if name not in CALLS}
    if not terms:
        return []
    whole = Row(figure.name, figure.source, terms, total, is_model=figure.kind == "total", network=figure.network)
    if figure.kind == "kernel":
        return [whole._replace(weight=KERNEL_ALONE**0.5)]
    ops = [
        Row(
            f"{figure.name}, op {index}: {line}",
            figure.source,
            work.terms,
            took * megahertz,
            is_model=False,
            network=figure.network,
        )
        for index, (line, layer, work, took) in enumerate(zip(figure.layers, layers, works, figure.op_us, strict=False))
        if work is not None and not (figure.convolutions_in_plain_c and layer.name == "CONV_2D")
    ]
    return ops if figure.convolutions_in_plain_c else [whole, *ops]


def _build(figure: PublishedFigure, layers: Sequence[Op]) -> Build:
    version = re.search(r"\d+\.\d+", figure.esp_nn)
    module = Module(figure.flash, figure.data_cache_bytes, version[0] if version else "1.2")
    build = build_of(layers, module, kernels=figure.kernels, memory=figure.memory, clock_hz=figure.clock_hz)
    return build if figure.weights == "flash" else build._replace(reads_flash=False)


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
    """The errors without each term, those with all of them first."""
    rows = rows_of(figures, "esp-nn")
    terms = sorted({name for row in rows for name in row.terms})
    return [_without(rows, ""), *(_without(rows, term) for term in terms)]


def _without(rows: Sequence[Row], term: str) -> Ablation:
    left = [
        row._replace(terms={name: units for name, units in row.terms.items() if name != term})
        for row in rows
        if row.terms.keys() != {term}
    ]
    checks = [check for check in leave_out(left) if check.error is not None]
    totals = [check.error or 0 for check in checks if check.row.is_model]
    ops = [check.error or 0 for check in checks if not check.row.is_model]
    networks = {check.row.network for check in checks if check.row.is_model}
    return Ablation(term, percentile(totals, 50), percentile(totals, 90), len(networks), percentile(ops, 50))


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


if __name__ == "__main__":
    write_published()
