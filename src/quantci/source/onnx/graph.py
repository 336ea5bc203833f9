"""An ONNX graph as it was read: what it may hold, its input, and the layout of that. Runs in the jail."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from quantci.errors import ModelRejected
from quantci.source.onnx.explain import unsupported
from quantci.source.onnx.told import malformed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# What makes the axes behind the batch channels and places.
_SPATIAL: Final = frozenset(
    {
        "Conv",
        "ConvTranspose",
        "MaxPool",
        "AveragePool",
        "GlobalAveragePool",
        "GlobalMaxPool",
        "LpPool",
        "BatchNormalization",
        "InstanceNormalization",
        "GroupNormalization",
        "LRN",
        "DepthToSpace",
        "SpaceToDepth",
        "Resize",
    }
)
# What leaves each value where it is, so that the layout is seen behind it.
_PASSING: Final = frozenset(
    {
        "Identity",
        "Cast",
        "Dropout",
        "Pad",
        "Add",
        "Sub",
        "Mul",
        "Div",
        "Relu",
        "LeakyRelu",
        "PRelu",
        "Clip",
        "Sigmoid",
        "Tanh",
        "HardSigmoid",
        "HardSwish",
        "Neg",
        "Abs",
        "Sqrt",
        "Pow",
        "Concat",
        "Slice",
        "Split",
    }
)

_CONTROL_FLOW: Final = "it is control flow, and on a chip the same ops run for every sample"
_NOT_ON_A_CHIP: Final = {
    "Erf": "TFLM has no kernel for it, nor for the exact GELU that it is usually a part of",
    "Gelu": "TFLM has no kernel for it",
    "If": _CONTROL_FLOW,
    "Loop": _CONTROL_FLOW,
    "Scan": _CONTROL_FLOW,
}
_QUANTIZED: Final = re.compile(r"^(Dynamic)?(Q|Deq)uantizeLinear$|^QLinear|^(Conv|MatMul)Integer$")


def read_onnx(path: Path, where: str) -> Any:
    """The model in the file.

    Raises:
        ModelRejected: `malformed`, `external-data`, `already-quantized`, `mixed-precision`, `onnx-operator`.
    """
    import onnx
    from google.protobuf.message import DecodeError

    model = onnx.ModelProto()
    try:
        model.ParseFromString(path.read_bytes())
    except DecodeError as error:
        raise malformed(str(error), where) from None
    if not model.graph.node or not model.graph.output:
        raise malformed("its graph is empty", where)
    untyped = next((value.name for value in model.graph.output if not value.HasField("type")), None)
    if untyped is not None:
        raise malformed(f"its output {untyped[:100]} has no type", where)
    check_one_file(model, where)
    check_float(model.graph, where)
    check_recurrent(model.graph, where)
    return model


def check_recurrent(graph: Any, where: str) -> None:
    """Refuse a GRU or an RNN: unrolled into some 20 ops a step, its INT8 form is refused or wrong.

    Raises:
        ModelRejected: `onnx-operator`, naming the node.
    """
    for node in graph.node:
        if node.op_type in {"GRU", "RNN"}:
            raise unsupported(node.op_type, node.name, where, why="only LSTM can be quantized")


def check_runnable(graph: Any, where: str) -> None:
    """Refuse what onnx2tf does convert, to ops that no chip runs: there they would go by the names of those ops.

    Args:
        graph: after its constants were folded: an If of a constant is none any more.
        where: the model's path, for the message.

    Raises:
        ModelRejected: `onnx-operator`, naming the node.
    """
    for node in graph.node:
        if node.op_type in _NOT_ON_A_CHIP:
            name = node.name or node.output[0]
            raise unsupported(node.op_type, name, where, why=_NOT_ON_A_CHIP[node.op_type])


def check_one_file(model: Any, where: str) -> None:
    """Refuse weights in other files: nothing but the model itself is in the jail.

    Raises:
        ModelRejected: `external-data`, naming the file.
    """
    tensors = list(_tensors(model))
    outside = next((tensor for tensor in tensors if tensor.data_location == tensor.EXTERNAL), None)
    if outside is not None:
        file = next((entry.value for entry in outside.external_data if entry.key == "location"), "")
        raise ModelRejected(
            "external-data",
            f"The weights of {outside.name[:100]} lie in another file, {file[:200]!r}, which is not read.",
            where=where,
            remedy="Keep them inside: torch.onnx.export(..., external_data=False), or once "
            "onnx.save(onnx.load('model.onnx'), 'whole.onnx').",
        )


def check_float(graph: Any, where: str) -> None:
    """Refuse a model that is quantized already, and one in half precision.

    Raises:
        ModelRejected: `already-quantized`, `mixed-precision`.
    """
    quantized = [node for node in graph.node if _QUANTIZED.search(node.op_type)]
    if quantized:
        raise ModelRejected(
            "already-quantized",
            f"This model is quantized already ({len(quantized)} nodes such as {quantized[0].op_type}): converted, it "
            "would compute in float between them.",
            where=where,
            remedy="Give the float model that it was made from: quantci quantizes it itself.",
        )
    half = next((tensor.name for tensor in graph.initializer if tensor.data_type in {10, 16}), None)
    if half is not None:
        raise ModelRejected(
            "mixed-precision",
            f"The weights {half[:100]} are floats of 16 bits.",
            where=where,
            remedy="Export the model in float32: model.float() before torch.onnx.export().",
        )


def _tensors(model: Any) -> Iterator[Any]:
    """All constants, also those in nodes, in what these run, and in functions."""
    graphs, nodes = [model.graph], [node for function in model.functions for node in function.node]
    while graphs:
        graph = graphs.pop()
        yield from graph.initializer
        for sparse in graph.sparse_initializer:
            yield from (sparse.values, sparse.indices)
        nodes += graph.node
        while nodes:
            for attribute in nodes.pop().attribute:
                yield from (attribute.t, *attribute.tensors)
                yield from (attribute.sparse_tensor.values, attribute.sparse_tensor.indices)
                graphs += [attribute.g, *attribute.graphs] if attribute.HasField("g") else [*attribute.graphs]


def inputs_of(graph: Any) -> list[Any]:
    """The inputs that are no weights: old exporters list those as well."""
    weights = {tensor.name for tensor in graph.initializer}
    return [value for value in graph.input if value.name not in weights]


def keeps_layout(graph: Any) -> bool:
    """Whether what reads the only input does not tell channels from places: then no axis of it moves."""
    (taken,) = inputs_of(graph)
    readers: dict[str, list[Any]] = {}
    for node in graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    names, waiting = {taken.name}, [taken.name]
    while waiting:
        for node in readers.get(waiting.pop(), ()):
            if node.op_type in _SPATIAL:
                return False
            if node.op_type in _PASSING:
                waiting += [output for output in node.output if output and output not in names]
                names.update(node.output)
    return True
