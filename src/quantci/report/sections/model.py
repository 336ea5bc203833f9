"""What the model is made of, and what of it the change touched."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from quantci.render.cells import MOST_ROWS, Folded, Name, Paragraph, Sentence, bullets, table
from quantci.render.numbers import Number, size, size_change
from quantci.report.baseline import layer_names

if TYPE_CHECKING:
    from quantci.records.quantize import QuantizeResult
    from quantci.records.report import BaselineComparison
    from quantci.render.cells import Cell


def changes(baseline: BaselineComparison) -> Folded:
    """Ops and layers that are not as they were, and what may not be compared."""
    same = "The quantized model is the same to the byte." if baseline.same_model else "The quantized model differs."
    facts: list[Cell] = []
    if baseline.macs_delta is not None:
        facts.append(f"Multiply-accumulates {baseline.macs_delta:+,}")
    ops = ((Name(op.op), Number(op.baseline_count), Number(op.candidate_count)) for op in baseline.ops)
    layers = (
        (
            Name(layer.name),
            "absent" if layer.baseline_bytes is None else size(layer.baseline_bytes),
            "absent" if layer.candidate_bytes is None else size(layer.candidate_bytes),
            size_change((layer.candidate_bytes or 0) - (layer.baseline_bytes or 0)),
        )
        for layer in baseline.layers
    )
    return Folded(
        "What changed in the model",
        [
            Paragraph(same),
            bullets([*facts, *map(Sentence, baseline.not_comparable)]),
            table(("Op", "Base", "This change"), ops, len(baseline.ops)),
            table(("Layer", "Base", "This change", "Weights"), layers, len(baseline.layers)),
        ],
    )


def layers(quantize: QuantizeResult) -> Folded:
    """Each op of the quantized model with its weights and its work, the largest first."""
    model = quantize.quantized_model
    named = zip(layer_names(quantize), model.ops, strict=True)
    largest = heapq.nsmallest(
        MOST_ROWS, named, key=lambda pair: (-pair[1].weight_bytes, -(pair[1].macs or 0), pair[1].index)
    )
    rows = (
        ((Name(name), "\n", Name(op.op)), Number(op.weight_bytes, "B exactly"), _macs(op.macs)) for name, op in largest
    )
    note = (
        Number(model.parameter_count),
        " parameters, ",
        _macs(model.macs),
        " multiply-accumulates (counted, not timed); largest first.",
    )
    return Folded("Layers", [Paragraph(note), table(("Layer", "Weights", "MACs"), rows, len(model.ops))])


def _macs(count: int | None) -> Number | str:
    return "not known" if count is None else Number(count)
