"""What the litert engine makes of a SUM, beside a MEAN that stays one."""

from __future__ import annotations

import numpy as np
import pytest
from tests.models import Op, Tensor, build_model, tiny_float_cnn

from quantci.quantize.calibrate import with_ranges
from quantci.quantize.engine import quantize_with_litert
from quantci.quantize.recipe import Types
from quantci.quantize.sums import disguise_sums, reveal_sums
from quantci.records.quantize import TensorRange
from quantci.tflite.model import Model


def reducing() -> Model:
    """`sum` and `mean` of `x`, and their sum."""
    tensors = [
        Tensor("x", [1, 4, 4, 2]),
        Tensor("axes", data=np.array([1, 2], np.int32)),
        *(Tensor(name, [1, 2]) for name in ("sum", "mean", "y")),
    ]
    ops = [
        Op("SUM", ["x", "axes"], ["sum"], {"keepDims": False}),
        Op("MEAN", ["x", "axes"], ["mean"], {"keepDims": False}),
        Op("ADD", ["sum", "mean"], ["y"], {"fusedActivationFunction": 0}),
    ]
    return Model(build_model(tensors, ops, ["x"], ["y"]), "m")


def test_a_sum_gets_the_scale_of_its_own_range() -> None:
    widths = {"x": 2.55, "sum": 25.5, "mean": 1.275, "y": 26.775}
    model = reducing()
    ranges = [
        TensorRange(tensor=index, name=name, min=0, max=widths[name])
        for index, name in enumerate(model.tensor_names)
        if name in widths
    ]
    data = quantize_with_litert(with_ranges(model, ranges), Types("int8", "int8"))
    quantized = Model(data, "q").summary
    assert [op.op for op in quantized.ops if op.op != "QUANTIZE"] == ["SUM", "MEAN", "ADD"]
    scales = {op.op: quantized.tensors[op.outputs[0]].scale[0] for op in quantized.ops}
    assert [scales[op] for op in ("SUM", "MEAN", "ADD")] == pytest.approx([0.1, 0.005, 0.105])


def test_disguised_and_revealed_it_is_the_same_model() -> None:
    model = reducing()
    disguised, codes = disguise_sums(model)
    assert [op.op for op in disguised.summary.ops] == ["MEAN", "MEAN", "ADD"]
    assert [op.op for op in reveal_sums(disguised, codes).summary.ops] == ["SUM", "MEAN", "ADD"]


def test_a_model_without_a_sum_is_left_alone() -> None:
    model = Model(tiny_float_cnn(0), "m")
    assert disguise_sums(model) == (model, [])
    assert reveal_sums(model, []) is model
