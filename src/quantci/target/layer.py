"""An op as its kernel sees it: kind, types, shapes, window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from quantci.tflite.enums import dtype_name, is_custom, op_name
from quantci.tflite.verify.tensors import open_shape

if TYPE_CHECKING:
    from collections.abc import Iterator

Shape = tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Layer:
    """One op.

    Attributes:
        op: builtin name; CUSTOM for a custom op, whatever it calls itself.
        is_int8: input, filter and output are int8; of ADD and MUL, both operands.
        inputs: shape of each input; empty for an absent one. The filter of a convolution is the second.
        output: shape of the first output; -1 where a size is open.
        window: (height, width) of a pool.
        stride: (height, width).
        is_dilated: the filter has holes.
    """

    op: str
    is_int8: bool
    inputs: tuple[Shape, ...]
    output: Shape
    window: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    is_dilated: bool = False


def read_layers(model: Any) -> Iterator[Layer]:
    """The layers of the main subgraph of a parsed model, in their order.

    Args:
        model: the schema's ModelT, as `quantci.tflite.flatbuffer.parse` gives it.
    """
    graph = model.subgraphs[0]
    names = ["CUSTOM" if is_custom(code) else op_name(code) for code in model.operatorCodes]
    shapes = [tuple(open_shape(tensor)) for tensor in graph.tensors]
    are_int8 = [dtype_name(tensor.type) == "int8" for tensor in graph.tensors]
    for op in graph.operators:
        inputs, outputs = op.inputs.tolist(), op.outputs.tolist()
        options = op.builtinOptions
        first = [index for index in (*inputs[:2], *outputs[:1]) if index >= 0]
        yield Layer(
            op=names[op.opcodeIndex],
            is_int8=bool(first) and all(are_int8[index] for index in first),
            inputs=tuple(shapes[index] if index >= 0 else () for index in inputs),
            output=shapes[outputs[0]] if outputs else (),
            window=(int(getattr(options, "filterHeight", 1)), int(getattr(options, "filterWidth", 1))),
            stride=(int(getattr(options, "strideH", 1)), int(getattr(options, "strideW", 1))),
            is_dilated=getattr(options, "dilationHFactor", 1) != 1 or getattr(options, "dilationWFactor", 1) != 1,
        )
