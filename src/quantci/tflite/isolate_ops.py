"""Cut a float model into its ops: each takes its inputs from outside, so that one run asks all of them at once.

What an op makes of inputs that are not those of its own network (of dequantized INT8 activations, say) is then read
off its outputs: the error that another implementation of the op adds by itself, without those of the ops before it.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from quantci.tflite.enums import dtype_name
from quantci.tflite.verify.tensors import stored_bytes

if TYPE_CHECKING:
    from typing import Any

    from quantci.tflite.model import Model


class Slot(NamedTuple):
    """The `place`-th input of the `op`-th op."""

    op: int
    place: int


class IsolatedOps(NamedTuple):
    """A model of the same ops and tensors whose inputs are those of the ops.

    Attributes:
        model: the model.
        slots: which input of which op each of its inputs feeds, in their order.
        tensors: for each, the tensor of the original model that it stands for.
    """

    model: Model
    slots: list[Slot]
    tensors: list[int]


def isolate_ops(float_model: Model) -> IsolatedOps:
    """The model with each float activation that an op reads replaced by an input of the model.

    Constants, states and integers (shapes, axes, indices) stay as they are. Op outputs keep their tensor indices.

    Args:
        float_model: of one subgraph, with fixed shapes.
    """
    model = float_model.draft()
    graph = model.subgraphs[0]
    slots: list[Slot] = []
    tensors: list[int] = []
    for index, op in enumerate(graph.operators):
        inputs = op.inputs.tolist()
        for place, tensor in enumerate(inputs):
            if tensor < 0 or not _is_float_activation(graph.tensors[tensor], model.buffers):
                continue
            slots.append(Slot(index, place))
            tensors.append(tensor)
            inputs[place] = len(graph.tensors)
            graph.tensors.append(_named(graph.tensors[tensor], f"{index}:{place}"))
        op.inputs = np.array(inputs, np.int32)
    others = [index for index in graph.inputs.tolist() if dtype_name(graph.tensors[index].type) != "float32"]
    graph.inputs = np.array(list(range(len(graph.tensors) - len(slots), len(graph.tensors))) + others, np.int32)
    model.signatureDefs = None  # they name inputs that are none any more
    return IsolatedOps(float_model.changed(model), slots, tensors)


def _is_float_activation(tensor: Any, buffers: Any) -> bool:
    return dtype_name(tensor.type) == "float32" and not tensor.isVariable and not stored_bytes(tensor, buffers)


def _named(tensor: Any, name: str) -> Any:
    made = copy.copy(tensor)
    made.name = name.encode()
    return made
