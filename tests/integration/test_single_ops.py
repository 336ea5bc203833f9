"""Every op that both engines take: they agree to 1 LSB in the oracle, and stay near what the op computes in float."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.float_ops import MODELS, SHAPE

from quantci.quantize.calibrate import calibrate, with_ranges
from quantci.quantize.engine import quantize_with_litert, quantize_with_tensorflow
from quantci.quantize.recipe import Types
from quantci.quantize.same_range import same_range
from quantci.quantize.step import Statistics
from quantci.tflite.fixed_point import dequantize, quantize
from quantci.tflite.lite_rt import open_lite_rt
from quantci.tflite.model import Model
from quantci.tflite.oracle import choose_oracle, open_oracle
from quantci.workers.pool import Pool

INT8 = Types("int8", "int8")
SAMPLES = [np.random.RandomState(seed).normal(0, 2, SHAPE).astype(np.float32) for seed in range(40)]
LEAST_DB = 34  # a right op of these models has 35 to 48


@pytest.fixture(scope="module")
def litert() -> Iterator[Pool]:
    with Pool(1, where="test") as pool:
        yield pool


@pytest.fixture(scope="module")
def tensorflow() -> Iterator[Pool]:
    """In a process of its own: its calibration wrapper and LiteRT's cannot live in one."""
    pytest.importorskip("tensorflow")
    with Pool(1, where="test") as pool:
        yield pool


def answers(model: Model) -> NDArray[np.int64]:
    """Of the oracle, as integers."""
    runner = open_oracle(model, choose_oracle("auto"))
    x = runner.inputs[0]
    given = [quantize(sample, x.scale, x.zero_point, x.dtype) for sample in SAMPLES]
    return np.concatenate([runner.run([sample])[0].reshape(1, -1) for sample in given]).astype(np.int64)


@pytest.mark.parametrize("name", sorted(MODELS))
def test_an_op_means_the_same_in_both_engines_and_in_float(litert: Pool, tensorflow: Pool, name: str) -> None:
    model = Model(MODELS[name], name)
    statistics = Statistics(model, litert.call(calibrate, model, SAMPLES))
    prepared = with_ranges(model, same_range(statistics).ranges)
    found = [
        Model(tensorflow.call(quantize_with_tensorflow, prepared, INT8), "tensorflow"),
        Model(litert.call(quantize_with_litert, prepared, INT8), "litert"),
    ]
    float_runner = open_lite_rt(model)
    expected = np.concatenate([float_runner.run([sample])[0].reshape(1, -1) for sample in SAMPLES])
    for quantized in found:
        y = quantized.summary.outputs[0]
        error = dequantize(answers(quantized), y.scale[0], y.zero_point[0]) - expected
        assert 10 * np.log10(np.sum(expected**2) / np.sum(error**2)) > LEAST_DB, quantized.where
    assert int(np.abs(answers(found[0]) - answers(found[1])).max()) <= 1
