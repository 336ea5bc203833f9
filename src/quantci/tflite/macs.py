"""Multiply-accumulates of one op: the usual first estimate of what a layer costs, before anything is measured."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from quantci.tflite.enums import enum_names

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Shapes = Sequence[Sequence[int]]

# Ops that multiply and accumulate in a way that is not counted here.
_NOT_COUNTED: Final = frozenset(
    {"BIDIRECTIONAL_SEQUENCE_LSTM", "BIDIRECTIONAL_SEQUENCE_RNN", "CALL", "CALL_ONCE", "CONV_3D", "CONV_3D_TRANSPOSE"}
    | {"CUSTOM", "IF", "LSTM", "RFFT2D", "RNN", "UNIDIRECTIONAL_SEQUENCE_RNN", "WHILE"}
)


def count_macs(op: str, inputs: Shapes, outputs: Shapes, *, transposes_left: bool = False) -> int | None:
    """Multiply-accumulates of one inference.

    Args:
        op: builtin name; the name of a custom op gives None.
        inputs: shape of each input; empty for an absent one.
        outputs: shape of each output.
        transposes_left: option adj_x of BATCH_MATMUL.

    Returns:
        0 for what moves data or works element by element; None when the cost is not known: a custom op, control flow,
        an open shape.
    """
    if op in _NOT_COUNTED or op not in enum_names("BuiltinOperator").values():
        return None
    rule = _RULES.get(op)
    if rule is None:
        return 0
    try:
        if transposes_left:
            inputs = [[*inputs[0][:-2], inputs[0][-1], inputs[0][-2]], *inputs[1:]]
        macs = rule(inputs, outputs)
    except (IndexError, ValueError, ZeroDivisionError):  # a rank that the op does not take
        return None
    return None if any(size < 0 for shape in (*inputs, *outputs) for size in shape) else macs


def _conv(inputs: Shapes, outputs: Shapes) -> int:
    # Filter [out, height, width, in / groups]: every output element sums over all but the first axis.
    return math.prod(outputs[0]) * math.prod(inputs[1][1:])


def _depthwise(inputs: Shapes, outputs: Shapes) -> int:
    # Filter [1, height, width, out]: every output element sums over one channel's window.
    _one, height, width, _channels = inputs[1]
    return math.prod(outputs[0]) * height * width


def _fully_connected(inputs: Shapes, outputs: Shapes) -> int:
    _units, depth = inputs[1]
    return math.prod(outputs[0]) * depth


def _transpose_conv(inputs: Shapes, _outputs: Shapes) -> int:
    # Filter [out, height, width, in], input is operand 2: every input element is spread over a window of all outputs.
    channels, height, width, _depth = inputs[1]
    return math.prod(inputs[2]) * height * width * channels


def _batch_matmul(inputs: Shapes, outputs: Shapes) -> int:
    return math.prod(outputs[0]) * inputs[0][-1]


def _lstm(inputs: Shapes, _outputs: Shapes) -> int:
    # Operands 1 to 4: weights of the gates for the input, 5 to 8: for the state; absent ones (coupled gates) are empty.
    steps = math.prod(inputs[0][:-1])
    return steps * sum(math.prod(shape) for shape in inputs[1:9] if len(shape) == 2)


def _svdf(inputs: Shapes, _outputs: Shapes) -> int:
    # Feature filters [filters, in], time filters [filters, memory].
    return int(inputs[0][0]) * (math.prod(inputs[1]) + math.prod(inputs[2]))


_RULES: Final[dict[str, Callable[[Shapes, Shapes], int]]] = {
    "BATCH_MATMUL": _batch_matmul,
    "CONV_2D": _conv,
    "DEPTHWISE_CONV_2D": _depthwise,
    "FULLY_CONNECTED": _fully_connected,
    "SVDF": _svdf,
    "TRANSPOSE_CONV": _transpose_conv,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _lstm,
}
