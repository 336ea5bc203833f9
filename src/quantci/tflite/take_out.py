"""Take tensors and ops out of a draft of a model, and leave nothing behind that refers to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


def keep_tensors(model: Any, tensors: Sequence[int]) -> None:
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


def drop_unused_codes(model: Any) -> None:
    """Take out the codes of ops that no subgraph has any more: the calibrator refuses a model that has them."""
    used = sorted({op.opcodeIndex for graph in model.subgraphs for op in graph.operators})
    place = {old: new for new, old in enumerate(used)}
    model.operatorCodes = [model.operatorCodes[index] for index in used]
    for graph in model.subgraphs:
        for op in graph.operators:
            op.opcodeIndex = place[op.opcodeIndex]


def drop_unused_buffers(model: Any) -> None:
    """Take out the buffers that nothing refers to; the first one, empty by convention, stays."""
    tensors = [tensor for graph in model.subgraphs for tensor in graph.tensors]
    metadata, listed = model.metadata or [], [] if model.metadataBuffer is None else list(model.metadataBuffer)
    used = sorted({0, *(int(one.buffer) for one in (*tensors, *metadata)), *map(int, listed)})
    place = {old: new for new, old in enumerate(used)}
    model.buffers = [model.buffers[index] for index in used]
    for one in (*tensors, *metadata):
        one.buffer = place[int(one.buffer)]
    if listed:
        model.metadataBuffer = [place[int(index)] for index in listed]
