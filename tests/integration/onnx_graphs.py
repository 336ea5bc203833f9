"""ONNX graphs for tests, as PyTorch and scikit-learn export them: each takes one input `x` and gives one output `y`."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class Graph:
    """A graph under construction; every method gives the name of what it has added."""

    def __init__(self, *shape: int | str, opset: int = 17) -> None:
        self._random = np.random.RandomState(0)
        self._shape = shape
        self._opset = opset
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def weight(self, *shape: int) -> str:
        """Weights that keep values near 1."""
        return self.constant(self._random.randn(*shape) * math.prod(shape[1:]) ** -0.5)

    def constant(self, values: Any, dtype: Any = np.float32) -> str:
        name = f"w{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def add(self, op: str, *inputs: str, to: str = "", outputs: int = 1, domain: str = "", **attributes: Any) -> str:
        """A node; the name of its first output."""
        name = f"{op.lower()}{len(self._nodes)}"
        given = [to or name, *(f"{name}_{index}" for index in range(1, outputs))]
        self._nodes.append(helper.make_node(op, inputs, given, name=name, domain=domain, **attributes))
        return given[0]

    def ints(self, *values: int) -> str:
        return self.constant(values, np.int64)

    def conv(
        self, x: str, taken: int, given: int, size: int = 3, stride: int = 1, group: int = 1, axes: int = 2
    ) -> str:
        weight, bias = self.weight(given, taken // group, *[size] * axes), self.weight(given)
        pads = [size // 2] * 2 * axes
        return self.add("Conv", x, weight, bias, pads=pads, strides=[stride] * axes, group=group)

    def batch_norm(self, x: str, channels: int) -> str:
        places = (1 + self._random.rand(channels), self._random.randn(channels), self._random.randn(channels) * 0.1)
        variance = 0.5 + self._random.rand(channels)
        return self.add("BatchNormalization", x, *map(self.constant, (*places, variance)))

    def dense(self, x: str, taken: int, given: int, to: str = "") -> str:
        return self.add("Gemm", x, self.weight(taken, given), self.weight(given), to=to)

    def head(self, x: str, channels: int, classes: int = 4) -> str:
        """Pool, flatten, dense, softmax."""
        flat = self.add("Flatten", self.add("GlobalAveragePool", x))
        return self.add("Softmax", self.dense(flat, channels, classes), to="y", axis=1)

    def model(self, *output: int | str | None) -> onnx.ModelProto:
        """The model, checked."""
        graph = helper.make_graph(
            self._nodes,
            "graph",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, self._shape)],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, output)],
            self._constants,
        )
        opsets = [helper.make_opsetid("", self._opset), helper.make_opsetid("ai.onnx.ml", 3)]
        made = helper.make_model(graph, opset_imports=opsets, ir_version=8)
        if self._opset < 20:
            onnx.checker.check_model(made)
        return made


def convolution(batch: int | str = 1) -> onnx.ModelProto:
    g = Graph(batch, 3, 16, 12)
    g.head(g.add("Relu", g.conv("x", 3, 8, stride=2)), 8)
    return g.model(batch, 4)


def depthwise() -> onnx.ModelProto:
    """As DS-CNN and MobileNetV2: depthwise, pointwise, ReLU6."""
    g = Graph(1, 1, 20, 10)
    x = g.conv("x", 1, 8, stride=2)
    for _ in range(2):
        x = g.batch_norm(g.conv(x, 8, 8, group=8), 8)
        x = g.add("Clip", x, g.constant(0), g.constant(6))
        x = g.add("Relu", g.conv(x, 8, 8, size=1))
    g.head(x, 8)
    return g.model(1, 4)


def residual() -> onnx.ModelProto:
    """As ResNet8: batch normalization, a sum, strides in the shortcut."""
    g = Graph(1, 3, 16, 16)
    x = g.add("Relu", g.batch_norm(g.conv("x", 3, 8), 8))
    for taken, given in ((8, 8), (8, 16)):
        stride = given // taken
        inner = g.add("Relu", g.batch_norm(g.conv(x, taken, given, stride=stride), given))
        inner = g.batch_norm(g.conv(inner, given, given), given)
        shortcut = x if stride == 1 else g.conv(x, taken, given, size=1, stride=2)
        x = g.add("Relu", g.add("Add", inner, shortcut))
    g.head(x, 16)
    return g.model(1, 4)


def squeeze_and_excite() -> onnx.ModelProto:
    """As MobileNetV3: hard-swish, and a gate of hard-sigmoid."""
    g = Graph(1, 3, 16, 16)
    x = g.add("HardSwish", g.batch_norm(g.conv("x", 3, 8, stride=2), 8))
    squeezed = g.add("Relu", g.conv(g.add("GlobalAveragePool", x), 8, 4, size=1))
    gate = g.add("HardSigmoid", g.conv(squeezed, 4, 8, size=1), alpha=1 / 6, beta=0.5)
    x = g.add("HardSwish", g.conv(g.add("Mul", x, gate), 8, 16, size=1))
    g.head(x, 16)
    return g.model(1, 4)


def sensor() -> onnx.ModelProto:
    """One-dimensional convolutions on [channels, time]."""
    g = Graph(1, 3, 64)
    x = g.add("Relu", g.batch_norm(g.conv("x", 3, 8, size=5, stride=2, axes=1), 8))
    x = g.add("MaxPool", g.add("Relu", g.conv(x, 8, 16, axes=1)), kernel_shape=[2], strides=[2])
    g.head(x, 16)
    return g.model(1, 4)


def recurrent(op: str = "LSTM", gates: int = 4) -> onnx.ModelProto:
    """LSTM or GRU on [time, features], batch first as PyTorch exports it; the last step is classified."""
    g = Graph(1, 12, 6)
    time_first = g.add("Transpose", "x", perm=[1, 0, 2])
    weights = [g.weight(1, gates * 8, 6), g.weight(1, gates * 8, 8), g.weight(1, 2 * gates * 8), ""]
    state = g.constant(np.zeros((1, 1, 8)))
    more: dict[str, Any] = {"linear_before_reset": 1} if op == "GRU" else {}
    states = [state] if op == "GRU" else [state, state]
    x = g.add(op, time_first, *weights, *states, outputs=2 if op == "GRU" else 3, hidden_size=8, **more)
    last = g.add("Squeeze", g.add("Slice", x, g.ints(-1), g.ints(12), g.ints(0)), g.ints(0, 1))
    g.add("Softmax", g.dense(g.add("Reshape", last, g.ints(1, 8)), 8, 4), to="y", axis=1)
    return g.model(1, 4)


def shuffle() -> onnx.ModelProto:
    """As ShuffleNet: channels of two groups are dealt like cards."""
    g = Graph(1, 3, 16, 16)
    x = g.add("Relu", g.conv("x", 3, 8, stride=2))
    x = g.add("Reshape", x, g.ints(1, 2, 4, 8, 8))
    x = g.add("Reshape", g.add("Transpose", x, perm=[0, 2, 1, 3, 4]), g.ints(1, 8, 8, 8))
    g.head(g.add("Relu", g.conv(x, 8, 8, group=2)), 8)
    return g.model(1, 4)


def layer_norm() -> onnx.ModelProto:
    g = Graph(1, 24)
    x = g.dense("x", 24, 16)
    x = g.add("LayerNormalization", x, g.constant(np.ones(16)), g.constant(np.zeros(16)), axis=-1)
    g.add("Softmax", g.dense(g.add("Relu", x), 16, 4), to="y", axis=1)
    return g.model(1, 4)


def transformer() -> onnx.ModelProto:
    """One layer with two heads on [time, features]: softmax of a product, layer norms, a dense block."""
    g = Graph(1, 10, 16)

    def project(x: str, given: int = 16, taken: int = 16) -> str:
        return g.add("Add", g.add("MatMul", x, g.weight(taken, given)), g.weight(given))

    def norm(x: str) -> str:
        return g.add("LayerNormalization", x, g.constant(np.ones(16)), g.constant(np.zeros(16)), axis=-1)

    def heads(x: str, *order: int) -> str:
        return g.add("Transpose", g.add("Reshape", project(x), g.ints(1, 10, 2, 8)), perm=order)

    scores = g.add("MatMul", heads("x", 0, 2, 1, 3), heads("x", 0, 2, 3, 1))
    weights = g.add("Softmax", g.add("Div", scores, g.constant(8**0.5)), axis=-1)
    mixed = g.add("Transpose", g.add("MatMul", weights, heads("x", 0, 2, 1, 3)), perm=[0, 2, 1, 3])
    x = norm(g.add("Add", "x", project(g.add("Reshape", mixed, g.ints(1, 10, 16)))))
    x = norm(g.add("Add", x, project(g.add("Relu", project(x, 32)), 16, 32)))
    pooled = g.add("ReduceMean", x, axes=[1], keepdims=0)
    g.add("Softmax", g.dense(pooled, 16, 4), to="y", axis=1)
    return g.model(1, 4)


def detector() -> onnx.ModelProto:
    """As the head of a YOLO: SiLU, an upsampled path, two scales joined to [1, 4 + classes, places]."""
    g = Graph(1, 3, 32, 32)

    def silu(x: str) -> str:
        return g.add("Mul", x, g.add("Sigmoid", x))

    fine = silu(g.conv("x", 3, 8, stride=4))
    coarse = silu(g.conv(fine, 8, 8, stride=2))
    up = g.add(
        "Resize",
        coarse,
        "",
        g.constant([1, 1, 2, 2]),
        mode="nearest",
        nearest_mode="floor",
        coordinate_transformation_mode="asymmetric",
    )
    fine = silu(g.conv(g.add("Concat", fine, up, axis=1), 16, 8))
    scales = [
        g.add("Reshape", g.conv(x, 8, 6, size=1), g.ints(1, 6, places)) for x, places in ((fine, 64), (coarse, 16))
    ]
    g.add("Sigmoid", g.add("Concat", *scales, axis=2), to="y")
    return g.model(1, 6, 80)


def leaky() -> onnx.ModelProto:
    """LeakyReLU and PReLU."""
    g = Graph(1, 3, 16, 16)
    x = g.add("LeakyRelu", g.conv("x", 3, 8, stride=2), alpha=0.1)
    x = g.add("PRelu", g.conv(x, 8, 8), g.constant(np.linspace(0.05, 0.4, 8).reshape(8, 1, 1)))
    g.head(x, 8)
    return g.model(1, 4)


def decoder() -> onnx.ModelProto:
    """An autoencoder of pictures: ConvTranspose on the way back."""
    g = Graph(1, 1, 16, 16)
    x = g.add("Relu", g.conv(g.add("Relu", g.conv("x", 1, 8, stride=2)), 8, 4, stride=2))
    for taken, given in ((4, 8), (8, 1)):
        weight, bias = g.weight(taken, given, 2, 2), g.weight(given)
        x = g.add("ConvTranspose", x, weight, bias, strides=[2, 2], kernel_shape=[2, 2])
        x = g.add("Relu", x) if given > 1 else g.add("Sigmoid", x, to="y")
    return g.model(1, 1, 16, 16)


def gelu(kind: str = "tanh") -> onnx.ModelProto:
    """GELU as PyTorch's exporter writes it out: its tanh form, or the exact one."""
    g = Graph(1, 24)
    x = g.dense("x", 24, 16)
    if kind == "tanh":
        cubed = g.add("Mul", g.add("Mul", g.add("Mul", x, x), x), g.constant(0.044715))
        inner = g.add("Tanh", g.add("Mul", g.add("Add", x, cubed), g.constant((2 / math.pi) ** 0.5)))
    else:
        inner = g.add("Erf", g.add("Div", x, g.constant(2**0.5)))
    x = g.add("Mul", g.add("Mul", x, g.add("Add", inner, g.constant(1))), g.constant(0.5))
    g.add("Softmax", g.dense(x, 16, 4), to="y", axis=1)
    return g.model(1, 4)


