"""What the litert engine refuses is named, with the layer and with what helps for this op."""

from __future__ import annotations

import pytest
from tests.models import Op, Tensor, build_model

from quantci.errors import ModelRejected
from quantci.quantize.calibrate import with_ranges
from quantci.quantize.engine import quantize_with_litert
from quantci.quantize.recipe import Types
from quantci.records.quantize import TensorRange
from quantci.tflite.model import Model

SHAPE = [1, 4]


@pytest.mark.parametrize(
    ("kind", "remedy"),
    [
        ("NEG", "Replace the negation by multiplying with -1."),
        ("ELU", "Replace ELU by ReLU or LeakyReLU: quantizers leave ELU in float."),
        ("SIN", "Replace the layer that it comes from by one that TFLM has in INT8."),
    ],
)
def test_an_op_without_an_integer_form_is_named_with_its_layer(kind: str, remedy: str) -> None:
    tensors = [Tensor(name, SHAPE) for name in ("x", "block/inner", "y")]
    ops = [Op(kind, ["x"], ["block/inner"]), Op("LOGISTIC", ["block/inner"], ["y"])]
    model = Model(build_model(tensors, ops, ["x"], ["y"]), "model.tflite")
    ranges = [TensorRange(tensor=index, name=tensor.name, min=-1, max=1) for index, tensor in enumerate(tensors)]
    with pytest.raises(ModelRejected) as caught:
        quantize_with_litert(with_ranges(model, ranges), Types("int8", "int8"))
    assert (caught.value.code, caught.value.where) == ("unquantizable-op", "model.tflite")
    assert caught.value.cause == f"LiteRT's quantizer has no INT8 form of {kind} (block/inner)."
    assert caught.value.remedy == remedy
