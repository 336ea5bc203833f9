"""A model while it is rewritten: ops and tensors are put in, changed and taken out."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from quantci.rewrite.graph import Graph
from quantci.tflite.enums import enum_names, op_name
from quantci.tflite.take_out import drop_unused_buffers, drop_unused_codes, keep_tensors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from quantci.tflite.model import Model


class Rewritten(NamedTuple):
    """A model that a rewrite made of another one.

    Attributes:
        model: the model.
        origins: for each tensor of the main subgraph, the index that it had before; -1 for a new one.
    """

    model: Model
    origins: list[int]


class Draft(Graph):
    """The main subgraph of a model, to be changed op by op.

    No tensor is changed in place, so that what else reads a constant keeps it.
    """

    def copy(self) -> Draft:
        """Another draft of the same state, to try something on."""
        tree = copy.copy(self._tree)
        tree.buffers, tree.operatorCodes = list(tree.buffers), list(tree.operatorCodes)
        tree.subgraphs = [copy.copy(graph) for graph in tree.subgraphs]
        other = copy.copy(self)
        own = {
            "ops": [copy.copy(op) for op in self.ops],
            "_tree": tree,
            "_tensors": list(self._tensors),
            "_origins": list(self._origins),
            "_is_known": False,
        }
        vars(other).update(own)
        return other

    def become(self, other: Draft) -> None:
        """Take over what was tried on a copy."""
        vars(self).update(vars(other))

    def new(self, like: int, shape: Sequence[int]) -> int:
        """A new activation of the name and type of another one."""
        tensor = copy.copy(self._tensors[like])
        tensor.shape, tensor.shapeSignature, tensor.buffer = np.array(shape, np.int32), None, 0
        tensor.quantization = None
        return self._added(tensor)

    def constant(self, name: str, values: NDArray[Any]) -> int:
        """A new constant."""
        from ai_edge_litert import schema_py_generated as schema

        tensor, buffer = schema.TensorT(), schema.BufferT()
        buffer.data = np.frombuffer(values.tobytes(), np.uint8)
        tensor.name, tensor.shape, tensor.hasRank = name.encode(), np.array(values.shape, np.int32), True
        tensor.type = _number("TensorType", values.dtype.name.upper())
        tensor.buffer = len(self._tree.buffers)
        self._tree.buffers.append(buffer)
        return self._added(tensor)

    def put(self, place: Any, kind: str, inputs: Sequence[int], output: int, options: Any = None) -> Any:
        """A new op, which runs right before the op `place`, or last where that is None.

        Args:
            place: an op.
            kind: name of the op.
            inputs: its inputs.
            output: its output.
            options: a table of the schema, such as ReducerOptionsT; None where it has none.
        """
        from ai_edge_litert import schema_py_generated as schema

        op = schema.OperatorT()
        op.opcodeIndex, op.inputs, op.outputs = self._code(kind), list(inputs), [output]
        if options is not None:
            op.builtinOptionsType = getattr(schema.BuiltinOptions, type(options).__name__.removesuffix("T"))
            op.builtinOptions = options
        self.ops.insert(len(self.ops) if place is None else self._place(place), op)
        self._is_known = False
        return op

    def set_option(self, op: Any, **options: Any) -> None:
        """Change options of one op."""
        op.builtinOptions = copy.copy(op.builtinOptions)
        vars(op.builtinOptions).update(options)

    def read(self, op: Any, place: int, tensor: int) -> None:
        """Give an op another input at a place."""
        op.inputs = [tensor if at == place else int(index) for at, index in enumerate(op.inputs)]
        self._is_known = False

    def feed(self, op: Any, inputs: Sequence[int]) -> None:
        """Give an op all its inputs anew."""
        op.inputs = list(inputs)
        self._is_known = False

    def write(self, op: Any, *tensors: int) -> None:
        """Give an op other outputs."""
        op.outputs = list(tensors)
        self._is_known = False

    def remove(self, op: Any) -> None:
        """Take an op out; nothing may need what it writes any more."""
        del self.ops[self._place(op)]
        self._is_known = False

    def bypass(self, op: Any, tensor: int) -> bool:
        """Take an op out whose output is what `tensor` holds in the same shape; False where that is not possible.

        An output of the model stays itself: what wrote `tensor` writes the output instead.
        """
        output = int(op.outputs[0])
        if output not in self.outputs:
            self.remove(op)
            self._exchange(output, tensor)
            return True
        host = self.writer(tensor)
        if host is None or len(host.outputs) != 1 or tensor in self.outputs:
            return False
        self.remove(op)
        self._exchange(tensor, output)
        self.write(host, output)
        return True

    def _exchange(self, old: int, new: int) -> None:
        for op in self.ops:
            if old in op.inputs:
                op.inputs = [new if int(index) == old else int(index) for index in op.inputs]
        self._is_known = False

    def drop_dead(self) -> list[str]:
        """Take out each op that no output of the model needs; gives the names of what they wrote."""
        needed = set(self.outputs)
        kept, names = [], []
        for op in reversed(self.ops):
            has_effect = any(index >= 0 and self._tensors[index].isVariable for index in (*op.inputs, *op.outputs))
            if has_effect or needed & {int(index) for index in op.outputs}:
                needed |= {int(index) for index in op.inputs}
                kept.append(op)
            else:
                names.append(self.name(int(op.outputs[0])) if len(op.outputs) else "")
        self.ops = kept[::-1]
        self._is_known = False
        return names[::-1]

    def unused(self) -> int:
        """How many tensors and operator codes nothing refers to."""
        codes = {op.opcodeIndex for op in self.ops}
        return len(self._tensors) - len(self._used()) + len(self._tree.operatorCodes) - len(codes)

    def finish(self) -> Rewritten:
        """The model, without tensors, buffers and operator codes that nothing refers to. The draft is used up."""
        graph = self._tree.subgraphs[0]
        graph.operators, graph.tensors = self.ops, self._tensors
        used = self._used()
        keep_tensors(self._tree, used)
        drop_unused_codes(self._tree)
        drop_unused_buffers(self._tree)
        return Rewritten(self._model.changed(self._tree), [self._origins[index] for index in used])

    def _used(self) -> list[int]:
        used = self.inputs | self.outputs
        for op in self.ops:
            for places in (op.inputs, op.outputs, () if op.intermediates is None else op.intermediates):
                used |= {int(index) for index in places if index >= 0}
        return sorted(used)

    def _added(self, tensor: Any) -> int:
        self._tensors.append(tensor)
        self._origins.append(-1)
        return len(self._tensors) - 1

    def _code(self, kind: str) -> int:
        from ai_edge_litert import schema_py_generated as schema

        for place, code in enumerate(self._tree.operatorCodes):
            if op_name(code) == kind:
                return place
        code = schema.OperatorCodeT()
        code.builtinCode = _number("BuiltinOperator", kind)
        code.deprecatedBuiltinCode, code.version = min(code.builtinCode, 127), 1
        self._tree.operatorCodes.append(code)
        return len(self._tree.operatorCodes) - 1


def _number(enum: str, name: str) -> int:
    return next(number for number, found in enum_names(enum).items() if found == name)
