"""Fuse a RELU6 on its own, which TFLM's kernel gets wrong (docs/kernels.md), into the layer before it.

It is the same function in one op less. Where that is not possible, same_range.py helps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from quantci.quantize.step import Transformed
from quantci.records.kernels import Rewrite
from quantci.tflite.enums import enum_names, op_name, tensor_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantci.quantize.step import Statistics

HOSTS: Final = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "ADD"})


def fuse(statistics: Statistics) -> Transformed:
    """Fuse each RELU6 of the main subgraph into the op before it, where it is that op's only reader.

    The tensors between them are dropped, and those behind move up.

    Raises:
        ModelRejected: see `parse`.
    """
    model = statistics.float_model.draft()
    graph = model.subgraphs[0]
    writers = {int(index): op for op in graph.operators for index in op.outputs}
    readers: dict[int, int] = {}
    for index in (*(index for op in graph.operators for index in op.inputs), *graph.outputs):
        readers[int(index)] = readers.get(int(index), 0) + 1
    rewrites, kept, dropped = [], [], set()
    for op in graph.operators:
        host = writers.get(int(op.inputs[0])) if _name(model, op) == "RELU6" else None
        if host is None or readers[int(op.inputs[0])] != 1 or not _takes_activation(model, host):
            kept.append(op)
            continue
        before, after = graph.tensors[int(op.inputs[0])], graph.tensors[int(op.outputs[0])]
        host.builtinOptions.fusedActivationFunction = _activation("RELU6")
        host.outputs = op.outputs
        writers[int(op.outputs[0])] = host
        dropped.add(int(op.inputs[0]))
        rewrites.append(Rewrite(op="RELU6", layer=tensor_name(after), how="fused", into=tensor_name(before)))
    origins = [index for index in range(len(graph.tensors)) if index not in dropped]
    if not rewrites:
        return Transformed(statistics.float_model, origins, [])
    graph.operators = kept
    _keep(model, origins)
    _drop_unused_codes(model)
    return Transformed(statistics.float_model.changed(model), origins, rewrites)


def _keep(model: Any, tensors: Sequence[int]) -> None:
    """Take the other tensors out of the main subgraph, and renumber what refers to these."""
    graph = model.subgraphs[0]
    place = {old: new for new, old in enumerate(tensors)} | {-1: -1}
    graph.tensors = [graph.tensors[index] for index in tensors]
    graph.inputs = [place[int(index)] for index in graph.inputs]
    graph.outputs = [place[int(index)] for index in graph.outputs]
    for op in graph.operators:
        op.inputs = [place[int(index)] for index in op.inputs]
        op.outputs = [place[int(index)] for index in op.outputs]
        if op.intermediates is not None:
            op.intermediates = [place[int(index)] for index in op.intermediates]
    for signature in model.signatureDefs or []:
        if signature.subgraphIndex == 0:
            for port in (*(signature.inputs or []), *(signature.outputs or [])):
                port.tensorIndex = place[port.tensorIndex]


def _drop_unused_codes(model: Any) -> None:
    """Take out the codes of ops that no subgraph has any more: the calibrator refuses a model that has them."""
    used = sorted({op.opcodeIndex for graph in model.subgraphs for op in graph.operators})
    place = {old: new for new, old in enumerate(used)}
    model.operatorCodes = [model.operatorCodes[index] for index in used]
    for graph in model.subgraphs:
        for op in graph.operators:
            op.opcodeIndex = place[op.opcodeIndex]


def _name(model: Any, op: Any) -> str:
    return op_name(model.operatorCodes[op.opcodeIndex])


def _takes_activation(model: Any, op: Any) -> bool:
    """Whether the op can clamp its own output, and does not clamp it from above yet."""
    if _name(model, op) not in HOSTS or len(op.outputs) != 1 or op.builtinOptions is None:
        return False
    return op.builtinOptions.fusedActivationFunction in {_activation("NONE"), _activation("RELU")}


def _activation(name: str) -> int:
    return next(number for number, found in enum_names("ActivationFunctionType").items() if found == name)
