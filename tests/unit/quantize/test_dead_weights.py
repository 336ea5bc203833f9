"""Dead channels get a scale of which kernels can take the ratio; what they compute stays what it was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.models import Op, Tensor, build_tree, pack_tree

from quantci.errors import ModelRejected
from quantci.quantize.calibrate import calibrate, with_ranges
from quantci.quantize.dead_weights import give_scales
from quantci.quantize.engine import quantize_with_litert
from quantci.quantize.recipe import Types
from quantci.quantize.strip_proof import outputs_of
from quantci.tflite.lite_rt import open_lite_rt
from quantci.tflite.model import Model
from quantci.tflite.oracle import choose_oracle

WEIGHTS = np.array([[1, 2], [3, -4], [-1, 1]], np.int8)


def dense(weight_scales: list[float], bias: list[int], weights: NDArray[np.int8] = WEIGHTS) -> Model:
    """y [3] = W x + b with the scales 0.5 of x and 0.25 of y; the bias has the product of those of x and W."""
    tensors = [
        Tensor("x", [1, 2], "int8", scale=0.5),
        Tensor("w", data=weights, scale=weight_scales, zero_point=[0, 0, 0]),
        Tensor("b", data=np.array(bias, np.int32), scale=[0.5 * s for s in weight_scales], zero_point=[0, 0, 0]),
        Tensor("y", [1, 3], "int8", scale=0.25),
    ]
    tree = build_tree(tensors, [Op("FULLY_CONNECTED", ["x", "w", "b"], ["y"])], ["x"], ["y"])
    return Model(pack_tree(tree), "m")


def numbers(model: Model, name: str, dtype: Any) -> tuple[list[Any], list[float]]:
    tensor = next(tensor for tensor in model.tree.subgraphs[0].tensors if tensor.name == name.encode())
    values = np.frombuffer(model.tree.buffers[tensor.buffer].data.tobytes(), dtype)
    return values.tolist(), tensor.quantization.scale.tolist()


def test_a_model_without_dead_weights_is_left_alone() -> None:
    model = dense([0.1, 0.2, 0.3], [1, 2, 3])
    assert give_scales(model) is model


@pytest.mark.parametrize("scale", [0.0, 1e-38, 1e-12])
def test_dead_channels_become_zeros_of_an_ordinary_scale(scale: float) -> None:
    """0.5 times the new scale is 0.25: one step of the accumulator is one of the output."""
    model = give_scales(dense([0.125, scale, 0.25], [7, -5, 9]))
    assert numbers(model, "w", np.int8) == ([1, 2, 0, 0, -1, 1], [0.125, 0.5, 0.25])
    assert numbers(model, "b", "<i4") == ([7, 0, 9], [0.0625, 0.25, 0.125])


@pytest.mark.parametrize(("scale", "is_dead"), [(1.1e-10, True), (1.2e-10, False)])
def test_what_can_still_move_an_output_is_kept(scale: float, is_dead: bool) -> None:
    """A full accumulator, 2^31 steps of 0.5 * 1.1e-10, is 0.118 and no half of 0.25; of 1.2e-10 it is 0.129."""
    assert (2**31 * 0.5 * scale < 0.125) is is_dead
    model = dense([scale, 0.125, 1.0], [2**30, 1, 1])
    assert (give_scales(model) is not model) is is_dead


def test_what_is_wrong_with_the_scale_of_an_activation_stays_an_error() -> None:
    tensors = [Tensor("x", [1, 2], "int8", scale=0.5), Tensor("y", [1, 2], "int8", scale=1e-30)]
    model = Model(pack_tree(build_tree(tensors, [Op("RELU", ["x"], ["y"])], ["x"], ["y"])), "m")
    with pytest.raises(ModelRejected, match="degenerate"):
        give_scales(model)


def float_model(w: NDArray[np.float32], b: NDArray[np.float32], slope: NDArray[np.float32]) -> Model:
    """A dense layer and a PReLU: the slopes of one that was not trained are 0."""
    tensors = [
        Tensor("x", [1, 4]),
        Tensor("w", data=w),
        Tensor("b", data=b),
        Tensor("h", [1, 3]),
        Tensor("slope", data=slope),
        Tensor("y", [1, 3]),
    ]
    ops = [Op("FULLY_CONNECTED", ["x", "w", "b"], ["h"]), Op("PRELU", ["h", "slope"], ["y"])]
    return Model(pack_tree(build_tree(tensors, ops, ["x"], ["y"])), "m")


@pytest.mark.parametrize("factor", [1.0, 0.0, 1e-35, 1e-41])
def test_an_engine_and_both_interpreters_agree_with_float_on_dead_channels(factor: float) -> None:
    random = np.random.RandomState(0)
    w, b = random.randn(3, 4).astype(np.float32), random.randn(3).astype(np.float32)
    w[1] *= np.float32(factor)
    b[1] = 0
    slope = np.zeros((1, 3), np.float32) if factor != 1.0 else np.full((1, 3), 0.25, np.float32)
    model = float_model(w, b, slope)
    samples = [random.randn(1, 4).astype(np.float32) for _ in range(20)]
    ranged = with_ranges(model, calibrate(model, samples))
    quantized = give_scales(Model(quantize_with_litert(ranged, Types("int8", "int8")), "m"))
    (output,) = quantized.summary.outputs
    runner = open_lite_rt(model)
    expected = np.concatenate([runner.run([sample])[0] for sample in samples])
    for found in outputs_of(quantized, samples, choose_oracle("auto")):
        raw = np.concatenate([outputs[0] for outputs in found]).astype(np.float64)
        real = (raw - output.zero_point[0]) * output.scale[0]
        assert np.abs(real - expected).max() < 3 * output.scale[0]
