"""INT8 models of one op, drawn at random, to hold TFLM to LiteRT's reference kernels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from tests.models import SAME, VALID, Op, Tensor, build_model

T = TypeVar("T")


class Draw(Protocol):
    """Where the choices come from: hypothesis, which can shrink them, or a seed, which is fast."""

    def pick(self, choices: Sequence[T]) -> T:
        """One of them."""

    def integer(self, low: int, high: int) -> int:
        """A number from low to high, both included."""


class SeededDraw:
    """Choices from a seed."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.RandomState(seed)

    def pick(self, choices: Sequence[T]) -> T:
        """See Draw."""
        return choices[self._random.randint(len(choices))]

    def integer(self, low: int, high: int) -> int:
        """See Draw."""
        return int(self._random.randint(low, high + 1))


SCALES = (1e-4, 1 / 256, 0.01, 6 / 255, 0.03, 0.05, 0.1, 0.37, 2.5)
ZERO_POINTS = (-128, -5, 0, 20, 127)
ACTIVATIONS = ("NONE", "RELU", "RELU6", "RELU_N1_TO_1")
FIXED_OUTPUTS = {
    "LOGISTIC": (1 / 256, -128),
    "SOFTMAX": (1 / 256, -128),
    "TANH": (1 / 128, 0),
    "LOG_SOFTMAX": (16 / 256, 127),
    "L2_NORMALIZATION": (1 / 128, 0),
}
FIRST_VERSION = {"HARD_SWISH", "ELU", "NEG"}  # INT8 came with their version 1
UNARY = (
    *("RELU", "RELU6", "LEAKY_RELU", "LOGISTIC", "TANH", "SOFTMAX", "HARD_SWISH", "QUANTIZE", "ABS", "RSQRT"),
    *("LOG_SOFTMAX", "L2_NORMALIZATION", "ELU"),
)
CHANNELS = (1, 2, 3, 4, 8, 12, 16, 17)


def draw_model(draw: Draw, kind: str) -> bytes:
    """A model of one op of this kind: inputs first, outputs behind, all of random scales."""
    return FAMILIES[kind](draw, kind)


def activation(draw: Draw, name: str, shape: Sequence[int], like: Tensor | None = None) -> Tensor:
    """An INT8 tensor of random scale and zero point, or of those of another."""
    if like is not None:
        return Tensor(name, [*shape], "int8", scale=like.scale, zero_point=like.zero_point)
    return Tensor(name, [*shape], "int8", scale=draw.pick(SCALES), zero_point=draw.pick(ZERO_POINTS))


def _constant(draw: Draw, name: str, shape: Sequence[int], *, channels: int = 0, axis: int = 0) -> Tensor:
    data = np.random.RandomState(draw.integer(0, 99)).randint(-127, 128, [*shape]).astype(np.int8)
    scale = draw.pick((0.0005, 0.002, 0.01))
    if not channels:
        return Tensor(name, data=data, scale=scale)
    scales = [scale * (1 + index % 3) for index in range(channels)]
    return Tensor(name, data=data, scale=scales, zero_point=[0] * channels, axis=axis)


def _bias(draw: Draw, x: Tensor, weights: Tensor, count: int) -> Tensor:
    scales = (np.array(weights.scale, np.float32, ndmin=1) * np.array(x.scale, np.float32)).tolist()
    data = np.random.RandomState(draw.integer(0, 99)).randint(-500, 500, count).astype(np.int32)
    return Tensor("bias", data=data, scale=scales, zero_point=[0] * len(scales))


def _fused(draw: Draw) -> dict[str, Any]:
    return {"fusedActivationFunction": getattr(schema.ActivationFunctionType, draw.pick(ACTIVATIONS))}


