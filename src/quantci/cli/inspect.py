"""Show what is inside a model, without running it.

Of a .tflite: operators, sizes, quantization, and what TFLM cannot run; of a quantized one also the tensor arena and the
latency on the chip, both estimated. Of a Keras file: layers, shapes, parameters, and what quantci refuses to load. A
SavedModel is a program: quantize it, and inspect model_float.tflite. What an .onnx is converted to is kept in
build/quantci, as quantize keeps it, so that it is converted once. No quantci.toml is read.

examples:
  quantci inspect model.tflite
  quantci inspect model.tflite --target-chip esp32s3-n16r8 --target-clock-hz 160000000
  quantci inspect model.keras
  quantci inspect model.onnx          what onnx2tf makes of it
  quantci inspect model.tflite --json > model.json
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from quantci.cli import options
from quantci.cli.input_shape import add_input_shape
from quantci.errors import EXIT_OK

if TYPE_CHECKING:
    import argparse

    from quantci.records.model import ModelSummary, TensorInfo
    from quantci.render.cells import Block, Cell
    from quantci.tflite.model import Model

_COSTS = ("MACs", "weight bytes")
_LONG = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("model", help=".tflite, .onnx, .keras or .h5 file")
    add_input_shape(parser)
    parser.add_argument("--json", action="store_true", help="print the whole record as JSON")
    parser.add_argument("--layers", action="store_true", help="list every layer, not only each kind of op")
    options.add_keys(parser.add_argument_group("the chip"), "target.")


def run(arguments: argparse.Namespace) -> int:
    """Print tables or JSON."""
    from quantci.cli import keras_table
    from quantci.cli.on_chip import on_chip, target_of
    from quantci.records.base import encode
    from quantci.render.cells import Paragraph
    from quantci.render.terminal import show
    from quantci.tflite.identify import read_head, sniff
    from quantci.tflite.model import Model

    path = Path(arguments.model)
    if (kind := sniff(read_head(path))) in {"keras", "hdf5"}:
        layers = keras_table.look_into(path, kind)
        if arguments.json:
            sys.stdout.write(encode(layers).decode())
        else:
            show(keras_table.blocks_of(layers))
        return EXIT_OK
    model = (
        _converted(path, arguments.input_shape)
        if kind == "onnx" or path.suffix.lower() == ".onnx"
        else Model.read(path)
    )
    if arguments.json:
        sys.stdout.write(encode(model.summary).decode())
        return EXIT_OK
    target = target_of(arguments, os.environ)
    show([*_blocks(model.summary, layers=arguments.layers), *map(Paragraph, on_chip(model, target))])
    return EXIT_OK


def _converted(path: Path, input_shape: tuple[int, ...]) -> Model:
    """The float flatbuffer that an ONNX model becomes; kept where a project here keeps it by default."""
    from quantci.records.config import OUTPUT_DIR, ModelConfig
    from quantci.source.open_source import open_source
    from quantci.workers.jail import Jail

    with Jail(where=str(path)) as jail:
        wanted = ModelConfig(input_shape=input_shape)
        return open_source(path, wanted, jail=jail, output_dir=Path(OUTPUT_DIR)).convert()


def _blocks(summary: ModelSummary, *, layers: bool) -> list[Block]:
    from quantci.render.cells import Name, Paragraph, joined
    from quantci.render.numbers import Number

    kind = "integer only" if summary.is_integer_only else f"{len(summary.float_tensors)} float tensors"
    head = f"  {summary.file_bytes:,} bytes  sha256 {summary.sha256[:16]}  {kind}"
    macs = "not known" if summary.macs is None else f"{summary.macs:,}"
    lines: list[Cell] = [
        (Name(summary.file_name, _LONG), head),
        (Number(summary.parameter_count), f" parameters, {summary.weight_bytes:,} weight bytes, {macs} MACs"),
    ]
    for word, tensors in (("input ", summary.inputs), ("output ", summary.outputs)):
        lines += [(word, Name(tensor.name, _LONG), f" {_describe(tensor)}") for tensor in tensors]
    if summary.subgraph_count > 1:
        lines.append(f"{summary.subgraph_count} subgraphs, of which the main one is shown")
    lacks: list[Cell] = [
        (text, ": ", joined(", ", (Name(name, _LONG) for name in names)))
        for text, names in (
            ("ops that TFLM lacks", summary.unsupported_ops),
            ("layers of a type that TFLM lacks", _wrong_types(summary)),
            ("tensors without a fixed shape", summary.dynamic_tensors),
        )
        if names
    ]
    tables = [_ops(summary), *([_layers(summary)] if layers else [])]
    return [*map(Paragraph, lines), *tables, *map(Paragraph, lacks)]


def _ops(summary: ModelSummary) -> Block:
    from quantci.render.cells import Column, Name, table
    from quantci.render.numbers import Number
    from quantci.tflite.tflm_types import TYPES

    rows = (
        (
            Name(op.op),
            Number(op.version),
            Number(op.count),
            "" if op.macs is None else Number(op.macs),
            Number(op.weight_bytes),
            TYPES.get(op.op, "yes") if op.runs_in_tflm else "no",
        )
        for op in summary.op_counts
    )
    return table(("op", *(Column(title, "right") for title in ("version", "count", *_COSTS)), "TFLM"), rows)


def _layers(summary: ModelSummary) -> Block:
    from quantci.render.cells import Column, Name, table
    from quantci.render.numbers import Number

    rows = (
        (
            Number(layer.index),
            Name(layer.op),
            Name(layer.output_name, _LONG),
            "x".join(map(str, layer.output_shape)),
            _quantization(summary.tensors[layer.outputs[0]]) if layer.outputs else "",
            "" if layer.macs is None else Number(layer.macs),
            Number(layer.weight_bytes),
        )
        for layer in summary.ops
    )
    costs = (Column(title, "right") for title in _COSTS)
    return table((Column("#", "right"), "op", "output", "shape", "quantization", *costs), rows)


def _wrong_types(summary: ModelSummary) -> list[str]:
    """OP (layer) TYPE of each op that TFLM has, but not for its first activation's type."""
    from quantci.tflite.tflm_types import wrong_types

    return [f"{op.op} ({op.output_name or op.index}) {dtype}" for op, dtype in wrong_types(summary)]


def _describe(tensor: TensorInfo) -> str:
    return f"{tensor.dtype} {'x'.join(map(str, tensor.shape))} {_quantization(tensor)}".rstrip()


def _quantization(tensor: TensorInfo) -> str:
    if not tensor.scale:
        return ""
    if len(tensor.scale) > 1:
        return f"{len(tensor.scale)} scales on axis {tensor.quantized_dimension}"
    return f"scale {tensor.scale[0]:.6g} zero point {tensor.zero_point[0]}"
