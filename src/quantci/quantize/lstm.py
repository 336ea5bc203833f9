"""The fused LSTM keeps ranges of what it computes inside in five tensors of its own, which converters leave out.

The calibrator writes the ranges there, and engines read them there. No interpreter stores values in these tensors.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from quantci.tflite.enums import op_name

if TYPE_CHECKING:
    from quantci.tflite.model import Model

_LSTM: Final = "UNIDIRECTIONAL_SEQUENCE_LSTM"
_COUNT: Final = 5  # one for each gate, and one for the hidden state


def add_intermediates(float_model: Model) -> Model:
    """The model with these tensors; the same object if no LSTM lacks them."""
    if all(_has_them(op) for _, op in float_model.ops(_LSTM)):
        return float_model
    from ai_edge_litert import schema_py_generated as schema

    draft: Any = float_model.draft()
    graph = draft.subgraphs[0]
    for position, op in enumerate(graph.operators):
        if op_name(draft.operatorCodes[op.opcodeIndex]) != _LSTM or _has_them(op):
            continue
        op.intermediates = [len(graph.tensors) + place for place in range(_COUNT)]
        for place in range(_COUNT):
            tensor = schema.TensorT()
            tensor.name, tensor.shape = f"intermediate_{position}_{place}".encode(), np.array([0], np.int32)
            graph.tensors.append(tensor)
    return float_model.changed(draft)


def empty_intermediates(quantized: Model) -> Model:
    """The model with such tensors again: TensorFlow's quantizer names those one further, and TFLM refuses the last."""
    draft: Any = quantized.draft()
    for graph in draft.subgraphs:
        for op in graph.operators:
            if op_name(draft.operatorCodes[op.opcodeIndex]) != _LSTM or not _has_them(op):
                continue
            places = []
            for index in op.intermediates:
                tensor = copy.copy(graph.tensors[index])
                tensor.shape, tensor.shapeSignature, tensor.buffer = np.array([0], np.int32), None, 0
                tensor.isVariable = False
                places.append(len(graph.tensors))
                graph.tensors.append(tensor)
            op.intermediates = places
    return quantized.changed(draft)


def has_lstm(model: Model) -> bool:
    """Whether a fused LSTM is in it."""
    return any(True for _ in model.ops(_LSTM))


def _has_them(op: Any) -> bool:
    return op.intermediates is not None and len(op.intermediates) > 0
