"""An ONNX graph as it was read: what it may hold, its input, and the layout of that. Runs in the jail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from quantci.source.onnx.told import malformed

if TYPE_CHECKING:
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


def read_onnx(path: Path, where: str) -> Any:
    """The model in the file.

    Raises:
        ModelRejected: `malformed`.
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
    return model


def inputs_of(graph: Any) -> list[Any]:
    """The inputs that are no weights: old exporters list those as well."""
    weights = {tensor.name for tensor in graph.initializer}
    return [value for value in graph.input if value.name not in weights]


def keeps_layout(graph: Any) -> bool:
    """Whether what reads the only input does not tell channels from places: then no axis of it moves."""
    (taken,) = inputs_of(graph)
    names, waiting = {taken.name}, [taken.name]
    while waiting:
        name = waiting.pop()
        for node in graph.node:
            if name not in node.input:
                continue
            if node.op_type in _SPATIAL:
                return False
            if node.op_type in _PASSING:
                waiting += [output for output in node.output if output and output not in names]
                names.update(node.output)
    return True
