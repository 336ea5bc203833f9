"""A float flatbuffer as training reads it: ops in their order, and the constants as arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from quantci.tflite.enums import dtype_name, enum_names, op_name, tensor_name
from quantci.tflite.verify.tensors import shape_of, stored_bytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quantci.tflite.model import Model


class Node(NamedTuple):
    """An op.

    Attributes:
        op: its builtin name.
        inputs: indices of its tensors; -1 where one is absent.
        outputs: indices of its tensors.
        options: of the schema; None where it has none.
        layer: the name of its first output, for messages.
    """

    op: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Any
    layer: str

    @property
    def activation(self) -> str:
        """The fused activation, `NONE` where there is none."""
        return enum_names("ActivationFunctionType")[getattr(self.options, "fusedActivationFunction", 0)]


class FloatGraph(NamedTuple):
    """The main subgraph.

    Attributes:
        nodes: its ops.
        shapes: of all tensors.
        constants: by index.
        floats: indices of the float32 tensors that are no constants.
        inputs: indices.
        outputs: indices.
        states: names of the layers that remember; training knows none.
    """

    nodes: list[Node]
    shapes: list[list[int]]
    constants: dict[int, NDArray[Any]]
    floats: frozenset[int]
    inputs: list[int]
    outputs: list[int]
    states: list[str]


def read_float_graph(model: Model) -> FloatGraph:
    """The main subgraph of a float model.

    Raises:
        ModelRejected: see `parse`.
    """
    tree = model.tree
    graph = tree.subgraphs[0]
    names = [op_name(code) for code in tree.operatorCodes or ()]
    constants = {
        index: _values(tensor, tree.buffers)
        for index, tensor in enumerate(graph.tensors)
        if stored_bytes(tensor, tree.buffers) and dtype_name(tensor.type) in {"float32", "int32", "int64", "bool"}
    }
    return FloatGraph(
        nodes=[
            Node(
                names[op.opcodeIndex],
                tuple(map(int, op.inputs)),
                tuple(map(int, op.outputs)),
                op.builtinOptions,
                tensor_name(graph.tensors[int(op.outputs[0])]) if len(op.outputs) else "",
            )
            for op in graph.operators
        ],
        shapes=[shape_of(tensor) for tensor in graph.tensors],
        constants=constants,
        floats=frozenset(
            index
            for index, tensor in enumerate(graph.tensors)
            if index not in constants and dtype_name(tensor.type) == "float32"
        ),
        inputs=list(map(int, graph.inputs)),
        outputs=list(map(int, graph.outputs)),
        states=[tensor_name(tensor) for tensor in graph.tensors if tensor.isVariable],
    )


def _values(tensor: Any, buffers: Any) -> NDArray[Any]:
    raw = np.asarray(buffers[tensor.buffer].data, np.uint8).tobytes()
    dtype = np.dtype(dtype_name(tensor.type)).newbyteorder("<")
    return np.frombuffer(raw, dtype).reshape(shape_of(tensor))
