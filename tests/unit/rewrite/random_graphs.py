"""Random float networks of what converters leave behind: views back and forth, constants, padding, idle ops."""

from __future__ import annotations

from typing import Any

import numpy as np
from tests.models import SAME, VALID, WINDOW, Op, Tensor, build_model


class Sketch:
    """A network that grows op by op."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.RandomState(seed)
        self.tensors: list[Tensor] = []
        self.ops: list[Op] = []

    def pick(self, *choices: Any) -> Any:
        return choices[self.random.randint(len(choices))]

    def tensor(self, *shape: int) -> str:
        self.tensors.append(Tensor(f"t{len(self.tensors)}", [*map(int, shape)]))
        return self.tensors[-1].name

    def constant(self, values: Any, dtype: type = np.float32) -> str:
        self.tensors.append(Tensor(f"c{len(self.tensors)}", data=np.array(values, dtype)))
        return self.tensors[-1].name

    def weights(self, *shape: int) -> str:
        return self.constant(self.random.normal(0, 1 / np.sqrt(np.prod(shape[1:]) or 1), shape))

    def shape(self, name: str) -> list[int]:
        return next(tensor.shape for tensor in self.tensors if tensor.name == name)

    def op(self, kind: str, inputs: list[str], shape: list[int], **options: Any) -> str:
        output = self.tensor(*shape)
        self.ops.append(Op(kind, inputs, [output], options))
        return output

    def transpose(self, x: str, order: list[int]) -> str:
        shape = self.shape(x)
        return self.op("TRANSPOSE", [x, self.constant(order, np.int32)], [shape[axis] for axis in order])

    def reshape(self, x: str, shape: list[int]) -> str:
        return self.op("RESHAPE", [x, self.constant(shape, np.int32)], shape, newShape=np.array(shape, np.int32))


def _order(m: Sketch, x: str) -> str:
    rank = len(m.shape(x))
    usual = {4: ([0, 3, 1, 2], [0, 2, 3, 1]), 3: ([0, 2, 1],)}.get(rank, ([*range(rank)],))
    return m.transpose(x, m.pick(*usual, [0, *(1 + m.random.permutation(rank - 1))]))


def _units(m: Sketch, x: str) -> str:
    shape = m.shape(x)
    if len(shape) < 4:
        place = m.random.randint(1, len(shape) + 1)
        return m.reshape(x, [*shape[:place], 1, *shape[place:]])
    ones = [axis for axis in range(1, 4) if shape[axis] == 1]
    return m.reshape(x, [size for axis, size in enumerate(shape) if axis != ones[0]]) if ones else x


def _unary(m: Sketch, x: str) -> str:
    return m.op(m.pick("RELU", "RELU6", "LOGISTIC", "TANH", "ABS", "HARD_SWISH", "RELU"), [x], m.shape(x))


def _with_constant(m: Sketch, x: str) -> str:
    shape = m.shape(x)
    size = m.pick([1], [shape[-1]], [1] * (len(shape) - 1) + [shape[-1]], [1, shape[1], *[1] * (len(shape) - 2)])
    values = m.pick(m.random.uniform(0.5, 2, size), np.ones(size), np.zeros(size), m.random.normal(0, 1, size))
    inputs = [x, m.constant(values)]
    kind = m.pick("MUL", "ADD", "SUB", "ADD", "MUL")
    return m.op(kind, inputs if kind == "SUB" or m.pick(0, 1) else inputs[::-1], shape)


def _with_itself(m: Sketch, x: str) -> str:
    road = _unary(m, x) if m.pick(0, 1) else _with_constant(m, x)
    return m.op(m.pick("ADD", "MUL", "SUB"), [x, road], m.shape(x))


def _gate(m: Sketch, x: str) -> str:
    shape = m.shape(x)
    axes = [axis for axis in range(1, len(shape)) if m.pick(0, 1)] or [1]
    small = [1 if axis in axes else size for axis, size in enumerate(shape)]
    mean = m.op("MEAN", [x, m.constant(axes, np.int32)], small, keepDims=True)
    return m.op("MUL", [x, m.op("LOGISTIC", [mean], small)], shape)


def _joined(m: Sketch, x: str) -> str:
    shape, axis = m.shape(x), m.random.randint(1, len(m.shape(x)))
    other = _unary(m, x)
    wide = [size * 2 if place == axis else size for place, size in enumerate(shape)]
    both = m.op("CONCATENATION", [x, other], wide, axis=axis)
    halves = [m.tensor(*shape), m.tensor(*shape)]
    m.ops.append(Op("SPLIT", [m.constant(axis, np.int32), both], halves, {"numSplits": 2}))
    return m.op("ADD", halves, shape)


def _convolution(m: Sketch, x: str) -> str:
    if len(m.shape(x)) != 4:
        return x
    _, height, width, depth = m.shape(x)
    window, stride, out = m.pick(1, 3), m.pick(1, 2), m.pick(2, 3)
    if m.pick(0, 1):
        before, after = m.pick((0, 0), (1, 1), (0, 1)), m.pick((1, 1), (0, 1))
        height, width = height + sum(before), width + sum(after)
        pads = m.constant([(0, 0), before, after, (0, 0)], np.int32)
        x = m.op("PAD", [x, pads], [1, height, width, depth])
    padding = VALID if min(height, width) >= window and m.pick(0, 1) else SAME
    lost = 0 if padding == SAME else window - 1
    given = [1, -(-(height - lost) // stride), -(-(width - lost) // stride)]
    options = {**WINDOW, "padding": padding, "strideH": stride, "strideW": stride}
    bias = m.pick("", m.weights(out))
    if m.pick(0, 1):
        return m.op(
            "CONV_2D", [x, m.weights(out, window, window, depth), bias or m.weights(out)], [*given, out], **options
        )
    inputs = [x, m.weights(1, window, window, depth), m.weights(depth)]
    return m.op("DEPTHWISE_CONV_2D", inputs, [*given, depth], depthMultiplier=1, **options)


def _product(m: Sketch, x: str) -> str:
    *rest, depth = m.shape(x)
    out = m.pick(2, 3)
    return m.op("BATCH_MATMUL", [x, m.weights(depth, out)], [*rest, out], adjX=False, adjY=False)


VIEWS = (_order, _order, _order, _units, _units)
STEPS = (
    *VIEWS,
    _unary,
    _with_constant,
    _with_constant,
    _with_itself,
    _gate,
    _joined,
    _convolution,
    _convolution,
    _product,
)


def random_graph(seed: int) -> bytes:
    """A network of one input and one or two outputs."""
    m = Sketch(seed)
    x = entry = m.tensor(1, m.pick(4, 5), m.pick(4, 6), m.pick(2, 3))
    between = entry
    for _ in range(m.random.randint(3, 14)):
        x = m.pick(*STEPS)(m, x)
        between = m.pick(x, between)
    if x == entry:
        x = _unary(m, x)
    outputs = [x] if between in {x, entry} or m.random.rand() < 0.7 else [x, between]
    return build_model(m.tensors, m.ops, [entry], outputs)
