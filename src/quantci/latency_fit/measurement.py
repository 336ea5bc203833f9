"""One measured model as figures for the fit: its work by kind, and what was measured."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from quantci.chip.datasheet import load_chip
from quantci.chip.esp_nn.version import VERSION
from quantci.chip.esp_nn.work import add_terms, work_of
from quantci.chip.graph import read_graph
from quantci.chip.latency.board import MeasuredModel
from quantci.chip.latency.conditions import build_of, module_of
from quantci.chip.latency.fit import Row
from quantci.chip.latency.scope import EstimatedOp, gap
from quantci.errors import ConfigError, DataRejected
from quantci.latency_fit.profile import read_profile
from quantci.tflite.model import Model

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from quantci.chip.esp_nn.work import Work
    from quantci.latency_fit.bench import Benched
    from quantci.records.board_figures import BoardFigures, ModelFigures

FEWEST_TICKS: Final = 20  # a shorter op is more than 5 % off by the rounding to ticks alone
FURTHEST: Final = 1.5  # times, between the sum of the ops and the inference


class Measurement(NamedTuple):
    """A model, and what of its profile the fit does not get.

    Attributes:
        short_ops: covered ops that were too short to be measured in ticks.
        uncovered_share: of the profile's ticks, in ops that nothing covers; None without a profile.
    """

    model: MeasuredModel
    short_ops: int = 0
    uncovered_share: float | None = None


def read_model(
    entry: ModelFigures, figures: BoardFigures, path: Path, index: int, benched: Benched | None = None
) -> Measurement:
    """Read a model and its profile.

    Args:
        entry: the model in the file of measurements.
        figures: all of the file.
        path: of the file.
        index: of the entry.
        benched: what quantci bench says of it, where that is the source.

    Raises:
        ConfigError: `not-found`, or `measurements`: the model is not the one that was measured.
        ModelRejected: see read_model_file.
        DataRejected: `profile`; `not-covered`: no profile, and the estimate knows too little of the model's ops.
    """
    where = f"{path}: model[{index}]"
    file = _existing(path, entry.file, f"{where}.file")
    model = Model.read(file)
    if benched is not None and model.sha256 != benched.sha256:
        raise ConfigError(
            "measurements",
            "The model beside the record is not the one that was measured.",
            where=str(file),
            remedy="Run quantci bench again on this model.",
        )
    ops = read_graph(model).ops
    build = build_of(
        ops,
        module_of(figures, load_chip(figures.chip), VERSION),
        kernels=figures.kernels,
        memory=figures.memory,
        clock_hz=figures.clock_hz,
    )
    works = [work_of(op, build) for op in ops]
    cycles = entry.cycles if entry.cycles is not None else (entry.latency_us or 0) * figures.clock_hz / 1e6
    whole = Row(entry.file, entry.file, add_terms(works), cycles, is_model=True)
    reason = gap([EstimatedOp(*one, None) for one in zip(model.summary.ops, ops, works, strict=True)])
    if benched is not None and benched.op_cycles:
        return _profiled(whole, works, [op.name for op in ops], benched.op_cycles, 1.0, str(path), reason)
    if entry.profile is None:
        if reason:
            raise DataRejected(
                "not-covered",
                f"The latency of {entry.file} depends too much on kernels that the estimate does not know. {reason}",
                where=where,
                remedy="Give its profile, so that each op is a figure of its own, or measure another model.",
            )
        return Measurement(MeasuredModel(whole, [whole]))
    profile = _existing(path, entry.profile, f"{where}.profile")
    names = [op.name for op in ops]
    ticks = read_profile(profile, names, figures.ticks_per_second)
    tick_cycles = figures.clock_hz / figures.ticks_per_second
    return _profiled(whole, works, names, ticks, tick_cycles, str(profile), reason)


def _profiled(
    whole: Row,
    works: Sequence[Work | None],
    names: Sequence[str],
    ticks: Sequence[float],
    tick_cycles: float,
    where: str,
    reason: str,
) -> Measurement:
    """A model whose ops were measured, each a figure of its own."""
    _compare(math.fsum(ticks) * tick_cycles, whole, len(ticks) * tick_cycles, where)
    rows = [
        Row(f"{whole.name} {number} {name}", whole.name, work.terms, took * tick_cycles, is_model=False)
        for number, (name, work, took) in enumerate(zip(names, works, ticks, strict=True))
        if work and took >= FEWEST_TICKS
    ]
    covered = [took for work, took in zip(works, ticks, strict=True) if work]
    return Measurement(
        MeasuredModel(whole, rows, has_total=not reason),
        short_ops=len(covered) - len(rows),
        uncovered_share=1 - math.fsum(covered) / math.fsum(ticks),
    )


def _existing(path: Path, name: str, where: str) -> Path:
    """The file that the file of measurements names."""
    file = path.parent / name
    try:
        is_there = file.is_file()
    except (OSError, ValueError):  # a name that is too long, or has a null byte
        is_there = False
    if not is_there:
        raise ConfigError(
            "not-found", f"There is no file {name}.", where=where, remedy=f"Its path is relative to {path.name}."
        )
    return file


def _compare(ops: float, whole: Row, rounding: float, where: str) -> None:
    """Refuse a profile that is not of this inference; all in cycles."""
    if ops / FURTHEST <= whole.cycles <= FURTHEST * (ops + rounding):
        return
    raise DataRejected(
        "profile",
        f"The ops of the profile take {ops:,.0f} cycles together, one inference {whole.cycles:,.0f}.",
        where=where,
        remedy="Check ticks_per_second, clock_hz and latency_us; both must be measured with the same build.",
    )
