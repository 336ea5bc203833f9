"""Choices of types: what they are in the model, and that TFLM's answers are those of the float model."""

import numpy as np
import pytest
from tests.unit.quantize.transforms.nets import chain, samples_for, statistics_for

from quantci.quantize.calibrate import with_ranges
from quantci.quantize.engine import quantize_with_litert
from quantci.quantize.recipe import Types
from quantci.tflite.enums import dtype_name
from quantci.tflite.lite_rt import open_lite_rt
from quantci.tflite.model import Model
from quantci.tflite.tflm import open_tflm, tflm_available


def made(types: Types) -> Model:
    statistics = statistics_for(chain())
    return Model(quantize_with_litert(with_ranges(statistics.float_model, statistics.ranges), types), "q")


def scales(model: Model, kind: str) -> list[int]:
    return [len(tensors[op.inputs[1]].quantization.scale) for tensors, op in model.ops(kind)]


def test_per_tensor_dense_is_about_dense_layers() -> None:
    usual, lean = made(Types("int8", "int8")), made(Types("int8", "int8", per_tensor_dense=True))
    assert (scales(usual, "FULLY_CONNECTED"), scales(lean, "FULLY_CONNECTED")) == ([3, 2], [1, 1])
    assert scales(usual, "CONV_2D") == scales(lean, "CONV_2D") == [4, 5, 2]
    assert len(lean.data) < len(usual.data)


def test_int16x8_has_activations_of_16_bits() -> None:
    model = made(Types("int16", "int16", "int16"))
    for tensors, op in model.ops("CONV_2D"):
        assert [dtype_name(tensors[index].type) for index in op.inputs] == ["int16", "int8", "int64"]
    assert (model.summary.inputs[0].dtype, model.summary.outputs[0].dtype) == ("int16", "int16")


@pytest.mark.skipif(not tflm_available(), reason="TFLM has no wheel for this machine")
def test_int16x8_is_finer_than_int8_in_tflm() -> None:
    reference = open_lite_rt(chain())

    def off(model: Model) -> float:
        runner = open_tflm(model)
        port, out = runner.inputs[0], runner.outputs[0]
        pairs = (
            (out.to_real(runner.run([port.from_real(sample)])[0]), reference.run([sample])[0])
            for sample in samples_for(chain())
        )
        return float(np.mean([np.abs(found - expected).mean() for found, expected in pairs]))

    assert off(made(Types("int16", "int16", "int16"))) < off(made(Types("int8", "int8"))) / 1.5
