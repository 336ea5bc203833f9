"""The folded part about quantization-aware training: what it was told, and what it brought."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantci.render.cells import Folded, Name, Paragraph, Strong, table
from quantci.render.numbers import Number, percent

if TYPE_CHECKING:
    from quantci.records.qat import QatInfo, QatRun
    from quantci.records.quantize import QuantizeResult
    from quantci.render.cells import Cell


def sections(quantize: QuantizeResult | None) -> list[Folded]:
    """The training, if there was one."""
    return [section(quantize.qat)] if quantize is not None and quantize.qat is not None else []


def section(qat: QatInfo) -> Folded:
    """A line for the start and for each seed."""
    told: Cell = (
        "Batches: ",
        Name(qat.source),
        ". Approached: ",
        Name(qat.teacher),
        ". Loss and agreement are those of ",
        Number(qat.tuning_samples),
        f" samples that took no part in training; the best step is kept. It took {qat.seconds:,.0f} s with torch ",
        Name(qat.torch_version),
        ". The float model that all is compared with is the original.",
    )
    start = (("before, ", Name(qat.start)), "", _loss(qat.start_loss), percent(qat.start_agreement))
    rows = [start, *(_row(run, is_chosen=place == qat.chosen) for place, run in enumerate(qat.runs))]
    heads = ("Seed", "Best step", "Loss", "Class of FP32")
    return Folded("Quantization-aware training", [Paragraph(told), table(heads, rows, len(rows))])


def _row(run: QatRun, *, is_chosen: bool) -> tuple[Cell, ...]:
    seed = f"{run.seed}"
    steps = f"{run.best_step:,} of {run.steps:,}"
    return (Strong(seed) if is_chosen else seed, steps, _loss(run.tuning_loss), percent(run.agreement))


def _loss(loss: float) -> str:
    return f"{loss:.4g}"
