"""Fuse a RELU6 on its own, which TFLM's kernel gets wrong (docs/kernels.md), into the layer before it.

It is the same function in one op less. Where that is not possible, same_range.py helps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from quantci.quantize.step import Transformed
from quantci.records.kernels import Rewrite
from quantci.tflite.enums import enum_names, op_name, tensor_name
from quantci.tflite.take_out import drop_unused_codes, keep_tensors

if TYPE_CHECKING:
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
    keep_tensors(model, origins)
    drop_unused_codes(model)
    return Transformed(statistics.float_model.changed(model), origins, rewrites)


def _name(model: Any, op: Any) -> str:
    return op_name(model.operatorCodes[op.opcodeIndex])


def _takes_activation(model: Any, op: Any) -> bool:
    """Whether the op can clamp its own output, and does not clamp it from above yet."""
    if _name(model, op) not in HOSTS or len(op.outputs) != 1 or op.builtinOptions is None:
        return False
    return op.builtinOptions.fusedActivationFunction in {_activation("NONE"), _activation("RELU")}


def _activation(name: str) -> int:
    return next(number for number, found in enum_names("ActivationFunctionType").items() if found == name)
