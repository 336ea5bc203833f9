"""What the model takes of the chip's memory: its file, flash, the tensor arena."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantci.render.cells import Sentence
from quantci.render.numbers import NBSP, percent, rough_size
from quantci.report.sections.base import has_base
from quantci.report.sections.memory import PLACES
from quantci.report.summary.figure import NOT_COMPARED, NOT_MEASURED, Figure, grown, verdict_of, why_not
from quantci.report.wording import type_name

if TYPE_CHECKING:
    from quantci.records.report import Report
    from quantci.render.cells import Cell


def model_size(report: Report) -> Figure:
    verdict = verdict_of(report, "max_model_bytes", "max_model_growth")
    if report.quantize is None:
        return Figure("Model size", "", NOT_MEASURED, verdict, NOT_COMPARED, why_not(report, "quantize"))
    now, reference = report.quantize.quantized_model.file_bytes, report.quantize.float_model
    delta = report.baseline.model_bytes_delta if report.baseline else None
    base, change = grown(now, delta)
    if not has_base(report) and reference is not None and reference.file_bytes:
        change = (percent(now / reference.file_bytes), f" of{NBSP}it")
    return Figure("Model size", f"{type_name(report)} file, measured", rough_size(now), verdict, base, change)


def flash(report: Report) -> list[Figure]:
    """The model in the chip's flash; omitted where nobody asked."""
    gate = next((gate for gate in report.gates if gate.name == "fits_flash" and gate.value is not None), None)
    if gate is None or gate.value is None or not gate.limit:
        return []
    delta = report.baseline.model_bytes_delta if report.baseline else None
    base: Cell = NOT_COMPARED if delta is None else percent((gate.value - delta) / gate.limit)
    room = ("of ", rough_size(int(gate.limit)), " left for it")
    return [Figure("Flash", room, percent(gate.value / gate.limit), gate.verdict, base)]


def tensor_arena(report: Report) -> Figure:
    verdict = verdict_of(report, "max_arena_bytes", "max_arena_growth")
    arena = report.embed.arena if report.embed else None
    if arena is None:
        why = Sentence("embed could not estimate it") if report.embed else why_not(report, "embed")
        return Figure("Tensor arena", "", "not known", verdict, NOT_COMPARED, why)
    base, change = grown(arena.recommended_bytes, report.baseline.arena_bytes_delta if report.baseline else None)
    kind = ("estimated, ", PLACES[arena.memory])
    return Figure("Tensor arena", kind, rough_size(arena.recommended_bytes), verdict, base, change)
