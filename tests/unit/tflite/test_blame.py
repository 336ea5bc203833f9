"""What interpreters print of an op leads to its layer, and to what helps."""

from __future__ import annotations

import re

import numpy as np
import pytest
from msgspec.structs import replace
from tests.models import Op, Tensor, build_model

from quantci.errors import ModelRejected
from quantci.tflite.blame import blamed, failed_op, missing_op
from quantci.tflite.enums import enum_names
from quantci.tflite.lite_rt import open_lite_rt
from quantci.tflite.model import Model
from quantci.tflite.remedies import ANY, replacement
from quantci.tflite.tflm import open_tflm, tflm_available
from quantci.tflite.tflm_ops import RESOLVER_METHODS


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
    assert missing_op("Encountered unresolved custom op: TheirOwnOp. See") == "TheirOwnOp"
    assert missing_op("out of memory") is None
    assert [
        op.index for op in blamed(int8_model("SIN"), "Didn't find op for builtin opcode 'LOGISTIC' version '2'")
    ] == [1]


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


@pytest.mark.skipif(not tflm_available(), reason="TFLM has no wheel here")
def test_tflm_names_the_layer_that_fails_while_it_runs() -> None:
    """An index beyond the end, which is seen in the inference only."""
    with pytest.raises(ModelRejected, match=r"at GATHER \(block/inner\): Node GATHER .* failed to invoke") as caught:
        open_tflm(gather()).run([np.zeros((1, 4), np.int8), np.array([9], np.int32)])
    assert caught.value.code == "tflm-refused"


def gather() -> Model:
    tensors = [
        Tensor("x", [1, 4], "int8", scale=0.1),
        Tensor("index", [1], "int32"),
        Tensor("block/inner", [1, 1], "int8", scale=0.1),
    ]
    ops = [Op("GATHER", ["x", "index"], ["block/inner"], {"axis": 1})]
    return Model(build_model(tensors, ops, ["x", "index"], ["block/inner"]), "m")


def test_lite_rt_names_the_layer_and_what_it_reads() -> None:
    with pytest.raises(ModelRejected) as caught:
        open_lite_rt(int8_model("SIN"))
    assert caught.value.code == "lite-rt-refused"
    assert " at SIN (block/inner), which reads x: " in caught.value.cause
    assert re.search("op Sin; Node number 0|builtin opcode", caught.value.cause), "LiteRT's own words, of 2.3 or 2.1"
    assert caught.value.remedy.startswith("Compute the angle outside")
    with pytest.raises(ModelRejected, match=r"at GATHER \(block/inner\), which reads x, index: gather index out of"):
        open_lite_rt(gather()).run([np.zeros((1, 4), np.int8), np.array([9], np.int32)])
    with pytest.raises(ModelRejected, match=r"at FLOOR \(block/inner\), which reads x: Didn't find op"):
        open_lite_rt(int8_model("FLOOR"))


@pytest.mark.parametrize("before", [0, 1, 2, 5])
def test_what_xnnpack_refuses_without_a_name_is_found(before: int) -> None:
    """Its multiplier has to be below 256; 100 * 10 / 1e-6 is not."""
    tensors = [Tensor(f"t{k}", [1, 4], "int8", scale=100.0) for k in range(before + 1)]
    tensors += [
        Tensor("w", data=np.ones((2, 4), np.int8), scale=[10.0, 10.0], zero_point=[0, 0]),
        Tensor("y", [1, 2], "int8", scale=1e-6),
        Tensor("z", [1, 2], "int8", scale=1e-6),
    ]
    ops = [Op("RELU", [f"t{k}"], [f"t{k + 1}"], version=2) for k in range(before)]
    ops += [Op("FULLY_CONNECTED", [f"t{before}", "w", ""], ["y"], version=4), Op("RELU", ["y"], ["z"], version=2)]
    with pytest.raises(ModelRejected, match=rf"at FULLY_CONNECTED \(y\), which reads t{before}, w: ") as caught:
        open_lite_rt(Model(build_model(tensors, ops, ["t0"], ["z"]), "m"))
    assert caught.value.remedy.startswith("Check the ranges of these tensors")


def test_every_op_that_tflm_lacks_and_a_network_can_have_has_a_remedy_of_its_own() -> None:
    no_network = {
        *("CALL", "CUSTOM", "DELEGATE", "PLACEHOLDER_FOR_GREATER_OP_CODES"),
        *("CONCAT_EMBEDDINGS", "EMBEDDING_LOOKUP_SPARSE", "LSH_PROJECTION", "SKIP_GRAM"),
        *("DILATE", "REDUCE_WINDOW", "RIGHT_SHIFT"),
    }
    names = set(enum_names("BuiltinOperator").values()) - no_network
    ops = [
        op
        for name in sorted(names)
        if name not in RESOLVER_METHODS and not name.startswith("HASHTABLE")
        for op in [replace(int8_model("EXP").summary.ops[0], op=name)]
    ]
    assert [op.op for op in ops if replacement([op]) == ANY] == []
