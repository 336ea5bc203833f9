"""Show what is inside a model, without running it.

Of a .tflite: operators, sizes, quantization, and what TFLM cannot run. Of a Keras file: layers, shapes, parameters, and
what quantci refuses to load. A SavedModel is a program: quantize it, and inspect model_float.tflite.

examples:
  quantci inspect model.tflite
  quantci inspect model.keras
  quantci inspect model.tflite --json > model.json
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from quantci.errors import EXIT_OK

if TYPE_CHECKING:
    import argparse

    from quantci.records.model import ModelSummary, TensorInfo


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("model", help=".tflite, .keras or .h5 file")
    parser.add_argument("--json", action="store_true", help="print the whole record as JSON")
    parser.add_argument("--layers", action="store_true", help="list every layer, not only each kind of op")


def run(arguments: argparse.Namespace) -> int:
    """Print tables or JSON."""
    from quantci.cli import keras_table
    from quantci.records.base import encode
    from quantci.tflite.identify import read_head, sniff
    from quantci.tflite.model import Model

    path = Path(arguments.model)
    if (kind := sniff(read_head(path))) in {"keras", "hdf5"}:
        layers = keras_table.look_into(path, kind)
        if arguments.json:
            sys.stdout.write(encode(layers).decode())
        else:
            keras_table.print_table(layers)
        return EXIT_OK
    summary = Model.read(path).summary
    if arguments.json:
        sys.stdout.write(encode(summary).decode())
        return EXIT_OK
    _print(summary, layers=arguments.layers)
    return EXIT_OK


def _print(summary: ModelSummary, *, layers: bool) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from quantci.tflite.tflm_types import TYPES

    console = Console(width=None if sys.stdout.isatty() else 120)
    kind = "integer only" if summary.is_integer_only else f"{len(summary.float_tensors)} float tensors"
    console.print(
        Text(f"{summary.file_name}  {summary.file_bytes:,} bytes  sha256 {summary.sha256[:16]}  {kind}"), soft_wrap=True
    )
    macs = "not known" if summary.macs is None else f"{summary.macs:,}"
    console.print(f"{summary.parameter_count:,} parameters, {summary.weight_bytes:,} weight bytes, {macs} MACs")
    for word, tensors in (("input", summary.inputs), ("output", summary.outputs)):
        for tensor in tensors:
            console.print(Text(f"{word} {tensor.name or '(no name)'} {_describe(tensor)}"))
    if summary.subgraph_count > 1:
        console.print(f"{summary.subgraph_count} subgraphs, of which the main one is shown")
    rows = Table("op", "version", "count", "MACs", "weight bytes", "TFLM")
    for op in summary.op_counts:
        cost = "" if op.macs is None else f"{op.macs:,}"
        tflm = TYPES.get(op.op, "yes") if op.runs_in_tflm else "no"
        rows.add_row(Text(op.op), str(op.version), str(op.count), cost, f"{op.weight_bytes:,}", tflm)
    console.print(rows)
    if layers:
        rows = Table("#", "op", "output", "shape", "quantization", "MACs", "weight bytes")
        for layer in summary.ops:
            quantization = _quantization(summary.tensors[layer.outputs[0]]) if layer.outputs else ""
            rows.add_row(
                str(layer.index),
                Text(layer.op),
                Text(layer.output_name),
                "x".join(map(str, layer.output_shape)),
                quantization,
                "" if layer.macs is None else f"{layer.macs:,}",
                f"{layer.weight_bytes:,}",
            )
        console.print(rows)
    for text, names in (
        ("ops that TFLM lacks", summary.unsupported_ops),
        ("layers of a type that TFLM lacks", _wrong_types(summary)),
        ("tensors without a fixed shape", summary.dynamic_tensors),
    ):
        if names:
            console.print(Text(f"{text}: {', '.join(names)}"), soft_wrap=True)


def _wrong_types(summary: ModelSummary) -> list[str]:
    """OP (layer) TYPE of each op that TFLM has, but not for its first activation's type."""
    from quantci.tflite.tflm_types import lacks_type

    found = []
    for op in summary.ops:
        activations = [summary.tensors[i] for i in op.inputs if i >= 0 and not summary.tensors[i].constant_bytes]
        if activations and lacks_type(op.op, activations[0].dtype):
            found.append(f"{op.op} ({op.output_name or op.index}) {activations[0].dtype}")
    return found


def _describe(tensor: TensorInfo) -> str:
    return f"{tensor.dtype} {'x'.join(map(str, tensor.shape))} {_quantization(tensor)}".rstrip()


def _quantization(tensor: TensorInfo) -> str:
    if not tensor.scale:
        return ""
    if len(tensor.scale) > 1:
        return f"{len(tensor.scale)} scales on axis {tensor.quantized_dimension}"
    return f"scale {tensor.scale[0]:.6g} zero point {tensor.zero_point[0]}"
