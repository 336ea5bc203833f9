"""Which tensors fit convolutions, pooling, matrix products and recurrent layers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from quantci.tflite.verify.operands import given, same_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantci.tflite.verify.operands import Operands


def _window(size: int, window: int, stride: int, dilation: int, padding: int) -> int:
    """Length of a sliding window's output; padding 0 is SAME, 1 is VALID."""
    reach = (window - 1) * dilation + 1
    return -(-size // stride) if padding == 0 else (size - reach) // stride + 1


def _slides(op: Operands, height: int, width: int, *, dilated: bool = True) -> bool:
    options = op.options
    dilation = (options.dilationHFactor, options.dilationWFactor) if dilated else (1, 1)
    _, input_height, input_width, _ = given(op.inputs[0])
    _, output_height, output_width, _ = op.outputs[0]
    return (
        output_height == _window(input_height, height, options.strideH, dilation[0], options.padding)
        and output_width == _window(input_width, width, options.strideW, dilation[1], options.padding)
        and output_height > 0
        and output_width > 0
    )


def _weighted(op: Operands, channels: int, bias: int = 2) -> bool:
    """Types of weights and bias go with the input's, and there is one bias a channel."""
    fits = same_type(op) and op.types[1] in _WEIGHTS.get(op.types[0], ())
    if len(op.inputs) > bias and op.inputs[bias] is not None:
        # As [n] or, by some converters, [1, 1, 1, n].
        fits = fits and math.prod(given(op.inputs[bias])) == channels and op.types[bias] in _BIASES[op.types[0]]
    return fits


def _conv(op: Operands) -> bool:
    batch, _, _, channels = given(op.inputs[0])
    output_channels, height, width, filter_channels = given(op.inputs[1])
    groups = channels // filter_channels
    return (
        op.outputs[0][0] == batch
        and op.outputs[0][3] == output_channels
        and groups * filter_channels == channels
        and output_channels % groups == 0
        and _slides(op, height, width)
        and _weighted(op, output_channels)
    )


def _depthwise(op: Operands) -> bool:
    batch, _, _, channels = given(op.inputs[0])
    one, height, width, output_channels = given(op.inputs[1])
    multiplier = op.options.depthMultiplier
    return (
        one == 1
        and op.outputs[0][0] == batch
        and op.outputs[0][3] == output_channels
        and output_channels % channels == 0
        and multiplier in {0, output_channels // channels}
        and _slides(op, height, width)
        and _weighted(op, output_channels)
    )


def _transpose_conv(op: Operands) -> bool:
    output_channels, height, width, channels = given(op.inputs[1])
    batch, input_height, input_width, input_channels = given(op.inputs[2])
    options = op.options
    turned = op._replace(inputs=[op.outputs[0]], outputs=[[batch, input_height, input_width, channels]])
    return (
        op.constants[0] in (None, op.outputs[0])
        and op.outputs[0][0] == batch
        and op.outputs[0][3] == output_channels
        and channels == input_channels
        and (_slides(turned, height, width, dilated=False) or options.padding == 1)
        and _weighted(op._replace(types=[op.types[2], *op.types[1:]]), output_channels, bias=3)
    )


def _fully_connected(op: Operands) -> bool:
    units, depth = given(op.inputs[1])
    count = math.prod(given(op.inputs[0]))
    return (
        count % depth == 0
        and op.outputs[0][-1] == units
        and math.prod(op.outputs[0]) == count // depth * units
        and op.options.weightsFormat == 0
        and _weighted(op, units)
    )


def _pool(op: Operands) -> bool:
    batch, _, _, channels = given(op.inputs[0])
    ends = op.outputs[0][0] == batch and op.outputs[0][3] == channels
    return ends and same_type(op) and _slides(op, op.options.filterHeight, op.options.filterWidth, dilated=False)


def _batch_matmul(op: Operands) -> bool:
    left, right = given(op.inputs[0]), given(op.inputs[1])
    rows, depth = left[-2:][::-1] if op.options.adjX else left[-2:]
    other_depth, columns = right[-2:][::-1] if op.options.adjY else right[-2:]
    batch = list(np.broadcast_shapes(tuple(left[:-2]), tuple(right[:-2])))
    return depth == other_depth and op.outputs[0] == [*batch, rows, columns] and same_type(op)


_WEIGHTS: Final = {
    "float32": {"float32", "int8", "uint8", "int4", "float16"},
    "int8": {"int8", "int4", "int2"},
    "uint8": {"uint8"},
    "int16": {"int8", "int4"},
}
_BIASES: Final = {
    "float32": {"float32", "float16"},
    "int8": {"int32"},
    "uint8": {"int32"},
    "int16": {"int32", "int64"},
}
RULES: Final[dict[str, Callable[[Operands], bool]]] = {
    **dict.fromkeys(("AVERAGE_POOL_2D", "MAX_POOL_2D", "L2_POOL_2D"), _pool),
    "BATCH_MATMUL": _batch_matmul,
    "CONV_2D": _conv,
    "DEPTHWISE_CONV_2D": _depthwise,
    "FULLY_CONNECTED": _fully_connected,
    "TRANSPOSE_CONV": _transpose_conv,
}
