"""The main subgraph of a model: who writes and reads each tensor, and what is known of it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from quantci.tflite.enums import dtype_name, op_name, tensor_name
from quantci.tflite.verify.tensors import shape_of, stored_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from quantci.tflite.model import Model


class Graph:
    """What a rule looks at. A tensor is an index.

    Attributes:
        ops: in the order in which they run.
        inputs: tensors that the model is given.
        outputs: tensors that it answers.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._tree = model.draft()
        graph = self._tree.subgraphs[0]
        self.ops: list[Any] = list(graph.operators)
        self._tensors: list[Any] = list(graph.tensors)
        self._origins = list(range(len(self._tensors)))
        self.inputs = {int(index) for index in graph.inputs}
        self.outputs = {int(index) for index in graph.outputs}
        self._writers: dict[int, Any] = {}
        self._readers: dict[int, list[Any]] = {}
        self._is_known = False

    def after(self, op: Any) -> Any | None:
        """The op that runs after this one; None after the last one."""
        place = self._place(op) + 1
        return self.ops[place] if place < len(self.ops) else None

    def kind(self, op: Any) -> str:
        """Name of an op."""
        return op_name(self._tree.operatorCodes[op.opcodeIndex])

    def writer(self, tensor: int) -> Any | None:
        """The op that writes a tensor; None for an input or a constant."""
        self._learn()
        return self._writers.get(tensor)

    def readers(self, tensor: int) -> list[Any]:
        """The ops that read a tensor, each once."""
        self._learn()
        return self._readers.get(tensor, [])

    def only_reader(self, tensor: int) -> Any | None:
        """The op that alone needs a tensor; None where several do, or where it is an output of the model."""
        readers = self.readers(tensor)
        return readers[0] if len(readers) == 1 and tensor not in self.outputs else None

    def alone(self, tensor: int, op: Any) -> bool:
        """Whether this op alone needs a tensor."""
        return self.only_reader(tensor) is op

    def shape(self, tensor: int) -> tuple[int, ...]:
        """Shape of a tensor."""
        return tuple(shape_of(self._tensors[tensor]))

    def name(self, tensor: int) -> str:
        """Name of a tensor."""
        return tensor_name(self._tensors[tensor])

    def is_float(self, tensor: int) -> bool:
        """Whether it is float32 and no state of the model."""
        return dtype_name(self._tensors[tensor].type) == "float32" and not self._tensors[tensor].isVariable

    def values(self, tensor: int) -> NDArray[Any] | None:
        """A constant; None for what the model computes, and for an input that is absent."""
        if tensor < 0:
            return None
        found = self._tensors[tensor]
        if not stored_bytes(found, self._tree.buffers):
            return None
        data = np.asarray(self._tree.buffers[found.buffer].data, np.uint8).tobytes()
        return np.frombuffer(data, dtype_name(found.type)).reshape(shape_of(found))

    def floats(self, tensor: int) -> NDArray[np.float32] | None:
        """A float constant."""
        values = self.values(tensor)
        return values if values is not None and values.dtype == np.float32 else None

    def _place(self, op: Any) -> int:
        return next(place for place, found in enumerate(self.ops) if found is op)

    def _learn(self) -> None:
        if self._is_known:
            return
        self._writers = {int(index): op for op in self.ops for index in op.outputs}
        readers = defaultdict(list)
        for op in self.ops:
            for index in dict.fromkeys(map(int, _all(op.inputs, op.intermediates))):
                readers[index].append(op)
        self._readers, self._is_known = readers, True


def _all(*vectors: Iterable[Any] | None) -> Iterable[Any]:
    return (index for vector in vectors if vector is not None for index in vector if index >= 0)
