"""ONNX graphs for tests, with weights from a seed: each function gives a model of one input `x` and one output `y`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

RANDOM = np.random.RandomState(0)


def weights(name: str, *shape: int) -> onnx.TensorProto:
    """A weight, small enough that outputs stay near 1."""
    scale = math.prod(shape[1:]) ** -0.5
    return numpy_helper.from_array((RANDOM.randn(*shape) * scale).astype(np.float32), name)


def model(
    nodes: list[onnx.NodeProto], shape: tuple[Any, ...], output: tuple[Any, ...], constants: list[onnx.TensorProto]
) -> onnx.ModelProto:
    """A checked model of these nodes."""
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, output)],
        constants,
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(made)
    return made


def convolution(batch: int | str = 1) -> onnx.ModelProto:
    """A small classifier as PyTorch exports it: channels first."""
    RANDOM.seed(0)
    node = helper.make_node
    return model(
        [
            node("Conv", ["x", "w1", "b1"], ["c"], name="first", pads=[1, 1, 1, 1], strides=[2, 2]),
            node("Relu", ["c"], ["r"], name="relu"),
            node("GlobalAveragePool", ["r"], ["p"], name="pool"),
            node("Flatten", ["p"], ["f"], name="flat"),
            node("Gemm", ["f", "w2", "b2"], ["s"], name="dense"),
            node("Softmax", ["s"], ["y"], name="softmax", axis=1),
        ],
        (batch, 3, 16, 12),
        (batch, 4),
        [weights("w1", 8, 3, 3, 3), weights("b1", 8), weights("w2", 8, 4), weights("b2", 4)],
    )
