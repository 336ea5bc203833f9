"""What interpreters print of an op leads to its layer, and to what helps."""

from __future__ import annotations

import pytest
from tests.models import Op, Tensor, build_model

from quantci.errors import ModelRejected
from quantci.tflite.blame import failed_op, missing_op
from quantci.tflite.model import Model
from quantci.tflite.tflm import open_tflm, tflm_available


def int8_model(kind: str) -> Model:
    """x -> the op -> LOGISTIC -> y, all of it INT8."""
    tensors = [Tensor(name, [1, 4], "int8", scale=0.1) for name in ("x", "block/inner")]
    tensors.append(Tensor("y", [1, 4], "int8", scale=1 / 256, zero_point=-128))
    ops = [Op(kind, ["x"], ["block/inner"], version=2), Op("LOGISTIC", ["block/inner"], ["y"], version=2)]
    return Model(build_model(tensors, ops, ["x"], ["y"]), "m")


@pytest.mark.parametrize(
    "text",
    [
        "exp.cc:41 input->type != kTfLiteFloat32; Node EXP (number 0f) failed to prepare with status 1",
        "Node EXP (number 0) failed to invoke with status 1",
        "something.Node number 0 (EXP) failed to prepare.",
    ],
)
def test_the_op_that_failed(text: str) -> None:
    assert [op.output_name for op in failed_op(int8_model("EXP"), text)] == ["block/inner"]


def test_an_op_of_another_subgraph_is_none_of_the_main_one() -> None:
    assert failed_op(int8_model("EXP"), "Node CONV_2D (number 0) failed to prepare") == []
    assert failed_op(int8_model("EXP"), "out of memory") == []


def test_the_op_without_a_kernel() -> None:
    assert missing_op("Didn't find op for builtin opcode 'BROADCAST_TO' version '3'") == "BROADCAST_TO"
    assert missing_op("Unsupported custom op: TheirOwnOp, can't find op version 1") == "TheirOwnOp"
    assert missing_op("out of memory") is None


@pytest.mark.skipif(not tflm_available(), reason="TFLM has no wheel here")
@pytest.mark.parametrize(
    ("kind", "code", "cause", "remedy"),
    [
        ("EXP", "tflm-refused", "at EXP (block/inner): ", "Replace the exponential"),
        ("GELU", "unsupported-op", "no kernel for GELU (block/inner).", "Replace GELU by"),
    ],
)
def test_tflm_names_the_layer_and_what_helps(kind: str, code: str, cause: str, remedy: str) -> None:
    with pytest.raises(ModelRejected) as caught:
        open_tflm(int8_model(kind))
    assert caught.value.code == code
    assert cause in caught.value.cause
    assert caught.value.remedy.startswith(remedy)
