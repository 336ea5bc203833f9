"""The look into a model, and whether TFLM runs all of it in integers."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from tests.models import Op, Tensor, build_model, build_tree, int8_tree, pack_tree, tiny_float_cnn, tiny_int8_cnn

from quantci.errors import ModelRejected
from quantci.records.base import encode
from quantci.tflite.integer_only import check_integer_only
from quantci.tflite.model import Model

NOTHING: frozenset[str] = frozenset()


def one_op(kind: str, dtype: str = "int8", **changes: Any) -> bytes:
    port: dict[str, Any] = {"shape": [1, 4], "dtype": dtype, "scale": 0.1 if dtype == "int8" else 0.0} | changes
    tensors = [Tensor("x", **port), Tensor("y", **port)]
    return build_model(tensors, [Op(kind, ["x"], ["y"])], ["x"], ["y"])


def rejected(model: bytes, allowed: frozenset[str] = NOTHING) -> ModelRejected:
    with pytest.raises(ModelRejected) as caught:
        check_integer_only(Model(model, "m.tflite"), allowed)
    return caught.value


def test_int8_model() -> None:
    model = Model(tiny_int8_cnn(), "folder/m.tflite")
    summary = model.summary
    assert (summary.file_name, summary.file_bytes) == ("m.tflite", len(model.data))
    encode(summary)
    assert summary.sha256 == hashlib.sha256(model.data).hexdigest()
    assert [op.op for op in summary.ops] == [
        "CONV_2D", "CONV_2D", "ADD", "MAX_POOL_2D", "RESHAPE", "FULLY_CONNECTED", "SOFTMAX",
    ]  # fmt: skip
    assert [op.macs for op in summary.ops] == [64 * 8 * 27, 64 * 8 * 72, 0, 0, 0, 512, 0]
    assert summary.macs == 64 * 8 * 27 + 64 * 8 * 72 + 512
    assert [op.weight_bytes for op in summary.ops] == [216 + 32, 576 + 32, 0, 0, 8, 512 + 16, 0]
    assert summary.weight_bytes == 216 + 32 + 576 + 32 + 8 + 512 + 16
    assert summary.parameter_count == 216 + 8 + 576 + 8 + 512 + 4
    assert summary.ops[0].fused_activation == "RELU"
    assert summary.ops[4].fused_activation is None
    weights = summary.tensors[1]
    assert (weights.quantized_dimension, len(weights.scale), weights.constant_bytes) == (0, 8, 216)
    assert summary.inputs[0].quantized_dimension is None
    assert summary.op_counts[0].count == 2
    assert summary.op_counts[0].version == 3
    assert summary.is_integer_only
    check_integer_only(model, NOTHING)


@pytest.mark.parametrize(
    ("dtype", "name"), [("int8", "INT8"), ("uint8", "UINT8"), ("int16", "INT16x8"), ("float32", "INT8")]
)
def test_a_quantized_model_is_called_after_what_most_ops_give(dtype: str, name: str) -> None:
    assert Model(one_op("RELU", dtype, scale=0.1), "m.tflite").summary.quantized_type == name


def test_the_types_of_input_and_output_do_not_name_a_model() -> None:
    ends = [Tensor("x", [1, 4], "uint8", scale=0.1), Tensor("y", [1, 4], "uint8", scale=0.1)]
    inner = [Tensor(name, [1, 4], "int8", scale=0.1) for name in "abc"]
    ops = [
        Op("QUANTIZE", ["x"], ["a"]),
        Op("RELU", ["a"], ["b"]),
        Op("RELU", ["b"], ["c"]),
        Op("QUANTIZE", ["c"], ["y"]),
    ]
    model = Model(build_model([*ends, *inner], ops, ["x"], ["y"]), "m.tflite")
    assert (model.summary.quantized_type, model.summary.inputs[0].dtype) == ("INT8", "uint8")


def test_weights_that_two_ops_read_are_charged_once() -> None:
    weights = Tensor("w", data=np.ones((4, 4), np.float32))
    ops = [Op("FULLY_CONNECTED", ["x", "w", ""], ["y"]), Op("FULLY_CONNECTED", ["y", "w", ""], ["z"])]
    tensors = [Tensor("x", [1, 4]), weights, Tensor("y", [1, 4]), Tensor("z", [1, 4])]
    summary = Model(build_model(tensors, ops, ["x"], ["z"]), "").summary
    assert [op.weight_bytes for op in summary.ops] == [64, 0]
    assert summary.weight_bytes == 64


def test_float_model() -> None:
    model = tiny_float_cnn(0)
    summary = Model(model, "").summary
    assert not summary.is_integer_only
    assert len(summary.float_tensors) == 12
    found = rejected(model)
    assert found.code == "float-op"
    assert "CONV_2D (conv)" in found.cause


def test_float_island_names_the_op_and_its_replacement() -> None:
    tensors = [
        Tensor("x", [1, 4], "int8", scale=0.1),
        Tensor("real", [1, 4]),
        Tensor("activated", [1, 4]),
        Tensor("y", [1, 4], "int8", scale=0.1),
    ]
    ops = [Op("DEQUANTIZE", ["x"], ["real"]), Op("ELU", ["real"], ["activated"]), Op("QUANTIZE", ["activated"], ["y"])]
    found = rejected(build_model(tensors, ops, ["x"], ["y"]))
    assert found.code == "float-op"
    assert found.cause == "ELU (activated) would run in float (tensors real, activated)."
    assert "LeakyReLU" in found.remedy


def test_float_input_names_the_option() -> None:
    tensors = [Tensor("x", [1, 4]), Tensor("y", [1, 4], "int8", scale=0.1)]
    found = rejected(build_model(tensors, [Op("QUANTIZE", ["x"], ["y"])], ["x"], ["y"]))
    assert found.code == "float-op"
    assert "quantization.input_type" in found.remedy


@pytest.mark.parametrize(
    ("kind", "code", "text"),
    [
        ("MyOp", "custom-op", r"MyOp \(y\)"),
        ("FlexErf", "flex-op", r"FlexErf \(y\)"),
        ("GELU", "unsupported-op", "hard-swish"),
    ],
)
def test_ops_that_tflm_lacks(kind: str, code: str, text: str) -> None:
    found = rejected(one_op(kind))
    assert found.code == code
    with pytest.raises(ModelRejected, match=text):
        raise found


def test_a_custom_op_that_the_firmware_brings() -> None:
    model = Model(one_op("MyOp"), "")
    assert model.summary.macs is None
    check_integer_only(model, frozenset({"MyOp"}))


def test_open_shape() -> None:
    model = one_op("RELU", shape=[1, 1], signature=[1, -1])
    assert Model(model, "").summary.inputs[0].shape == [1, -1]
    assert rejected(model).code == "dynamic-shape"


def test_open_batch_is_no_open_shape() -> None:
    # Converted without a fixed batch: TFLM reads the stored shape alone, and runs it.
    model = Model(one_op("RELU", signature=[-1, 4]), "")
    assert model.summary.dynamic_tensors == []
    assert model.summary.inputs[0].shape == [1, 4]
    check_integer_only(model, NOTHING)


def test_int16_activations() -> None:
    summary = Model(one_op("RELU", "int16", scale=0.1), "").summary
    assert summary.inputs[0].dtype == "int16"
    assert summary.is_integer_only


def test_int4_weights_count_half_a_byte() -> None:
    tree = int8_tree()
    weights = tree.subgraphs[0].tensors[11]
    weights.type = schema.TensorType.INT4
    tree.buffers[weights.buffer].data = tree.buffers[weights.buffer].data[:256]
    summary = Model(pack_tree(tree), "").summary
    assert (summary.tensors[11].dtype, summary.tensors[11].constant_bytes) == ("int4", 256)
    assert summary.parameter_count == Model(tiny_int8_cnn(), "").summary.parameter_count


def test_other_subgraphs_are_counted_and_searched() -> None:
    tree = int8_tree()
    other = build_tree([Tensor("x", [1]), Tensor("y", [1])], [Op("ELU", ["x"], ["y"])], ["x"], ["y"])
    other.subgraphs[0].operators[0].opcodeIndex = len(tree.operatorCodes)
    tree.operatorCodes += other.operatorCodes
    tree.subgraphs += other.subgraphs
    summary = Model(pack_tree(tree), "").summary
    assert summary.subgraph_count == 2
    assert not summary.is_integer_only
    assert rejected(pack_tree(tree)).code == "float-op"
