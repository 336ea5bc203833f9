"""Small networks for tests of transforms."""

from __future__ import annotations

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray
from tests.models import SAME, VALID, WINDOW, Op, Tensor, build_model

from quantci.quantize.calibrate import calibrate
from quantci.quantize.distributions import distributions
from quantci.quantize.step import Statistics
from quantci.tflite.lite_rt import open_lite_rt
from quantci.tflite.model import Model

RELU = {"fusedActivationFunction": schema.ActivationFunctionType.RELU}
NONE = {"fusedActivationFunction": schema.ActivationFunctionType.NONE}
RELU6 = {"fusedActivationFunction": schema.ActivationFunctionType.RELU6}


def dense(first: Any, bias: Any, second: Any, activation: dict[str, Any] = RELU) -> Model:
    """x -> dense -> activation -> dense."""
    weights, behind = np.array(first, np.float32), np.array(second, np.float32)
    tensors = [
        Tensor("x", [1, weights.shape[1]]),
        Tensor("first/weights", data=weights),
        Tensor("first/bias", data=np.array(bias, np.float32)),
        Tensor("first", [1, len(weights)]),
        Tensor("second/weights", data=behind),
        Tensor("second/bias", data=np.zeros(len(behind), np.float32)),
        Tensor("y", [1, len(behind)]),
    ]
    ops = [
        Op("FULLY_CONNECTED", ["x", "first/weights", "first/bias"], ["first"], activation),
        Op("FULLY_CONNECTED", ["first", "second/weights", "second/bias"], ["y"]),
    ]
    return Model(build_model(tensors, ops, ["x"], ["y"]), "m")


