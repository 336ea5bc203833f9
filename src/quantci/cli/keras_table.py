"""`quantci inspect` of a Keras file: what it says of itself, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from quantci.records.keras_model import KerasSummary
    from quantci.render.cells import Block


def look_into(path: Path, kind: str) -> KerasSummary:
    """Read the file in a jail; neither TensorFlow nor the model runs.

    Raises:
        ModelRejected: damaged, or too large.
        ToolError: `missing-extra`.
    """
    from quantci.records.base import decode
    from quantci.records.keras_model import KerasSummary
    from quantci.source.keras_file import MAX_FILE_BYTES
    from quantci.source.keras_layers import summarize_keras
    from quantci.workers.jail import Jail

    with Jail(where=str(path)) as jail:
        inside = jail.bring(path, "model", MAX_FILE_BYTES)
        return decode(jail.call(summarize_keras, str(inside), kind, path.name, str(path)), KerasSummary)


def blocks_of(summary: KerasSummary) -> list[Block]:
    """The layers, and what is refused."""
    from quantci.render.cells import Column, Name, Paragraph, Sentence, table
    from quantci.render.numbers import Number

    head = f"  {summary.file_bytes:,} bytes  sha256 {summary.sha256[:16]}  "
    rows = (
        (
            Number(index),
            Name(layer.name),
            Name(layer.layer),
            "" if layer.input_shape is None else "x".join("?" if size < 0 else str(size) for size in layer.input_shape),
            ", ".join("x".join(map(str, shape)) for shape in layer.weight_shapes),
            Number(layer.parameters) if layer.weight_shapes else "",
            "yes" if layer.refused is None else "no",
        )
        for index, layer in enumerate(summary.layers)
    )
    heads = (Column("#", "right"), "layer", "class", "input", "weights", Column("parameters", "right"), "accepted")
    return [
        Paragraph((Name(summary.file_name, 200), head, summary.format, "  ", Name(summary.model))),
        Paragraph((Number(summary.parameter_count), " parameters")),
        table(heads, rows),
        *(Paragraph(("refused: ", Sentence(cause))) for cause in summary.refused),
    ]
