"""A batch that was left open when a .tflite was converted becomes a batch of 1.

The file then computes shapes while it runs: SHAPE, STRIDED_SLICE and PACK before each RESHAPE, which cost time and
memory on the chip, and which quantizers do not always take. With a batch of 1 they are constants.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from quantci.errors import ModelRejected
from quantci.tflite.enums import dtype_name, op_name
from quantci.tflite.take_out import drop_unused_codes, keep_tensors
from quantci.tflite.verify.shapes import BATCH_OF_ONE
from quantci.tflite.verify.tensors import shape_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from quantci.tflite.model import Model

_MAX_ELEMENTS: Final = 64  # of what shapes are computed from
_MAX_FILLED: Final = 65_536  # of what a FILL gives, such as the first state of an LSTM
_TYPES: Final = frozenset({"int32", "int64", "float32"})


def fix_batch(model: Model) -> Model:
    """The model of one subgraph with a batch of 1; the same object if no batch is open, or not only the batch is.

    Raises:
        ModelRejected: `dynamic-shape`: a shape inside is another one than the file says.
    """
    graph = model.tree.subgraphs[0]
    if not any(_open_axes(tensor) for tensor in graph.tensors):
        return model
    if any(axis > 0 for index in graph.inputs for axis in _open_axes(graph.tensors[index])):
        return model
    draft = model.draft()
    for tensor in draft.subgraphs[0].tensors:
        tensor.shapeSignature = None
    _fold_shapes(draft)
    fixed = model.changed(draft)
    try:
        fixed.tree  # noqa: B018
    except ModelRejected as error:
        raise ModelRejected(
            "dynamic-shape",
            f"Its batch is open, and a shape inside is not what the file says for a batch of 1: {error.cause}",
            where=model.where,
            remedy=BATCH_OF_ONE,
        ) from None
    return fixed


def _open_axes(tensor: Any) -> list[int]:
    return [] if tensor.shapeSignature is None else [int(axis) for axis in np.flatnonzero(tensor.shapeSignature < 0)]


def _fold_shapes(model: Any) -> None:
    from ai_edge_litert import schema_py_generated as schema

    graph = model.subgraphs[0]
    outputs = {int(index) for index in graph.outputs}
    values = {
        index: value
        for index, tensor in enumerate(graph.tensors)
        if (value := _constant(tensor, model.buffers)) is not None
    }
    kept = []
    for op in graph.operators:
        value = None if outputs & set(map(int, op.outputs)) else _folded(model, op, values)
        if value is None:
            kept.append(op)
            continue
        tensor = graph.tensors[op.outputs[0]]
        values[int(op.outputs[0])] = value = value.astype(dtype_name(tensor.type))
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(value.tobytes(), np.uint8)
        tensor.buffer, tensor.shape = len(model.buffers), np.array(value.shape, np.int32)
        model.buffers.append(buffer)
    graph.operators = kept
    used = {int(index) for index in graph.inputs} | outputs
    for op in kept:
        for places in (op.inputs, op.outputs, () if op.intermediates is None else op.intermediates):
            used |= {int(index) for index in places if index >= 0}
    keep_tensors(model, sorted(used))
    drop_unused_codes(model)


def _constant(tensor: Any, buffers: list[Any]) -> NDArray[Any] | None:
    data = buffers[tensor.buffer].data
    dtype = dtype_name(tensor.type)
    if data is None or not len(data) or dtype not in _TYPES or len(data) > _MAX_ELEMENTS * 8:
        return None
    return np.frombuffer(np.asarray(data, np.uint8).tobytes(), dtype).reshape(shape_of(tensor))


def _folded(model: Any, op: Any, values: dict[int, NDArray[Any]]) -> NDArray[Any] | None:
    """What the op gives, if it follows from shapes alone."""
    name = op_name(model.operatorCodes[op.opcodeIndex])
    if name == "SHAPE":
        return np.array(shape_of(model.subgraphs[0].tensors[op.inputs[0]]))
    if name not in _FOLDED or not all(int(index) in values for index in op.inputs):
        return None
    try:
        return np.asarray(_FOLDED[name]([values[int(index)] for index in op.inputs], op.builtinOptions))
    except (ValueError, IndexError, TypeError, AttributeError):
        return None  # what does not fit is left to LiteRT


def _slice(operands: list[NDArray[Any]], options: Any) -> NDArray[Any]:
    """STRIDED_SLICE of a list."""
    values, (begin,), (end,), (stride,) = operands
    if options.ellipsisMask or options.newAxisMask or options.offset or values.ndim != 1:
        raise ValueError
    if options.shrinkAxisMask:
        return np.asarray(values[begin])
    return values[None if options.beginMask else begin : None if options.endMask else end : stride]


def _filled(operands: list[NDArray[Any]], _: Any) -> NDArray[Any]:
    shape, value = operands
    if math.prod(map(int, shape)) > _MAX_FILLED:
        raise ValueError
    return np.full(shape, value)


_FOLDED: Final[dict[str, Callable[[list[NDArray[Any]], Any], Any]]] = {
    "STRIDED_SLICE": _slice,
    "PACK": lambda operands, options: np.stack(operands, axis=options.axis),
    "CONCATENATION": lambda operands, options: np.concatenate(operands, axis=options.axis),
    "FILL": _filled,
    "MUL": lambda operands, _: operands[0] * operands[1],
    "ADD": lambda operands, _: operands[0] + operands[1],
}
