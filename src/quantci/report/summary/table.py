"""The figures, one below the other; with the base branch beside them where there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantci.render.cells import Mark, Strong, joined, table
from quantci.render.numbers import NBSP
from quantci.report.sections.base import has_base
from quantci.report.summary.latency import device_latency
from quantci.report.summary.memory import flash, model_size, tensor_arena
from quantci.report.summary.quality import quality

if TYPE_CHECKING:
    from quantci.records.report import Report
    from quantci.render.cells import Cell, Rows
    from quantci.report.summary.figure import Figure


def figures(report: Report) -> Rows:
    """Metric, what quantization lost, worst class, model size, flash, arena, latency; the base where there is one."""
    rows = [*quality(report), model_size(report), *flash(report), tensor_arena(report), device_latency(report)]
    if has_base(report):
        lines = [(_metric(row), row.base, row.value, row.change) for row in rows]
        return table(("Metric", "Base", "This change", "Difference"), lines, len(lines))
    if not _has_float(report):
        return table(
            ("Metric", "This change"),
            [(_metric(row), joined("\n", filter(None, (row.value, row.change)))) for row in rows],
        )
    return table(("Metric", "This change", "Against FP32"), [(_metric(row), row.value, row.change) for row in rows])


def _has_float(report: Report) -> bool:
    """Whether there is a float model, or may be one: then every figure is against it."""
    if report.quantize is not None:
        return report.quantize.float_model is not None
    return report.config is None or report.config.model.source is not None


def _metric(row: Figure) -> Cell:
    name = Strong(row.metric)
    return joined("\n", ((Mark(row.verdict), NBSP, name) if row.verdict else name, row.kind))
