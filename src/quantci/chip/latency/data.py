"""Published figures as rows to fit: data.toml.

A figure counts where its trust is not low, its layers are published, and at least one term is left of it. That alone
decides, not how far it is from the fit.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from quantci.chip.esp_nn.terms import CALLS
from quantci.chip.esp_nn.work import Build, add_terms, work_of
from quantci.chip.latency.conditions import Module, build_of
from quantci.chip.latency.fit import Row
from quantci.chip.latency.layers import parse_layers
from quantci.records.latency import PublishedFigures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantci.chip.op import Op
    from quantci.records.latency import Kernels, PublishedFigure

DATA: Final = Path(__file__).with_name("data.toml")
OPS_OF_A_NETWORK: Final = 0.3  # what all of its ops together weigh, where its totals weigh 1
KERNEL_ALONE: Final = 0.5  # what the figure of a kernel weighs


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