def table() -> onnx.ModelProto:
    """As skl2onnx writes a multi-layer perceptron of which only the probabilities are kept."""
    g = Graph("N", 10)
    x = g.add("Relu", g.add("Add", g.add("MatMul", "x", g.weight(10, 16)), g.weight(1, 16)))
    x = g.add("Relu", g.add("Add", g.add("MatMul", x, g.weight(16, 16)), g.weight(1, 16)))
    g.add("Softmax", g.add("Add", g.add("MatMul", x, g.weight(16, 3)), g.weight(1, 3)), to="y", axis=1)
    return g.model("N", 3)


def dense_autoencoder() -> onnx.ModelProto:
    """As MLPerf Tiny's for anomalies, with batch normalization between dense layers."""
    g = Graph(1, 40)
    x = "x"
    sizes = (40, 16, 4, 16)
    for taken, given in pairwise(sizes):
        x = g.add("Relu", g.batch_norm(g.dense(x, taken, given), given))
    g.dense(x, 16, 40, to="y")
    return g.model(1, 40)


def one_activation(op: str, **attributes: Any) -> onnx.ModelProto:
    """A dense layer, the activation, and a classifier."""
    g = Graph(1, 24, opset=attributes.pop("opset", 17))
    x = g.add(op, g.dense("x", 24, 16), **attributes)
    g.add("Softmax", g.dense(x, 16, 4), to="y", axis=1)
    return g.model(1, 4)


