"""Ops that slide a window: convolutions and pools. Tensors are NHWC, as in the flatbuffer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from quantci.quantize.qat.graph import FloatGraph, Node


def convolve(node: Node, x: Any, weights: Any) -> Any:
    """CONV_2D, with groups where the weights have fewer channels than the input; the bias comes later."""
    options = node.options
    stride = options.strideH, options.strideW
    dilation = options.dilationHFactor, options.dilationWFactor
    padded = _padded(x, weights.shape[1:3], stride, dilation, is_same=options.padding == 0)
    groups = x.shape[3] // weights.shape[3]
    made = functional.conv2d(padded, weights.permute(0, 3, 1, 2), None, stride, 0, dilation, groups)
    return made.permute(0, 2, 3, 1)


def convolve_depthwise(node: Node, x: Any, weights: Any) -> Any:
    """DEPTHWISE_CONV_2D, whose weights are [1, height, width, channels x multiplier]."""
    options = node.options
    stride = options.strideH, options.strideW
    dilation = options.dilationHFactor, options.dilationWFactor
    padded = _padded(x, weights.shape[1:3], stride, dilation, is_same=options.padding == 0)
    made = functional.conv2d(padded, weights.permute(3, 0, 1, 2), None, stride, 0, dilation, x.shape[3])
    return made.permute(0, 2, 3, 1)


def convolve_transposed(node: Node, x: Any, weights: Any, shape: list[int]) -> Any:
    """TRANSPOSE_CONV to an output of this shape."""
    options = node.options
    made = functional.conv_transpose2d(
        x.permute(0, 3, 1, 2), weights.permute(3, 0, 1, 2), None, (options.strideH, options.strideW)
    )
    for axis, size in ((2, shape[1]), (3, shape[2])):
        over = made.shape[axis] - size
        if over < 0:  # a stride larger than the window: behind the last one nothing was written
            made = functional.pad(made, (0, 0, 0, -over) if axis == 2 else (0, -over))
        elif over:
            made = made.narrow(axis, over // 2 if options.padding == 0 else 0, size)
    return made.permute(0, 2, 3, 1)


def average(node: Node, x: Any) -> Any:
    """AVERAGE_POOL_2D: what lies outside counts for nothing."""
    window, stride, is_same = _pool(node)
    ones = torch.ones_like(x[:1, :, :, :1])
    total, count = (
        functional.avg_pool2d(_padded(part, window, stride, (1, 1), is_same=is_same), window, stride)
        for part in (x, ones)
    )
    return (total / count).permute(0, 2, 3, 1)


def largest(node: Node, x: Any) -> Any:
    """MAX_POOL_2D."""
    window, stride, is_same = _pool(node)
    padded = _padded(x, window, stride, (1, 1), is_same=is_same, value=float("-inf"))
    return functional.max_pool2d(padded, window, stride).permute(0, 2, 3, 1)


def output_shape(graph: FloatGraph, node: Node) -> list[int]:
    """The first output's shape in the flatbuffer."""
    return graph.shapes[node.outputs[0]]


def _pool(node: Node) -> tuple[tuple[int, int], tuple[int, int], bool]:
    options = node.options
    window = options.filterHeight, options.filterWidth
    return window, (options.strideH, options.strideW), options.padding == 0


def _padded(
    x: Any, window: Any, stride: tuple[int, int], dilation: tuple[int, int], *, is_same: bool, value: float = 0.0
) -> Any:
    """The input as NCHW, with what SAME adds: half of it before, the odd one behind."""
    nchw = x.permute(0, 3, 1, 2)
    if not is_same:
        return nchw
    before_and_behind: list[int] = []
    for axis in (1, 0):
        size, reach = x.shape[1 + axis], (window[axis] - 1) * dilation[axis] + 1
        total = max((-(-size // stride[axis]) - 1) * stride[axis] + reach - size, 0)
        before_and_behind += [total // 2, total - total // 2]
    return functional.pad(nchw, before_and_behind, value=value) if any(before_and_behind) else nchw
