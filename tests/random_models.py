"""INT8 and INT16x8 models of random shape, made of the ops whose arena is simulated; a seed gives one model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from tests.models import SAME, VALID, WINDOW, Op, Tensor, build_model

SCALE, ZERO_POINT = 0.05, -3
_WIDE = {  # an op that has no form for 16 bits -> one of the same shapes that has
    "RESIZE_BILINEAR": "RESIZE_NEAREST_NEIGHBOR", "PRELU": "RELU", "HARD_SWISH": "RELU", "REDUCE_MAX": "SUM",
    "REDUCE_MIN": "SUM",
}  # fmt: skip


class Sketch:
    """Grows a model op by op. Activations are NHWC with a batch of 1, or [1, features] after `flatten`."""

    def __init__(self, seed: int, *, is_wide: bool) -> None:
        self.is_wide = is_wide
        self.random = np.random.RandomState(seed)
        self.tensors: list[Tensor] = []
        self.ops: list[Op] = []

    def pick(self, *values: int) -> int:
        return int(values[self.random.randint(len(values))])

    def activation(self, *shape: int, scale: float = SCALE, zero_point: int = ZERO_POINT, dtype: str = "int8") -> str:
        name = f"t{len(self.tensors)}"
        self.tensors.append(Tensor(name, [*shape], dtype, scale=scale, zero_point=zero_point))
        return name

    def weights(self, *shape: int, channels: int = 0) -> str:
        """INT8 constants; per channel on the axis that has `channels`, when given."""
        axis = shape.index(channels) if channels else 0
        data = self.random.randint(-100, 100, shape).astype(np.int8)
        name = f"w{len(self.tensors)}"
        scale, zero = ([0.002] * channels, [0] * channels) if channels else (0.002, 0)
        self.tensors.append(Tensor(name, data=data, scale=scale, zero_point=zero, axis=axis))
        return name

    def bias(self, count: int, *, per_channel: bool) -> str:
        """INT32 constants."""
        scale, zero = ([0.0001] * count, [0] * count) if per_channel else (0.0001, 0)
        self.tensors.append(
            Tensor(f"b{len(self.tensors)}", data=np.ones(count, np.int32), scale=scale, zero_point=zero)
        )
        return self.tensors[-1].name

    def integers(self, *values: int, shape: tuple[int, ...] | None = None) -> str:
        data = np.array(values, np.int32).reshape(shape or (len(values),))
        self.tensors.append(Tensor(f"c{len(self.tensors)}", data=data))
        return self.tensors[-1].name

    def shape(self, name: str) -> list[int]:
        return next(tensor.shape for tensor in self.tensors if tensor.name == name)

    def op(self, kind: str, inputs: list[str], *outputs: str, version: int = 2, **options: Any) -> str:
        self.ops.append(Op(kind, inputs, [*outputs], options, version))
        return outputs[0]

    def pack(self, inputs: list[str], outputs: list[str]) -> bytes:
        if self.is_wide:
            self._widen()
        return build_model(self.tensors, self.ops, inputs, outputs)

    def _widen(self) -> None:
        """Make it INT16x8: activations int16, biases int64, weights as they are, and only ops that have such a form."""
        for op in self.ops:
            op.inputs = op.inputs[:1] if op.kind == "PRELU" else op.inputs
            op.kind = _WIDE.get(op.kind, op.kind)
        fixed = {op.outputs[0] for op in self.ops if op.kind in {"SOFTMAX", "LOGISTIC", "TANH"}}
        for tensor in self.tensors:
            if tensor.data is None or tensor.name.startswith("v"):
                tensor.dtype = "int16" if tensor.dtype == "int8" else tensor.dtype
                tensor.zero_point = 0
                tensor.scale = 1 / 32_768 if tensor.name in fixed else tensor.scale
            if tensor.data is not None and tensor.name.startswith(("v", "b")):
                tensor.dtype = "int16" if tensor.name.startswith("v") else "int64"
                tensor.data = tensor.data.astype(tensor.dtype)


def conv(m: Sketch, x: str) -> str:
    _, height, width, depth = m.shape(x)
    size, stride, channels = m.pick(1, 3, 5), m.pick(1, 1, 2), m.pick(1, 4, 8, 9, 16)
    per_channel = channels if channels not in {depth, size, 1} else 0
    weights = m.weights(channels, size, size, depth, channels=per_channel)
    bias = m.bias(channels, per_channel=per_channel > 0) if m.random.rand() < 0.8 else ""
    out = m.activation(1, -(-height // stride), -(-width // stride), channels)
    options = {**WINDOW, "padding": SAME, "strideW": stride, "strideH": stride}
    return m.op("CONV_2D", [x, weights, bias], out, version=3, **options)


def depthwise(m: Sketch, x: str) -> str:
    _, height, width, depth = m.shape(x)
    size, multiplier = m.pick(2, 3), m.pick(1, 1, 2)
    channels = depth * multiplier
    per_channel = channels if channels not in {1, size} else 0
    weights = m.weights(1, size, size, channels, channels=per_channel)
    bias = m.bias(channels, per_channel=per_channel > 0)
    if height >= size and width >= size and m.random.rand() < 0.5:
        padding, out = VALID, m.activation(1, height - size + 1, width - size + 1, channels)
    else:
        padding, out = SAME, m.activation(1, height, width, channels)
    options = {**WINDOW, "padding": padding, "depthMultiplier": multiplier}
    return m.op("DEPTHWISE_CONV_2D", [x, weights, bias], out, version=3, **options)


def transposed(m: Sketch, x: str) -> str:
    _, height, width, depth = m.shape(x)
    if height > 16:
        return conv(m, x)
    channels = m.pick(5, 6)
    weights = m.weights(channels, 3, 3, depth, channels=channels if channels != depth else 0)
    out = m.activation(1, 2 * height, 2 * width, channels)
    options = {"padding": SAME, "strideW": 2, "strideH": 2}
    return m.op("TRANSPOSE_CONV", [m.integers(1, 2 * height, 2 * width, channels), weights, x], out, **options)


def pool(m: Sketch, x: str) -> str:
    _, height, width, depth = m.shape(x)
    if min(height, width) < 2:
        return conv(m, x)
    out = m.activation(1, height // 2, width // 2, depth)
    options = {"padding": VALID, "strideW": 2, "strideH": 2, "filterWidth": 2, "filterHeight": 2}
    return m.op(("MAX_POOL_2D", "AVERAGE_POOL_2D")[m.pick(0, 1)], [x], out, **options)


def arithmetic(m: Sketch, x: str) -> str:
    kind = ("ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM")[m.pick(0, 1, 2, 3, 4)]
    other = x if m.random.rand() < 0.3 else conv_like(m, x)
    return m.op(kind, [x, other], m.activation(*m.shape(x)))


def conv_like(m: Sketch, x: str) -> str:
    """A branch that ends in the shape of `x`."""
    depth = m.shape(x)[3]
    weights = m.weights(depth, 1, 1, depth)
    return m.op("CONV_2D", [x, weights, ""], m.activation(*m.shape(x)), version=3, **WINDOW, padding=SAME)


def concat(m: Sketch, x: str) -> str:
    branches = [x] + [conv_like(m, x) for _ in range(m.pick(1, 2, 3))]
    _, height, width, depth = m.shape(x)
    out = m.activation(1, height, width, depth * len(branches))
    return m.op("CONCATENATION", branches, out, axis=3)


def pad(m: Sketch, x: str) -> str:
    _, height, width, depth = m.shape(x)
    above, left = m.pick(0, 1), m.pick(1, 2)
    amounts = m.integers(0, 0, above, 1, left, 0, 0, 0, shape=(4, 2))
    out = m.activation(1, height + above + 1, width + left, depth)
    if m.random.rand() < 0.3:
        value = f"v{len(m.tensors)}"
        m.tensors.append(Tensor(value, data=np.array([ZERO_POINT], np.int8), scale=SCALE, zero_point=ZERO_POINT))
        return m.op("PADV2", [x, amounts, value], out)
    return m.op("PAD", [x, amounts], out)


def pointwise(m: Sketch, x: str) -> str:
    kind = ("RELU", "RELU6", "LEAKY_RELU", "HARD_SWISH", "LOGISTIC", "TANH", "QUANTIZE", "PRELU")[m.random.randint(8)]
    scale, zero = {"LOGISTIC": (1 / 256, -128), "TANH": (1 / 128, 0)}.get(kind, (SCALE, ZERO_POINT))
    out = m.activation(*m.shape(x), scale=scale, zero_point=zero)
    if kind == "PRELU":
        depth = m.shape(x)[3]
        return m.op(kind, [x, m.weights(1, 1, depth)], out)
    options: dict[str, Any] = {"alpha": 0.1} if kind == "LEAKY_RELU" else {}
    made = m.op(kind, [x], out, **options)
    return made if (scale, zero) == (SCALE, ZERO_POINT) else m.op("QUANTIZE", [made], m.activation(*m.shape(x)))


def resize(m: Sketch, x: str) -> str:
    _, height, width, depth = m.shape(x)
    if height > 16:
        return pool(m, x)
    kind = ("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR")[m.pick(0, 1)]
    return m.op(kind, [x, m.integers(2 * height, 2 * width)], m.activation(1, 2 * height, 2 * width, depth))


def cut(m: Sketch, x: str) -> str:
    _, height, width, depth = m.shape(x)
    if min(height, width) < 2:
        return conv(m, x)
    out = m.activation(1, height - 1, width, depth)
    if m.pick(0, 1):
        return m.op("SLICE", [x, m.integers(0, 1, 0, 0), m.integers(1, height - 1, width, depth)], out)
    corners = m.integers(0, 1, 0, 0), m.integers(1, height, width, depth), m.integers(1, 1, 1, 1)
    return m.op("STRIDED_SLICE", [x, *corners], out)


def rearrange(m: Sketch, x: str) -> str:
    _, height, width, depth = m.shape(x)
    choice = m.pick(0, 1, 2, 3)
    if choice == 0:
        return m.op("TRANSPOSE", [x, m.integers(0, 2, 1, 3)], m.activation(1, width, height, depth))
    if choice == 1 and height % 2 == width % 2 == 0:
        out = m.activation(1, height // 2, width // 2, 4 * depth)
        return m.op("SPACE_TO_DEPTH", [x], out, blockSize=2)
    if choice == 2 and depth % 4 == 0:
        return m.op("DEPTH_TO_SPACE", [x], m.activation(1, 2 * height, 2 * width, depth // 4), blockSize=2)
    if depth % 2 == 0:
        halves = [m.activation(1, height, width, depth // 2) for _ in range(2)]
        if m.pick(0, 1):
            m.op("SPLIT", [m.integers(3, shape=(1,)), x], *halves, numSplits=2)
        else:
            m.op("SPLIT_V", [x, m.integers(depth // 2, depth // 2), m.integers(3, shape=(1,))], *halves, numSplits=2)
        return m.op("CONCATENATION", halves, m.activation(1, height, width, depth), axis=3)
    return conv(m, x)


STEPS: list[Callable[[Sketch, str], str]] = [
    conv, depthwise, transposed, pool, arithmetic, concat, pad, pointwise, resize, cut, rearrange,
]  # fmt: skip


def tail(m: Sketch, x: str) -> str:
    """From an image to one vector, by one of several roads."""
    _, height, width, depth = m.shape(x)
    road = m.pick(0, 1, 2, 3, 4)
    if road == 0:
        x = m.op("MEAN", [x, m.integers(1, 2)], m.activation(1, depth), keepDims=False)
    elif road == 1:
        kept = m.op("MEAN", [x, m.integers(1, 2)], m.activation(1, 1, 1, depth), keepDims=True)
        x = m.op("SQUEEZE", [kept], m.activation(1, depth), squeezeDims=np.array([1, 2], np.int32))
    elif road == 2:
        kind = ("REDUCE_MAX", "REDUCE_MIN", "SUM")[m.pick(0, 1, 2)]
        x = m.op(kind, [x, m.integers(1, 2)], m.activation(1, depth), keepDims=False)
    else:
        count = height * width * depth
        shape = [m.integers(1, count)] if road == 3 else []
        x = m.op("RESHAPE", [x, *shape], m.activation(1, count), newShape=np.array([1, count], np.int32))
    return x


def random_model(seed: int, *, is_wide: bool = False) -> bytes:
    """A model of 3 to about 25 ops; some have two inputs, two outputs, or float at both ends.

    Args:
        seed: the same one gives the same model.
        is_wide: activations of 16 bits. ARG_MAX and the likes of DEPTH_TO_SPACE have no such form: TFLM refuses them.
    """
    m = Sketch(seed, is_wide=is_wide)
    size = m.pick(6, 8, 10, 12)
    entry = m.activation(1, size, m.pick(size, size + 3), m.pick(1, 3, 4), dtype="int8")
    inputs, x = [entry], entry
    if m.random.rand() < 0.2:
        m.tensors[0].dtype, m.tensors[0].scale = "float32", 0.0
        x = m.op("QUANTIZE", [x], m.activation(*m.shape(x)))
    for _ in range(m.random.randint(1, 9)):
        x = STEPS[m.random.randint(len(STEPS))](m, x)
        if m.shape(x)[1] * m.shape(x)[2] * m.shape(x)[3] > 20_000:
            x = pool(m, x)
    outputs = []
    if m.random.rand() < 0.2:
        outputs.append(m.op("MAX_POOL_2D", [x], m.activation(*m.shape(x)), padding=SAME, strideW=1, strideH=1,
                            filterWidth=1, filterHeight=1))  # fmt: skip
    x = tail(m, x)
    for _ in range(m.pick(0, 1, 2)):
        count, depth = m.pick(3, 10, 16), m.shape(x)[1]
        per_channel = count if m.pick(0, 1) and count != depth else 0
        weights = m.weights(count, depth, channels=per_channel)
        bias = m.bias(count, per_channel=per_channel > 0) if m.random.rand() < 0.8 else ""
        x = m.op("FULLY_CONNECTED", [x, weights, bias], m.activation(1, count), version=4)
    ending = m.pick(0, 0, 0, 1, 2, 3, 4)
    if ending == 0:
        x = m.op("SOFTMAX", [x], m.activation(*m.shape(x), scale=1 / 256, zero_point=-128), beta=1.0)
    elif ending == 1:
        out = m.activation(*m.shape(x), dtype="float32")
        m.tensors[-1].scale = 0.0
        x = m.op("DEQUANTIZE", [x], out)
    elif ending == 2:
        m.tensors.append(Tensor("winner", [1], "int32"))
        x = m.op(("ARG_MAX", "ARG_MIN")[m.pick(0, 1)], [x, m.integers(1, shape=(1,))], "winner")
    elif ending == 3:
        x = m.op("EXPAND_DIMS", [x, m.integers(1, shape=(1,))], m.activation(1, 1, m.shape(x)[1]))
    else:
        x = m.op("PACK", [x, x], m.activation(2, *m.shape(x)), valuesCount=2, axis=0)
        halves = [m.activation(*m.shape(x)[1:]) for _ in range(2)]
        x = m.op("UNPACK", [x], *halves, num=2, axis=0)
    return m.pack(inputs, [*outputs, x])