def _window(draw: Draw, size: int, taps: int, *, dilates: bool) -> tuple[int, dict[str, Any]]:
    stride, dilation = draw.pick((1, 2, 3)), draw.pick((1, 2)) if dilates else 1
    reach = (taps - 1) * dilation + 1
    padding = draw.pick((SAME, VALID)) if reach <= size else SAME
    if dilation > 1 and padding == SAME:
        stride = 1
    output = -(-size // stride) if padding == SAME else (size - reach) // stride + 1
    options = {"padding": padding, "strideW": stride, "strideH": stride}
    return output, options | ({"dilationWFactor": dilation, "dilationHFactor": dilation} if dilates else {})


def convolution(draw: Draw, kind: str) -> bytes:
    """CONV_2D and DEPTHWISE_CONV_2D."""
    size, taps, channels = draw.integer(1, 9), draw.pick((1, 2, 3, 5)), draw.pick(CHANNELS)
    output, options = _window(draw, size, taps, dilates=True)
    x = activation(draw, "x", [draw.pick((1, 1, 2)), size, size, channels])
    if kind == "CONV_2D":
        count = draw.pick(CHANNELS)
        weights = _constant(draw, "weights", [count, taps, taps, channels], channels=count)
    else:
        options["depthMultiplier"] = draw.pick((1, 1, 2, 4, 8))
        count = channels * options["depthMultiplier"]
        weights = _constant(draw, "weights", [1, taps, taps, count], channels=count, axis=3)
    y = activation(draw, "y", [x.shape[0], output, output, count])
    tensors = [x, weights, _bias(draw, x, weights, count), y]
    return build_model(tensors, [Op(kind, ["x", "weights", "bias"], ["y"], options | _fused(draw), 3)], ["x"], ["y"])


def fully_connected(draw: Draw, kind: str) -> bytes:
    """FULLY_CONNECTED, with and without bias, per tensor and per channel."""
    batch, length, count = draw.pick((1, 1, 3)), draw.integer(1, 40), draw.integer(1, 20)
    x = activation(draw, "x", [batch, length])
    weights = _constant(draw, "weights", [count, length], channels=draw.pick((0, count)))
    y = activation(draw, "y", [batch, count])
    bias = [_bias(draw, x, weights, count)] if draw.pick((True, False)) else []
    op = Op(kind, ["x", "weights", "bias" if bias else ""], ["y"], _fused(draw), 4)
    return build_model([x, weights, *bias, y], [op], ["x"], ["y"])


def pooling(draw: Draw, kind: str) -> bytes:
    """AVERAGE_POOL_2D, and MAX_POOL_2D, which keeps its scale."""
    size, taps, channels = draw.integer(1, 9), draw.pick((1, 2, 3)), draw.pick(CHANNELS)
    output, options = _window(draw, size, taps, dilates=False)
    x = activation(draw, "x", [1, size, size, channels])
    y = activation(draw, "y", [1, output, output, channels], like=x)
    options |= {"filterWidth": taps, "filterHeight": taps} | _fused(draw)
    return build_model([x, y], [Op(kind, ["x"], ["y"], options, 2)], ["x"], ["y"])


def unary(draw: Draw, kind: str) -> bytes:
    """Ops of one input whose output has its shape; some demand a fixed output scale, others the input's."""
    shape = [1, *(draw.integer(1, 5) for _ in range(draw.integer(1, 3)))]
    x = activation(draw, "x", shape)
    y = activation(draw, "y", shape)
    if kind in FIXED_OUTPUTS:
        y.scale, y.zero_point = FIXED_OUTPUTS[kind]
    options: dict[str, Any] = {"SOFTMAX": {"beta": 1.0}, "LEAKY_RELU": {"alpha": 0.1}}.get(kind, {})
    return build_model([x, y], [Op(kind, ["x"], ["y"], options, 1 if kind in FIRST_VERSION else 2)], ["x"], ["y"])


def binary(draw: Draw, kind: str) -> bytes:
    """Ops of two inputs, with and without broadcasting."""
    shape = [1, *(draw.integer(1, 5) for _ in range(3))]
    other = draw.pick((shape, shape, [1, 1, 1, shape[3]], [1, 1, 1, 1]))
    left, right = draw.pick(((shape, other), (other, shape)))
    a = activation(draw, "a", left)
    b = activation(draw, "b", right, like=a if kind in {"MAXIMUM", "MINIMUM"} else None)
    y = activation(draw, "y", shape, like=a if kind in {"MAXIMUM", "MINIMUM"} else None)
    options = {} if kind in {"MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE"} else _fused(draw)
    return build_model([a, b, y], [Op(kind, ["a", "b"], ["y"], options, 2)], ["a", "b"], ["y"])


def prelu(draw: Draw, kind: str) -> bytes:
    """PRELU with one slope a channel."""
    shape = [1, draw.integer(1, 5), draw.integer(1, 5), draw.pick(CHANNELS)]
    x, y = activation(draw, "x", shape), activation(draw, "y", shape)
    slope = _constant(draw, "slope", [1, 1, shape[3]])
    return build_model([x, slope, y], [Op(kind, ["x", "slope"], ["y"])], ["x"], ["y"])


def reduction(draw: Draw, kind: str) -> bytes:
    """MEAN, SUM, REDUCE_MAX and REDUCE_MIN over space, or over the last axis."""
    shape = [1, draw.integer(1, 7), draw.integer(1, 7), draw.pick(CHANNELS)]
    axes, kept = draw.pick((([1, 2], [1, shape[3]]), ([3], shape[:3]), ([2], [1, shape[1], shape[3]])))
    x = activation(draw, "x", shape)
    y = activation(draw, "y", kept, like=x if kind.startswith("REDUCE") else None)
    options = {"keepDims": draw.pick((True, False))}
    if options["keepDims"]:
        y.shape = [1 if axis in axes else size for axis, size in enumerate(shape)]
    tensors = [x, Tensor("axes", data=np.array(axes, np.int32)), y]
    op = Op(kind, ["x", "axes"], ["y"], options, 2)
    return build_model(tensors, [op], ["x"], ["y"])


def resize(draw: Draw, kind: str) -> bytes:
    """RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR."""
    height, width, channels = draw.integer(1, 6), draw.integer(1, 6), draw.pick(CHANNELS)
    size = [draw.integer(1, 9), draw.integer(1, 9)]
    x = activation(draw, "x", [1, height, width, channels])
    y = activation(draw, "y", [1, *size, channels], like=x)
    aligned, half = draw.pick(((False, False), (True, False), (False, True)))
    tensors = [x, Tensor("size", data=np.array(size, np.int32)), y]
    op = Op(kind, ["x", "size"], ["y"], {"alignCorners": aligned, "halfPixelCenters": half}, 3)
    return build_model(tensors, [op], ["x"], ["y"])


def transposed(draw: Draw, kind: str) -> bytes:
    """TRANSPOSE_CONV."""
    size, taps, stride = draw.integer(1, 5), draw.pick((1, 2, 3)), draw.pick((1, 2))
    channels, count, padding = draw.pick(CHANNELS[:6]), draw.pick(CHANNELS[:6]), draw.pick((SAME, VALID))
    output = size * stride if padding == SAME else size * stride + max(taps - stride, 0)
    x = activation(draw, "x", [1, size, size, channels])
    weights = _constant(draw, "weights", [count, taps, taps, channels], channels=count)
    y = activation(draw, "y", [1, output, output, count])
    shape = Tensor("shape", data=np.array(y.shape, np.int32))
    options = {"padding": padding, "strideW": stride, "strideH": stride}
    op = Op(kind, ["shape", "weights", "x", "bias"], ["y"], options, 3)
    return build_model([shape, weights, x, _bias(draw, x, weights, count), y], [op], ["x"], ["y"])


def concatenation(draw: Draw, kind: str) -> bytes:
    """CONCATENATION of two tensors of one scale."""
    shape = [1, draw.integer(1, 4), draw.integer(1, 4), draw.pick(CHANNELS)]
    x = activation(draw, "a", shape)
    b, y = activation(draw, "b", shape, like=x), activation(draw, "y", [*shape[:3], 2 * shape[3]], like=x)
    return build_model([x, b, y], [Op(kind, ["a", "b"], ["y"], {"axis": 3}, 2)], ["a", "b"], ["y"])


def padding(draw: Draw, kind: str) -> bytes:
    """PAD in space."""
    shape = [1, draw.integer(1, 4), draw.integer(1, 4), draw.pick(CHANNELS)]
    edges = np.array([[0, 0], [draw.integer(0, 2), draw.integer(0, 2)], [draw.integer(0, 2), 0], [0, 0]], np.int32)
    x = activation(draw, "x", shape)
    y = activation(draw, "y", [int(size + sum(edge)) for size, edge in zip(shape, edges, strict=True)], like=x)
    return build_model([x, Tensor("edges", data=edges), y], [Op(kind, ["x", "edges"], ["y"], {}, 2)], ["x"], ["y"])


def batch_matmul(draw: Draw, kind: str) -> bytes:
    """BATCH_MATMUL of two activations."""
    rows, inner, columns = draw.integer(1, 6), draw.integer(1, 12), draw.integer(1, 6)
    flip = draw.pick((True, False))
    a = activation(draw, "a", [1, rows, inner])
    b = activation(draw, "b", [1, columns, inner] if flip else [1, inner, columns])
    y = activation(draw, "y", [1, rows, columns])
    op = Op(kind, ["a", "b"], ["y"], {"adjX": False, "adjY": flip}, 2)
    return build_model([a, b, y], [op], ["a", "b"], ["y"])


FAMILIES: dict[str, Callable[[Draw, str], bytes]] = {
    **dict.fromkeys(("CONV_2D", "DEPTHWISE_CONV_2D"), convolution),
    "FULLY_CONNECTED": fully_connected,
    **dict.fromkeys(("AVERAGE_POOL_2D", "MAX_POOL_2D"), pooling),
    **dict.fromkeys(UNARY, unary),
    **dict.fromkeys(("ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE"), binary),
    "PRELU": prelu,
    **dict.fromkeys(("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN"), reduction),
    **dict.fromkeys(("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"), resize),
    "TRANSPOSE_CONV": transposed,
    "CONCATENATION": concatenation,
    "PAD": padding,
    "BATCH_MATMUL": batch_matmul,
}
