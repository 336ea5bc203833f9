"""A float16 file holds its weights in 16 bits, each with a DEQUANTIZE to float32 behind it; it computes in float32.

The calibrator does not survive such a file, and an engine would not see the weights. With the weights in float32 it is
the same model: each float16 number is a float32 number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from quantci.errors import ModelRejected
from quantci.tflite.enums import dtype_name, op_name
from quantci.tflite.take_out import drop_unused_codes, keep_tensors
from quantci.tflite.verify.tensors import stored_bytes

if TYPE_CHECKING:
    from quantci.tflite.model import Model

_FLOAT32: Final = 0  # in the schema's TensorType


def widen(model: Model) -> Model:
    """The model of one subgraph with float32 weights for float16 ones; the same object where there are none."""
    if not any(tensor.dtype == "float16" and tensor.constant_bytes for tensor in model.summary.tensors):
        return model
    draft = model.draft()
    graph = draft.subgraphs[0]
    half = {
        index
        for index, tensor in enumerate(graph.tensors)
        if dtype_name(tensor.type) == "float16" and stored_bytes(tensor, draft.buffers)
    }
    is_widening = [op_name(draft.operatorCodes[op.opcodeIndex]) == "DEQUANTIZE" for op in graph.operators]
    for op, widens in zip(graph.operators, is_widening, strict=True):  # what another op reads as float16 stays as it is
        if not widens or int(op.outputs[0]) in graph.outputs:
            half -= {int(index) for index in op.inputs}
    # Readers of what such a DEQUANTIZE gives read the constant itself.
    instead: dict[int, int] = {}
    kept = []
    for op, widens in zip(graph.operators, is_widening, strict=True):
        if widens and int(op.inputs[0]) in half:
            instead[int(op.outputs[0])] = int(op.inputs[0])
        else:
            kept.append(op)
    for op in kept:
        op.inputs = [instead.get(int(index), int(index)) for index in op.inputs]
    graph.operators = kept
    for buffer in {graph.tensors[index].buffer for index in half}:
        _widen(draft.buffers[buffer])
    for index in half:
        graph.tensors[index].type = _FLOAT32
    keep_tensors(draft, [index for index in range(len(graph.tensors)) if index not in instead])
    drop_unused_codes(draft)
    return model.changed(draft)


def _widen(buffer: Any) -> None:
    values = np.frombuffer(np.asarray(buffer.data, np.uint8).tobytes(), "<f2")
    buffer.data = np.frombuffer(values.astype("<f4").tobytes(), np.uint8)


def check_float32(model: Model) -> None:
    """Refuse what is computed in 16-bit floats.

    Raises:
        ModelRejected: `mixed-precision`, naming the tensors.
    """
    half = [tensor.name for tensor in model.summary.tensors if tensor.dtype in {"float16", "bfloat16"}]
    if half:
        raise mixed_precision(f"It computes in 16-bit floats (tensors {', '.join(half[:3])})", model.where)


def mixed_precision(cause: str, where: str) -> ModelRejected:
    """What is said of a model that was trained so for a GPU."""
    return ModelRejected(
        "mixed-precision",
        f"{cause}: mixed precision, which is for GPUs.",
        where=where,
        remedy="Build the model again with the dtype policy float32, load the trained weights, and save or convert it.",
    )
