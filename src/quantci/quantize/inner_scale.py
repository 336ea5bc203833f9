"""What a model subtracts from its input and divides it by, where that is the first that it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from quantci.tflite.enums import dtype_name, op_name
from quantci.tflite.verify.tensors import stored_bytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quantci.tflite.model import Model


def inner_scale(model: Model, features: int) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Mean and deviation by feature of a Normalization layer: SUB, then MUL or DIV. None where there is none."""
    graph = model.tree.subgraphs[0]
    current, mean, deviation = int(graph.inputs[0]), np.zeros(features), None
    for op in graph.operators:
        name = op_name(model.tree.operatorCodes[op.opcodeIndex])
        if name not in {"SUB", "MUL", "DIV"} or int(op.inputs[0]) != current:
            break
        values = _constant(model.tree, graph.tensors[op.inputs[1]], features)
        if values is None or (name != "SUB" and not values.all()):
            break
        if name == "SUB":
            mean = mean + values
            current = int(op.outputs[0])
            continue
        deviation = values if name == "DIV" else 1 / values
        break
    return None if deviation is None else (mean, deviation)


def _constant(tree: Any, tensor: Any, features: int) -> NDArray[np.float64] | None:
    if not stored_bytes(tensor, tree.buffers) or dtype_name(tensor.type) != "float32":
        return None
    data = np.asarray(tree.buffers[tensor.buffer].data, np.uint8).tobytes()
    values = np.frombuffer(data, "<f4").astype(np.float64)
    return np.broadcast_to(values, (features,)) if len(values) in {1, features} else None