def lights() -> onnx.ModelProto:
    """The network of tests/e2e/network.py with channels first; tests/e2e/lights.onnx is this graph."""
    g = Graph("batch", 3, 16, 16)
    edge = np.array([-0.5, 1, -0.5])[None, None, None, :] * np.ones((1, 3, 3, 1)) / 9
    filters = np.concatenate([np.full((1, 3, 3, 3), 1 / 27), edge, -edge])
    x = g.add("Relu", g.add("Conv", "x", g.constant(filters), g.constant([1, 0, 0])))
    x = g.add("Flatten", g.add("GlobalAveragePool", x))
    weights = g.constant(np.array([[-10, -6, -6], [10, -6, -6], [0, 12, 12]]).T)
    g.add("Softmax", g.add("Gemm", x, weights, g.constant([10, -10, -6])), to="y", axis=1)
    return g.model("batch", 3)


KINDS = {
    "depthwise separable CNN": depthwise,
    "residual CNN with batch normalization": residual,
    "squeeze-and-excite, hard-swish": squeeze_and_excite,
    "1-D CNN": sensor,
    "LSTM": recurrent,
    "channel shuffle": shuffle,
    "layer norm": layer_norm,
    "transformer layer": transformer,
    "detector with SiLU": detector,
    "LeakyReLU and PReLU": leaky,
    "ConvTranspose": decoder,
    "GELU, tanh form": gelu,
    "perceptron of scikit-learn": table,
    "dense autoencoder": dense_autoencoder,
    "plain CNN": convolution,
}