def chain() -> Model:
    """Everything that channels may be rescaled through.

    conv -> PAD -> depthwise -> RELU -> conv -> MAX_POOL -> conv -> RESHAPE -> dense -> dense.
    """
    random = np.random.RandomState(3)

    def constant(name: str, *shape: int) -> Tensor:
        return Tensor(
            name, data=np.asarray(random.normal(0, 0.5, shape) * 2 ** random.uniform(-2, 2, shape), np.float32)
        )

    pads = np.array([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32)
    tensors = [
        Tensor("image", [1, 8, 8, 3]),
        constant("a/w", 4, 3, 3, 3), constant("a/b", 4), Tensor("a", [1, 8, 8, 4]),
        Tensor("pads", data=pads), Tensor("padded", [1, 10, 10, 4]),
        constant("b/w", 1, 3, 3, 4), constant("b/b", 4), Tensor("b", [1, 8, 8, 4]), Tensor("relu", [1, 8, 8, 4]),
        constant("c/w", 5, 1, 1, 4), constant("c/b", 5), Tensor("c", [1, 8, 8, 5]),
        Tensor("pool", [1, 4, 4, 5]),
        constant("d/w", 2, 1, 1, 5), constant("d/b", 2), Tensor("d", [1, 4, 4, 2]),
        Tensor("shape", data=np.array([1, 32], np.int32)), Tensor("flat", [1, 32]),
        constant("e/w", 3, 32), constant("e/b", 3), Tensor("e", [1, 3]),
        constant("f/w", 2, 3), Tensor("y", [1, 2]),
    ]  # fmt: skip
    pool = {"padding": VALID, "strideW": 2, "strideH": 2, "filterWidth": 2, "filterHeight": 2}
    ops = [
        Op("CONV_2D", ["image", "a/w", "a/b"], ["a"], {**WINDOW, **RELU, "padding": SAME}),
        Op("PAD", ["a", "pads"], ["padded"]),
        Op("DEPTHWISE_CONV_2D", ["padded", "b/w", "b/b"], ["b"], {**WINDOW, "padding": VALID, "depthMultiplier": 1}),
        Op("RELU", ["b"], ["relu"]),
        Op("CONV_2D", ["relu", "c/w", "c/b"], ["c"], {**WINDOW, **RELU, "padding": SAME}),
        Op("MAX_POOL_2D", ["c"], ["pool"], pool),
        Op("CONV_2D", ["pool", "d/w", "d/b"], ["d"], {**WINDOW, "padding": SAME}),
        Op("RESHAPE", ["d", "shape"], ["flat"], {"newShape": np.array([1, 32], np.int32)}),
        Op("FULLY_CONNECTED", ["flat", "e/w", "e/b"], ["e"], RELU),
        Op("FULLY_CONNECTED", ["e", "f/w", ""], ["y"]),
    ]
    return Model(build_model(tensors, ops, ["image"], ["y"]), "m")


def forked() -> Model:
    """conv -> HARD_SWISH -> conv -> ADD of both -> MEAN -> dense: no two layers with nothing but scaling between."""
    random = np.random.RandomState(4)

    def constant(name: str, *shape: int) -> Tensor:
        return Tensor(name, data=np.asarray(random.normal(0, 1, shape), np.float32))

    tensors = [
        Tensor("image", [1, 4, 4, 2]),
        constant("a/w", 2, 1, 1, 2), constant("a/b", 2), Tensor("a", [1, 4, 4, 2]), Tensor("swish", [1, 4, 4, 2]),
        constant("b/w", 2, 1, 1, 2), constant("b/b", 2), Tensor("b", [1, 4, 4, 2]), Tensor("sum", [1, 4, 4, 2]),
        Tensor("axes", data=np.array([1, 2], np.int32)), Tensor("mean", [1, 2]),
        constant("c/w", 3, 2), Tensor("y", [1, 3]),
    ]  # fmt: skip
    ops = [
        Op("CONV_2D", ["image", "a/w", "a/b"], ["a"], {**WINDOW, "padding": SAME}),
        Op("HARD_SWISH", ["a"], ["swish"]),
        Op("CONV_2D", ["swish", "b/w", "b/b"], ["b"], {**WINDOW, "padding": SAME}),
        Op("ADD", ["swish", "b"], ["sum"], NONE),
        Op("MEAN", ["sum", "axes"], ["mean"], {"keepDims": False}),
        Op("FULLY_CONNECTED", ["mean", "c/w", ""], ["y"]),
    ]
    return Model(build_model(tensors, ops, ["image"], ["y"]), "m")


def pooled(axes: tuple[int, ...]) -> Model:
    """conv -> MEAN over these axes -> dense."""
    random = np.random.RandomState(5)
    shape = [1] + [2 for axis in (1, 2, 3) if axis not in axes]
    size = int(np.prod(shape))
    tensors = [
        Tensor("image", [1, 2, 2, 2]),
        Tensor("a/w", data=np.asarray(random.normal(0, 1, (2, 1, 1, 2)), np.float32)),
        Tensor("a/b", data=np.ones(2, np.float32)),
        Tensor("a", [1, 2, 2, 2]),
        Tensor("axes", data=np.array(axes, np.int32)),
        Tensor("mean", shape),
        Tensor("c/w", data=np.asarray(random.normal(0, 1, (3, size)), np.float32)),
        Tensor("y", [1, 3]),
    ]
    ops = [
        Op("CONV_2D", ["image", "a/w", "a/b"], ["a"], {**WINDOW, "padding": SAME}),
        Op("MEAN", ["a", "axes"], ["mean"], {"keepDims": False}),
        Op("FULLY_CONNECTED", ["mean", "c/w", ""], ["y"]),
    ]
    return Model(build_model(tensors, ops, ["image"], ["y"]), "m")


def samples_for(model: Model, count: int = 8) -> list[NDArray[np.float32]]:
    """Random samples that it takes."""
    shape = tuple(model.summary.inputs[0].shape)
    return [np.asarray(np.random.RandomState(seed).normal(0, 1, shape), np.float32) for seed in range(count)]


def statistics_for(model: Model) -> Statistics:
    """What these samples tell of it."""
    samples = samples_for(model)
    ranges = calibrate(model, samples)
    return Statistics(model, ranges, lambda: distributions(model, ranges, samples))


def outputs_of(model: Model) -> NDArray[np.float32]:
    """For these samples."""
    runner = open_lite_rt(model)
    return np.concatenate([runner.run([sample])[0] for sample in samples_for(model)])


def weights_of(model: Model, name: str) -> NDArray[np.float32]:
    """A constant by its name."""
    tensor = next(tensor for tensor in model.tree.subgraphs[0].tensors if tensor.name == name.encode())
    return np.frombuffer(np.asarray(model.tree.buffers[tensor.buffer].data, np.uint8).tobytes(), "<f4").reshape(
        tensor.shape
    )
