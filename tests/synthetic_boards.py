"""Boards whose true coefficients are known, to hold the calibration against.

A board is faster or slower than the published coefficients say by one factor (spread 30 %), each kernel by one of its
own (25 %), and each op by what no model of the kernels knows (7 %). The time of an inference is measured to 1 %.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from quantci.chip.esp_nn.terms import REFERENCE_TERM, TERMS
from quantci.chip.esp_nn.work import work_of
from quantci.chip.latency.board import MeasuredModel, fit_models
from quantci.chip.latency.coefficients import published_coefficients
from quantci.chip.latency.conditions import USUAL, build_of
from quantci.chip.latency.data import published_figures, rows_of
from quantci.chip.latency.fit import Row, known_cycles, relative_error
from quantci.chip.latency.layers import parse_layers
from quantci.chip.latency.prior import prior_of

NETWORKS = (
    "person detection (MobileNetV1 0.25, 96x96x1)",
    "MLPerf Tiny keyword spotting (DS-CNN)",
    "MLPerf Tiny image classification (ResNet8)",
    "MLPerf Tiny visual wake words (MobileNetV1 0.25, 96x96x3)",
    "DeepPicar (PilotNet, 160x66x3), ESP-IDF",
)
PUBLISHED = {
    name: term.cycles for name, term in published_coefficients().record.terms.items() if name != REFERENCE_TERM
}
FIGURES = rows_of(published_figures(), "esp-nn")


class Board(NamedTuple):
    """A made-up board: what its work truly costs, and what was measured on it."""

    truth: dict[str, float]
    wholes: list[Row]
    ops: list[list[Row]]

    def models(self, *, with_profiles: bool) -> list[MeasuredModel]:
        """The measured models, each as one figure or as one for each op."""
        return [
            MeasuredModel(whole, ops if with_profiles else [whole])
            for whole, ops in zip(self.wholes, self.ops, strict=True)
        ]


def works(name: str) -> list[dict[str, float]]:
    """Work of each op of a published network."""
    figure = next(figure for figure in published_figures().figures if figure.name == name)
    layers = parse_layers(figure.input, figure.layers)
    build = build_of(layers, USUAL, kernels="esp-nn", memory="internal", clock_hz=240_000_000)
    found = (work_of(layer, build) for layer in layers)
    return [dict(work.terms) for work in found if work]


def total(parts: list[dict[str, float]]) -> dict[str, float]:
    """Their sum, term by term."""
    return {name: math.fsum(part.get(name, 0) for part in parts) for name in {term for part in parts for term in part}}


def make_board(
    seed: int, *, factor: float = 0.3, kernel: float = 0.25, op: float = 0.07, timing: float = 0.01
) -> Board:
    """The board of this seed; the spreads are those of normal logarithms."""
    random = np.random.RandomState(seed)
    board = math.exp(random.normal(0, factor))
    kernels = dict.fromkeys(TERMS[name].kernel for name in PUBLISHED)
    slower = {name: board * math.exp(random.normal(0, kernel)) for name in kernels}
    truth = {name: cycles * slower[TERMS[name].kernel] for name, cycles in PUBLISHED.items()}
    wholes, ops = [], []
    for name in NETWORKS:
        parts = works(name)
        rows = [
            Row(f"{name} {number}", name, part, known_cycles(part, truth) * math.exp(random.normal(0, op)), False)
            for number, part in enumerate(parts)
        ]
        cycles = math.fsum(row.cycles for row in rows) * math.exp(random.normal(0, timing))
        wholes.append(Row(name, name, total(parts), cycles, True))
        ops.append(rows)
    return Board(truth, wholes, ops)


def errors(measured: int, *, with_profiles: bool, boards: int = 60) -> tuple[list[float], list[float]]:
    """Errors of models that were not measured: by the published coefficients, and by those of the board.

    Args:
        measured: how many of the other models the board's coefficients are fitted to.
        with_profiles: whether each op is a figure.
        boards: how many boards, each with every network left out once.
    """
    before, after, prior = [], [], prior_of(PUBLISHED, FIGURES)
    for seed in range(boards):
        board = make_board(seed)
        models = board.models(with_profiles=with_profiles)
        for index, whole in enumerate(board.wholes):
            others = [models[(index + step) % len(models)] for step in range(1, measured + 1)]
            found, _ = fit_models(others, prior, published_coefficients().record.error_ratio)
            before.append(relative_error(whole.cycles, known_cycles(whole.terms, PUBLISHED)))
            after.append(relative_error(whole.cycles, known_cycles(whole.terms, found)))
    return before, after
