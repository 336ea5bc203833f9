"""A model that takes integers and casts them takes floats; it computes what it computed before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.models import Op, Tensor, build_model, float_model_of_bytes, float_model_of_words

from quantci.errors import ModelRejected
from quantci.source.integer_input import take_floats
from quantci.source.tflite import TfliteSource
from quantci.tflite.lite_rt import open_lite_rt
from quantci.tflite.model import Model


def through_casts(*between: tuple[str, str], first: str = "uint8", second: str = "") -> Model:
    """x [1, 4] -> the ops, each with the type of what it gives -> RELU -> y; `second` reads x as well."""
    tensors, ops, last = [Tensor("x", [1, 4], first)], [], "x"
    shape = Tensor("shape", data=np.array([1, 4], np.int32))
    for place, (kind, dtype) in enumerate(between):
        tensors.append(Tensor(f"t{place}", [1, 4], dtype))
        ops.append(Op(kind, [last, "shape"] if kind == "RESHAPE" else [last], [f"t{place}"]))
        last = f"t{place}"
    tensors += [shape, Tensor("y", [1, 4])]
    ops.append(Op("RELU", [last], ["y"]))
    outputs = ["y"]
    if second:
        tensors.append(Tensor("z", [1, 4], first))
        ops.append(Op(second, ["x"], ["z"]))
        outputs.append("z")
    return Model(build_model(tensors, ops, ["x"], outputs), "m")


def kinds(model: Model) -> list[str]:
    return [op.op for op in model.summary.ops]


@pytest.mark.parametrize(
    ("model", "ops"),
    [
        (through_casts(("CAST", "float32")), ["RELU"]),
        (through_casts(("CAST", "int32"), ("CAST", "float32")), ["RELU"]),
        (through_casts(("RESHAPE", "uint8"), ("CAST", "float32")), ["RESHAPE", "RELU"]),
        (through_casts(("CAST", "int32"), ("RESHAPE", "int32"), ("CAST", "float32")), ["RESHAPE", "RELU"]),
        (through_casts(("CAST", "float32"), first="int8"), ["RELU"]),
        (through_casts(("CAST", "float32"), first="int32"), ["RELU"]),
    ],
)
def test_what_leads_to_a_cast_is_float(model: Model, ops: list[str]) -> None:
    changed = take_floats(model)
    assert kinds(changed) == ops
    assert [tensor.dtype for tensor in changed.summary.inputs] == ["float32"]
    assert {t.dtype for t in changed.summary.tensors if not t.constant_bytes} == {"float32"}
    values = np.array([[0, 3, 100, 127]])
    (expected,) = open_lite_rt(model).run([values.astype(model.summary.inputs[0].dtype)])
    (found,) = open_lite_rt(changed).run([values.astype(np.float32)])
    assert np.array_equal(found, expected)


@pytest.mark.parametrize(
    "model",
    [
        through_casts(("CAST", "float32"), first="float32"),  # nothing to change
        through_casts(("CAST", "uint8"), ("CAST", "float32"), first="int32"),  # cuts digits off
        through_casts(("CAST", "float32"), second="ABS"),  # computes with the integers
        through_casts(("CAST", "float32"), second="RESHAPE"),  # gives them as an output
        Model(float_model_of_words(), "m"),  # looks something up by them
    ],
)
def test_what_is_done_with_integers_stays(model: Model) -> None:
    assert take_floats(model) is model


def test_pixels_that_are_cast_are_read_as_floats(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(float_model_of_bytes())
    model = TfliteSource(tmp_path / "m.tflite").convert()
    assert kinds(model) == ["MEAN", "FULLY_CONNECTED"]
    assert [(t.name, t.dtype, t.shape) for t in model.summary.inputs] == [("image", "float32", [1, 16, 16, 3])]


def test_words_that_are_looked_up_are_refused(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(float_model_of_words())
    with pytest.raises(ModelRejected, match="takes int32, and the model computes with these integers") as caught:
        TfliteSource(tmp_path / "m.tflite").convert()
    assert caught.value.code == "input-type"
