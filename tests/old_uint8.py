"""An INT8 model as TensorFlow 1 would have written it: uint8 activations and weights, one scale a tensor."""

from __future__ import annotations

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from quantci.tflite.enums import op_name
from quantci.tflite.flatbuffer import pack
from quantci.tflite.model import Model

_WEIGHTED = {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"}
_BYTE = schema.TensorType.UINT8


def old_uint8(data: bytes) -> bytes:
    """Integers shifted by 128; weights and biases rounded anew to one scale of their tensor."""
    draft = Model(data, "int8.tflite").draft()
    (graph,) = draft.subgraphs
    for op in graph.operators:
        if op_name(draft.operatorCodes[op.opcodeIndex]) in _WEIGHTED:
            _one_scale(draft, *(graph.tensors[index] for index in op.inputs if index >= 0))
        draft.operatorCodes[op.opcodeIndex].version = 1
    for tensor in graph.tensors:
        if tensor.type != schema.TensorType.INT8:
            continue
        tensor.type = _BYTE
        tensor.quantization.zeroPoint = np.asarray(tensor.quantization.zeroPoint, np.int64) + 128
        buffer = draft.buffers[tensor.buffer]
        if buffer.data is not None and len(buffer.data):
            buffer.data = np.asarray(buffer.data, np.uint8) ^ 0x80
    return pack(draft)


def _one_scale(draft: Any, taken: Any, weights: Any, bias: Any = None) -> None:
    quantization, axis = weights.quantization, weights.quantization.quantizedDimension
    shape = [1] * len(weights.shape)
    shape[axis] = -1 if len(quantization.scale) > 1 else 1
    integers = np.asarray(draft.buffers[weights.buffer].data, np.uint8).view(np.int8).reshape(weights.shape)
    real = integers * np.asarray(quantization.scale, np.float64).reshape(shape)
    scale = np.abs(real).max() / 127
    draft.buffers[weights.buffer].data = np.rint(real / scale).astype(np.int8).reshape(-1).view(np.uint8)
    quantization.scale, quantization.zeroPoint = np.array([scale], np.float32), np.array([0])
    quantization.quantizedDimension = 0
    if bias is None:
        return
    old = np.asarray(draft.buffers[bias.buffer].data, np.uint8).view(np.int32)
    offsets = old * np.asarray(bias.quantization.scale, np.float64)
    step = float(taken.quantization.scale[0]) * float(np.float32(scale))
    draft.buffers[bias.buffer].data = np.rint(offsets / step).astype(np.int32).view(np.uint8)
    bias.quantization.scale, bias.quantization.zeroPoint = np.array([step], np.float32), np.array([0])
    bias.quantization.quantizedDimension = 0
