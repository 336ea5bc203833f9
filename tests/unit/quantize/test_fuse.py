"""A RELU6 on its own is fused where it can be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from tests.models import SAME, WINDOW, Op, Tensor, build_model, build_tree, pack_tree, tiny_float_cnn

from quantci.quantize.calibrate import calibrate
from quantci.quantize.fuse import fuse
from quantci.quantize.step import Statistics
from quantci.records.kernels import Rewrite
from quantci.tflite.model import Model

RELU, RELU6, TANH = (getattr(schema.ActivationFunctionType, name) for name in ("RELU", "RELU6", "TANH"))
SHAPE = [1, 4, 4, 2]


def host(kind: str, activation: int = 0) -> tuple[list[Tensor], Op]:
    """An op that writes `y` from `x`."""
    options: dict[str, Any] = {"fusedActivationFunction": activation}
    if kind == "ADD":
        return [Tensor("x", SHAPE), Tensor("y", SHAPE)], Op("ADD", ["x", "x"], ["y"], options)
    if kind == "FULLY_CONNECTED":
        weights = Tensor("w", data=np.ones((2, 2), np.float32))
        return [Tensor("x", [1, 2]), weights, Tensor("y", [1, 2])], Op(kind, ["x", "w", ""], ["y"], options)
    options |= {**WINDOW, "padding": SAME}
    shape = (1, 3, 3, 2) if kind == "DEPTHWISE_CONV_2D" else (2, 3, 3, 2)
    if kind == "DEPTHWISE_CONV_2D":
        options["depthMultiplier"] = 1
    tensors = [
        Tensor("x", SHAPE),
        Tensor("w", data=np.ones(shape, np.float32)),
        Tensor("b", data=np.ones(2, np.float32)),
        Tensor("y", SHAPE),
    ]
    return tensors, Op(kind, ["x", "w", "b"], ["y"], options)


@pytest.mark.parametrize("activation", [0, RELU])
@pytest.mark.parametrize("kind", ["CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "ADD"])
def test_relu6_is_fused_into_what_wrote_its_input(kind: str, activation: int) -> None:
    tensors, op = host(kind, activation)
    tensors.append(Tensor("z", tensors[-1].shape))
    before = Model(build_model(tensors, [op, Op("RELU6", ["y"], ["z"])], ["x"], ["z"]), "")
    model, origins, rewrites = fuse(Statistics(before, []))
    assert rewrites == [Rewrite(op="RELU6", layer="z", how="fused", into="y")]
    summary = model.summary
    assert [(found.op, found.fused_activation, found.output_name) for found in summary.ops] == [(kind, "RELU6", "z")]
    assert [tensor.name for tensor in summary.outputs] == ["z"]
    assert [tensor.name for tensor in summary.tensors] == [name for name in before.tensor_names if name != "y"]
    assert origins is not None
    assert [before.tensor_names[origin] for origin in origins] == model.tensor_names


def test_a_model_whose_relu6_are_all_fused_can_be_calibrated() -> None:
    tensors, op = host("ADD")
    ops = [op, Op("RELU6", ["y"], ["z"]), Op("LOGISTIC", ["z"], ["p"])]
    data = build_model([*tensors, Tensor("z", SHAPE), Tensor("p", SHAPE)], ops, ["x"], ["p"])
    model = fuse(Statistics(Model(data, ""), [])).float_model
    assert [found.op for found in model.summary.ops] == ["ADD", "LOGISTIC"]
    assert len(model.tree.operatorCodes) == 2
    ranges = calibrate(model, [np.full(SHAPE, value, np.float32) for value in (-1, 4)])
    assert [(entry.name, entry.min, entry.max) for entry in ranges[:2]] == [("x", -1, 4), ("z", 0, 6)]


@pytest.mark.parametrize("readers", ["another op", "the output", "a host that clamps already", "no host"])
def test_relu6_stays_where_something_else_needs_what_it_clamps(readers: str) -> None:
    tensors, op = host("ADD", TANH if readers == "a host that clamps already" else 0)
    if readers == "no host":
        op = Op("LOGISTIC", ["x"], ["y"])
    ops, outputs = [op, Op("RELU6", ["y"], ["z"])], ["z"]
    tensors.append(Tensor("z", SHAPE))
    if readers == "another op":
        tensors.append(Tensor("sum", SHAPE))
        ops.append(Op("ADD", ["y", "z"], ["sum"]))
        outputs = ["sum"]
    elif readers == "the output":
        outputs = ["z", "y"]
    model = Model(build_model(tensors, ops, ["x"], outputs), "")
    assert fuse(Statistics(model, [])) == (model, list(range(len(model.summary.tensors))), [])


def test_a_model_without_relu6_keeps_its_bytes() -> None:
    model = Model(tiny_float_cnn(0), "")
    assert fuse(Statistics(model, [])) == (model, list(range(len(model.summary.tensors))), [])


def test_signatures_follow_their_tensors() -> None:
    tensors, op = host("ADD")
    tree = build_tree([*tensors, Tensor("z", SHAPE)], [op, Op("RELU6", ["y"], ["z"])], ["x"], ["z"])
    signature, given, answer = schema.SignatureDefT(), schema.TensorMapT(), schema.TensorMapT()
    given.name, given.tensorIndex, answer.name, answer.tensorIndex = b"in", 0, b"out", 2
    signature.signatureKey, signature.inputs, signature.outputs = b"serving_default", [given], [answer]
    tree.signatureDefs = [signature]
    model = fuse(Statistics(Model(pack_tree(tree), ""), [])).float_model
    found = schema.ModelT.InitFromPackedBuf(model.data, 0).signatureDefs[0]
    assert (found.inputs[0].tensorIndex, found.outputs[0].tensorIndex) == (0, 1)
