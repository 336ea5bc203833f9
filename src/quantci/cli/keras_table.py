"""`quantci inspect` of a Keras file: what it says of itself, as a table."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from quantci.records.keras_model import KerasSummary


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


def print_table(summary: KerasSummary) -> None:
    """Print the layers, and what is refused."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else 120)
    head = f"{summary.file_name}  {summary.file_bytes:,} bytes  sha256 {summary.sha256[:16]}"
    console.print(Text(f"{head}  {summary.format}  {summary.model}"), soft_wrap=True)
    console.print(f"{summary.parameter_count:,} parameters")
    rows = Table("#", "layer", "class", "input", "weights", "parameters", "accepted")
    for index, layer in enumerate(summary.layers):
        rows.add_row(
            str(index),
            Text(layer.name),
            Text(layer.layer),
            "" if layer.input_shape is None else "x".join("?" if size < 0 else str(size) for size in layer.input_shape),
            ", ".join("x".join(map(str, shape)) for shape in layer.weight_shapes),
            f"{layer.parameters:,}" if layer.weight_shapes else "",
            "yes" if layer.refused is None else "no",
        )
    console.print(rows)
    for cause in summary.refused:
        console.print(Text(f"refused: {cause}"), soft_wrap=True)
