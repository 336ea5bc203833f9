"""An activation on its own is fused where it can be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from tests.models import SAME, WINDOW, Op, Tensor, build_model, build_tree, pack_tree, tiny_float_cnn
from tests.unit.rewrite.rewritten import ops_of, rewritten

from quantci.quantize.calibrate import calibrate
from quantci.rewrite.fuse_activation import fuse_activation
from quantci.rewrite.rule import EXACT, Rule

NONE, RELU, RELU6, TANH = (getattr(schema.ActivationFunctionType, name) for name in ("NONE", "RELU", "RELU6", "TANH"))
SHAPE = [1, 4, 4, 2]
RULE = Rule("fuse-activation", fuse_activation, EXACT)


def host(kind: str, activation: int = 0) -> tuple[list[Tensor], Op]:
    """An op that writes `y` from `x`."""
    options: dict[str, Any] = {"fusedActivationFunction": activation}
    if kind in {"ADD", "SUB", "MUL"}:
        constant = Tensor("c", data=np.full((1, 1, 1, 2), 1.5, np.float32))
        return [Tensor("x", SHAPE), constant, Tensor("y", SHAPE)], Op(kind, ["x", "c"], ["y"], options)
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


@pytest.mark.parametrize(
    ("activation", "alone", "both"),
    [
        (NONE, "RELU6", "RELU6"),
        (RELU, "RELU6", "RELU6"),
        (NONE, "RELU", "RELU"),
        (RELU, "RELU", "RELU"),
        (RELU6, "RELU", "RELU6"),
        (RELU6, "RELU6", "RELU6"),
    ],
)
@pytest.mark.parametrize("kind", ["CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "ADD", "SUB", "MUL"])
def test_it_is_fused_into_what_wrote_its_input(kind: str, activation: int, alone: str, both: str) -> None:
    tensors, op = host(kind, activation)
    tensors.append(Tensor("z", tensors[-1].shape))
    result = rewritten(build_model(tensors, [op, Op(alone, ["y"], ["z"])], ["x"], ["z"]), RULE)
    assert ops_of(result) == [f"{kind} {both}"]
    assert [tensor.name for tensor in result.model.summary.outputs] == ["z"]
    assert "y" not in result.model.tensor_names
    (rewrite,) = result.rewrites
    assert (rewrite.name, rewrite.layers, rewrite.ops_saved, rewrite.difference) == ("fuse-activation", ["z"], 1, 0)
    assert rewrite.arena_saved_bytes is not None
    assert rewrite.arena_saved_bytes > 0


def test_a_model_whose_relu6_are_all_fused_can_be_calibrated() -> None:
    tensors, op = host("ADD")
    ops = [op, Op("RELU6", ["y"], ["z"]), Op("LOGISTIC", ["z"], ["p"])]
    data = build_model([*tensors, Tensor("z", SHAPE), Tensor("p", SHAPE)], ops, ["x"], ["p"])
    model = rewritten(data, RULE).model
    assert len(model.tree.operatorCodes) == 2
    ranges = calibrate(model, [np.full(SHAPE, value, np.float32) for value in (-2, 4)])
    found = [(entry.name, entry.min, entry.max) for entry in ranges if entry.name in "xz"]
    assert found == [
        ("x", -2, 4),
        ("z", 0, 5.5),
    ]


@pytest.mark.parametrize("readers", ["another op", "the output", "a host that clamps otherwise", "no host"])
def test_it_stays_where_something_else_needs_what_it_clamps(readers: str) -> None:
    tensors, op = host("ADD", TANH if readers == "a host that clamps otherwise" else 0)
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
    if readers != "a host that clamps otherwise":  # which LiteRT has no kernel of
        result = rewritten(build_model(tensors, ops, ["x"], outputs), RULE)
        assert result.rewrites == []


def test_a_model_without_one_keeps_its_bytes() -> None:
    data = tiny_float_cnn(0)
    result = rewritten(data, RULE)
    assert (result.model.data, result.rewrites) == (data, [])


def test_signatures_follow_their_tensors() -> None:
    tensors, op = host("ADD")
    tree = build_tree([*tensors, Tensor("z", SHAPE)], [op, Op("RELU6", ["y"], ["z"])], ["x"], ["z"])
    signature, given, answer = schema.SignatureDefT(), schema.TensorMapT(), schema.TensorMapT()
    given.name, given.tensorIndex, answer.name, answer.tensorIndex = b"in", 0, b"out", 3
    signature.signatureKey, signature.inputs, signature.outputs = b"serving_default", [given], [answer]
    tree.signatureDefs = [signature]
    model = rewritten(pack_tree(tree), RULE).model
    found = schema.ModelT.InitFromPackedBuf(model.data, 0).signatureDefs[0]
    assert (found.inputs[0].tensorIndex, found.outputs[0].tensorIndex) == (0, 2)
