"""The job for the workers, and what a worker makes of a sample: a layer is blamed for its own error only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.models import Op, Tensor, build_model, tiny_float_cnn

from quantci.data.preprocess import Preprocessing
from quantci.diagnose.compare import Comparer, Fed, Job
from quantci.diagnose.match import match
from quantci.diagnose.run import job_of
from quantci.diagnose.sums import Integers, LayerSums
from quantci.errors import ModelRejected
from quantci.quantize.calibrate import calibrate, with_ranges
from quantci.quantize.engine import quantize_with_litert
from quantci.quantize.recipe import Types
from quantci.records.input_config import InputConfig
from quantci.tflite.flatbuffer import pack, parse
from quantci.tflite.isolate_ops import Slot
from quantci.tflite.model import Model

if TYPE_CHECKING:
    from numpy.typing import NDArray


def preprocessing(*shape: int) -> Preprocessing:
    return Preprocessing(shape, InputConfig(preprocess="in-model"))


def job_for(data: bytes, quantized: bytes, *shape: int) -> Job:
    float_model, quantized_model = Model(data, "float"), Model(quantized, "int8")
    matching = match(float_model.summary, quantized_model.summary, quantized_model.tensor_names)
    return job_of(float_model, quantized_model, preprocessing(*shape), matching)


def samples(count: int) -> list[NDArray[np.float32]]:
    random = np.random.RandomState(0)
    return [random.normal(size=(1, 16, 16, 3)).astype(np.float32) for _ in range(count)]


def with_shifted_bias(quantized: bytes) -> bytes:
    """The first convolution's biases are off by 20 steps of its output."""
    model: Any = parse(quantized, "m")
    summary = Model(quantized, "m").summary
    tensor = summary.tensors[summary.ops[0].inputs[2]]
    buffer = model.buffers[model.subgraphs[0].tensors[tensor.index].buffer]
    shift = 20 * summary.tensors[summary.ops[0].outputs[0]].scale[0]
    buffer.data = np.frombuffer(
        (np.frombuffer(bytes(buffer.data), np.int32) + (shift / np.array(tensor.scale)).astype(np.int32)).tobytes(),
        np.uint8,
    )
    return pack(model)


def test_only_the_broken_layer_has_an_error_of_its_own() -> None:
    data = tiny_float_cnn(2)
    quantized = quantize_with_litert(
        with_ranges(Model(data, "m"), calibrate(Model(data, "m"), samples(20))), Types("int8", "int8")
    )

    def figures(model: bytes) -> list[LayerSums]:
        return Comparer(job_for(data, model, 1, 16, 16, 3)).compare(samples(1)[0])

    healthy, broken = figures(quantized), figures(with_shifted_bias(quantized))
    assert all(sums.own.sqnr_db > 25 for sums in healthy)
    assert [sums.own.sqnr_db > 20 for sums in broken] == [True, False, True, True, True, True]
    assert [sums.whole.sqnr_db > 20 for sums in broken[:3]] == [True, False, False]


def floats_between() -> tuple[bytes, bytes]:
    """RELU and LOGISTIC in float, and in INT8 with the RELU left in float between DEQUANTIZE and QUANTIZE."""
    tensors = [Tensor(name, [1, 4]) for name in ("x", "relu", "y")]
    data = build_model(tensors, [Op("RELU", ["x"], ["relu"]), Op("LOGISTIC", ["relu"], ["y"])], ["x"], ["y"])
    tensors = [
        Tensor("x", [1, 4], "int8", scale=0.05, zero_point=0),
        Tensor("real", [1, 4]),
        Tensor("relu", [1, 4]),
        Tensor("again", [1, 4], "int8", scale=0.025, zero_point=-128),
        Tensor("y", [1, 4], "int8", scale=1 / 256, zero_point=-128),
    ]
    ops = [
        Op("DEQUANTIZE", ["x"], ["real"], version=2),
        Op("RELU", ["real"], ["relu"]),
        Op("QUANTIZE", ["relu"], ["again"]),
        Op("LOGISTIC", ["again"], ["y"], version=2),
    ]
    return data, build_model(tensors, ops, ["x"], ["y"])


def test_a_quantize_op_behind_an_op_in_float_is_fed_with_floats() -> None:
    data, quantized = floats_between()
    job = job_for(data, quantized, 1, 4)
    assert [(pair.op, pair.float_op) for pair in job.pairs] == [(None, None), (2, None), (3, 1)]
    assert job.rescaled == {2: Fed(2, None)}
    found = Comparer(job).compare(np.array([[-1.0, 0.26, 1.0, 3.0]], np.float32))
    # 0.26 is 0.25 in steps of 0.05; of its own the QUANTIZE adds nothing to that.
    assert found[1].own.noise.sum() == pytest.approx(0.0, abs=1e-12)
    assert found[1].whole.noise.sum() == pytest.approx(0.01**2, rel=1e-3)


def test_constants_and_absent_inputs_are_not_fed() -> None:
    data = tiny_float_cnn(2)
    quantized = quantize_with_litert(
        with_ranges(Model(data, "m"), calibrate(Model(data, "m"), samples(4))), Types("int8", "int8")
    )
    assert sorted(job_for(data, quantized, 1, 16, 16, 3).feeds) == [Slot(op, 0) for op in range(5)]


def test_an_activation_that_is_no_number_is_refused() -> None:
    data, quantized = floats_between()
    comparer = Comparer(job_for(data, quantized, 1, 4))
    with pytest.raises(ModelRejected, match="not a number"):
        comparer.outside(np.array([[np.inf, 0, 0, 0]], np.float32))


def test_float_values_beyond_the_integers_are_counted() -> None:
    data, quantized = floats_between()
    comparer = Comparer(job_for(data, quantized, 1, 4))
    found = comparer.outside(np.array([[-7.0, 6.42, 6.43, 100.0]], np.float32))
    # The input holds -6.4 to 6.35, and 1.5 steps of 0.05 more; after the RELU 0 to 6.375, and 1.5 steps of 0.025 more.
    assert found == [(3, 4), (3, 4), (0, 4)]
    assert Integers(0.05, 0, -128, 127).high == pytest.approx(6.35)
