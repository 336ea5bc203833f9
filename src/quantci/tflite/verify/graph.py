"""Checks of the graph: what each op reads was written before, nothing is written twice, and indices are in range."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from quantci.tflite.enums import enum_names, is_custom, op_name, tensor_label
from quantci.tflite.verify.damage import Damage, require
from quantci.tflite.verify.open_tensors import open_tensors
from quantci.tflite.verify.options import check_options
from quantci.tflite.verify.shapes import check_shapes
from quantci.tflite.verify.tensors import SMALLER, check_buffers, check_tensor, shape_of, stored_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_OPS: Final = 20_000
MAX_TENSORS: Final = 100_000
# Places of the inputs that may be absent; every input of a custom op and of the recurrent ops may.
_OPTIONAL: Final = {"CONV_2D": {2}, "FULLY_CONNECTED": {2}, "TRANSPOSE_CONV": {3}, "SVDF": {3}}
_RECURRENT: Final = ("LSTM", "RNN")
# Options that name another subgraph.
_SUBGRAPHS: Final = {
    "IF": ("thenSubgraphIndex", "elseSubgraphIndex"),
    "WHILE": ("condSubgraphIndex", "bodySubgraphIndex"),
    "CALL_ONCE": ("initSubgraphIndex",),
}


def check_model(model: Any, file_bytes: int) -> None:
    """Everything that must hold before native code may see this ModelT.

    Raises:
        Damage: `malformed`, `too-large`, `degenerate`, `unsupported-tensor`, `unsupported-op` or `external-data`.
    """
    require(model.version == 3, f"its schema version is {model.version}, not 3")
    require(model.subgraphs, "it has no subgraph")
    for graph in model.subgraphs:
        lists = (graph.tensors, graph.operators, graph.inputs, graph.outputs)
        require(all(part is not None for part in lists), "a subgraph has no list of tensors, ops, inputs or outputs")
    _check_size(sum(len(graph.operators) for graph in model.subgraphs), MAX_OPS, "ops")
    _check_size(sum(len(graph.tensors) for graph in model.subgraphs), MAX_TENSORS, "tensors")
    check_buffers(model.buffers or [], file_bytes)
    names = [_name(code) for code in model.operatorCodes or []]
    for graph in model.subgraphs:
        for index, tensor in enumerate(graph.tensors):
            check_tensor(tensor, index, model.buffers)
        _check_order(graph, names, model.buffers)
        opened = open_tensors(model, graph)
        for position, op in enumerate(graph.operators):
            name = names[op.opcodeIndex]
            check_shapes(op, name, _label(position, name), graph.tensors, model.buffers, opened)
    _check_calls(model, names)
    _check_signatures(model)


def _check_size(count: int, limit: int, what: str) -> None:
    if count > limit:
        raise Damage(f"it has {count:,} {what}; at most {limit:,} are read", code="too-large", remedy=SMALLER)


def _name(code: Any) -> str:
    # A number that the schema does not know is an op of a newer schema: interpreters refuse it by themselves.
    require(code.customCode or not is_custom(code), "a custom op has no name")
    name = op_name(code)
    # Checks go by the name: a custom op called like a builtin one would be checked as that.
    is_builtin_name = name in enum_names("BuiltinOperator").values()
    require(not is_custom(code) or not is_builtin_name, "a custom op has a builtin op's name")
    return name


def _check_order(graph: Any, names: Sequence[str], buffers: Sequence[Any]) -> None:
    count = len(graph.tensors)
    ports = [*graph.inputs.tolist(), *graph.outputs.tolist()]
    require(all(0 <= port < count for port in ports), "an input or output of the graph is not among its tensors")
    constant = {index for index, tensor in enumerate(graph.tensors) if stored_bytes(tensor, buffers)}
    inputs = graph.inputs.tolist()
    require(not constant & set(inputs) and len(set(inputs)) == len(inputs), "an input of the graph is a constant")
    empty = {index for index, tensor in enumerate(graph.tensors) if 0 in shape_of(tensor)}
    require(not empty & {*inputs}, "an input of the graph has no elements")
    # An empty constant stores no bytes: what has no elements may be read without being written.
    ready = constant | set(inputs)
    ready |= {index for index, tensor in enumerate(graph.tensors) if tensor.isVariable} | empty
    written = set(ready)
    for position, op in enumerate(graph.operators):
        require(0 <= op.opcodeIndex < len(names), f"op {position} refers to an op code that is not there")
        name = names[op.opcodeIndex]
        label = _label(position, name)
        require(op.inputs is not None and op.outputs is not None, f"{label} has no list of inputs or outputs")
        op_inputs, op_outputs = op.inputs.tolist(), op.outputs.tolist()
        for place, index in enumerate(op_inputs):
            if index in ready:
                continue
            require(-1 <= index < count, f"{label} reads tensor {index} of {count}")
            require(index >= 0 or _may_be_absent(name, place), f"{label} lacks its input {place}")
            require(
                index < 0 or _is_custom(name),
                f"{label} reads {tensor_label(graph.tensors[index], index)} before anything writes it",
            )
        for index in op_outputs:
            require(0 <= index < count, f"{label} writes tensor {index} of {count}")
            require(index not in empty, f"{label} writes {tensor_label(graph.tensors[index], index)}, of no elements")
            require(index not in written, f"{label} writes {tensor_label(graph.tensors[index], index)} again")
            written.add(index)
        ready.update(op_outputs)
        intermediates = [] if op.intermediates is None else op.intermediates.tolist()
        require(all(-1 <= index < count for index in intermediates), f"{label} has an intermediate that is not there")
        check_options(op, name, label, len(op_inputs), len(op_outputs))
    for index in graph.outputs.tolist():
        require(index in ready, f"nothing writes the output {tensor_label(graph.tensors[index], index)}")


def _label(position: int, name: str) -> str:
    return f"op {position} ({name})"


def _may_be_absent(name: str, place: int) -> bool:
    return _is_custom(name) or place in _OPTIONAL.get(name, ()) or name.endswith(_RECURRENT)


def _is_custom(name: str) -> bool:
    return name not in enum_names("BuiltinOperator").values()


def _check_calls(model: Any, names: Sequence[str]) -> None:
    """Subgraphs that ops call exist, and none calls itself, directly or through others."""
    calls: dict[int, set[int]] = {}
    for caller, graph in enumerate(model.subgraphs):
        calls[caller] = set()
        for op in graph.operators:
            for option in _SUBGRAPHS.get(names[op.opcodeIndex], ()):
                callee = int(getattr(op.builtinOptions, option))
                require(0 <= callee < len(model.subgraphs), f"an op calls subgraph {callee}, which is not there")
                calls[caller].add(callee)
                _check_ports(op, names[op.opcodeIndex], option, model.subgraphs[callee])
    while calls:
        ends = {caller for caller, callees in calls.items() if not callees & calls.keys()}
        require(ends, "its subgraphs call each other in a circle")
        calls = {caller: callees for caller, callees in calls.items() if caller not in ends}


def _check_ports(op: Any, name: str, option: str, callee: Any) -> None:
    skipped = {"IF": 1, "WHILE": 0, "CALL_ONCE": 0}[name]
    outputs = 1 if option == "condSubgraphIndex" else len(op.outputs)
    require(
        len(callee.inputs) == len(op.inputs) - skipped and len(callee.outputs) == outputs,
        f"a subgraph has other inputs or outputs than the {name} that calls it",
    )


def _check_signatures(model: Any) -> None:
    for signature in model.signatureDefs or []:
        require(0 <= signature.subgraphIndex < len(model.subgraphs), "a signature names a subgraph that is not there")
        count = len(model.subgraphs[signature.subgraphIndex].tensors)
        for entry in [*(signature.inputs or []), *(signature.outputs or [])]:
            require(
                entry.tensorIndex < count and entry.name is not None, "a signature names a tensor that is not there"
            )
        require(signature.signatureKey is not None, "a signature has no name")
    for entry in model.metadata or []:
        require(entry.buffer < len(model.buffers) and entry.name is not None, "metadata lies in no buffer")
