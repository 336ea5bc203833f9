"""Constants beside a convolution, padding before it, and ops that become others, in numbers worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from tests.models import SAME, VALID, WINDOW, Op, Tensor, build_model
from tests.unit.rewrite.rewritten import ops_of, rewritten

from quantci.rewrite.rewrite import Result
from quantci.rewrite.rules import RULES

Constants = Sequence[tuple[str, Any]]
KINDS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")


def constants(result: Result) -> dict[str, list[float]]:
    """Float constants by name."""
    tree = result.model.tree
    found = {}
    for tensor, info in zip(tree.subgraphs[0].tensors, result.model.summary.tensors, strict=True):
        if info.constant_bytes and info.dtype == "float32":
            data = np.asarray(tree.buffers[tensor.buffer].data, np.uint8).tobytes()
            found[info.name] = [round(float(value), 4) for value in np.frombuffer(data, np.float32)]
    return found


def beside(kind: str, *, before: Constants = (), after: Constants = (), padding: int = VALID) -> bytes:
    """An op of weights 1, 2 and bias 10, 20 on two channels, 3 x 1 positions, with ops of one constant beside it."""
    is_dense = kind == "FULLY_CONNECTED"
    shape = [1, 2] if is_dense else [1, 3, 1, 2]
    weights = {
        "CONV_2D": np.array([[[[1, 2]]], [[[3, 4]]]]),
        "DEPTHWISE_CONV_2D": np.array([[[[1, 2]]]]),
        "FULLY_CONNECTED": np.array([[1, 2], [3, 4]]),
    }[kind]
    if padding == SAME:
        weights = np.concatenate([0 * weights, weights, 0 * weights], axis=0 if is_dense else 1)
    tensors = [
        Tensor("x", shape),
        Tensor("w", data=weights.astype(np.float32)),
        Tensor("b", data=np.array([10, 20], np.float32)),
    ]
    ops, last = [], "x"
    for number, (name, values) in enumerate(before):
        tensors += [Tensor(f"p{number}", data=np.array(values, np.float32)), Tensor(f"a{number}", shape)]
        ops.append(Op(name, [last, f"p{number}"], [f"a{number}"]))
        last = f"a{number}"
    options = {} if is_dense else {**WINDOW, "padding": padding}
    if kind == "DEPTHWISE_CONV_2D":
        options["depthMultiplier"] = 1
    tensors.append(Tensor("h", shape))
    ops.append(Op(kind, [last, "w", "b"], ["h"], options))
    last = "h"
    for number, (name, values) in enumerate(after):
        tensors += [Tensor(f"q{number}", data=np.array(values, np.float32)), Tensor(f"z{number}", shape)]
        ops.append(Op(name, [last, f"q{number}"], [f"z{number}"]))
        last = f"z{number}"
    return build_model(tensors, ops, ["x"], [last])


@pytest.mark.parametrize("kind", KINDS)
def test_scale_and_offset_behind_go_into_weights_and_bias(kind: str) -> None:
    result = rewritten(beside(kind, after=[("MUL", [2, 3]), ("SUB", [1]), ("DIV", [[2]])]), *RULES)
    assert ops_of(result) == [kind]
    assert [(found.name, found.ops_saved) for found in result.rewrites] == [("fold-scale-behind", 3)]
    # What h becomes: half of h * 2 less 1, and half of h * 3 less 1.
    weights = [1, 3] if kind == "DEPTHWISE_CONV_2D" else [1, 2, 4.5, 6]
    assert constants(result) == {"w": weights, "b": [9.5, 29.5]}
    assert [tensor.name for tensor in result.model.summary.outputs] == ["z2"]


@pytest.mark.parametrize("kind", KINDS)
def test_scale_and_offset_before_go_into_them_where_nothing_is_padded(kind: str) -> None:
    result = rewritten(beside(kind, before=[("MUL", [0.5, 1]), ("ADD", [-1])]), *RULES)
    assert ops_of(result) == [kind]
    assert [(found.name, found.ops_saved) for found in result.rewrites] == [("fold-scale-before", 2)]
    is_deep = kind == "DEPTHWISE_CONV_2D"
    weights = [0.5, 2] if is_deep else [0.5, 2, 1.5, 4]
    assert constants(result) == {"w": weights, "b": [9, 18] if is_deep else [10 - 3, 20 - 7]}


def test_an_offset_before_padding_stays_and_so_do_uneven_scales() -> None:
    padded = rewritten(beside("CONV_2D", before=[("MUL", [0.5]), ("ADD", [-1])], padding=SAME), *RULES)
    assert ops_of(padded) == ["MUL", "ADD", "CONV_2D"]
    assert ops_of(rewritten(beside("CONV_2D", before=[("MUL", [0.5])], padding=SAME), *RULES)) == ["CONV_2D"]
    assert ops_of(rewritten(beside("CONV_2D", before=[("MUL", [0.5, 1.1])]), *RULES)) == ["MUL", "CONV_2D"]
    assert ops_of(rewritten(beside("CONV_2D", after=[("MUL", [0, 1])]), *RULES)) == ["CONV_2D", "MUL"]


@pytest.mark.parametrize(
    ("size", "window", "stride", "pads", "is_folded"),
    [
        (5, 3, 1, (1, 1), True),
        (5, 3, 2, (1, 1), True),  # SAME of an odd size pads both alike
        (6, 3, 2, (1, 1), False),  # SAME pads behind only
        (6, 3, 2, (0, 1), True),
        (6, 4, 1, (1, 2), True),
        (6, 4, 1, (2, 1), False),
        (5, 5, 2, (2, 2), True),
        (5, 3, 1, (2, 2), False),  # gives more than SAME
        (6, 2, 2, (0, 1), True),  # no window reaches the zero
    ],
)
@pytest.mark.parametrize("kind", ["CONV_2D", "DEPTHWISE_CONV_2D"])
def test_padding_is_folded_where_same_pads_just_that(
    kind: str, size: int, window: int, stride: int, pads: tuple[int, int], is_folded: bool
) -> None:
    random = np.random.RandomState(1)
    full = size + sum(pads)
    given = (full - window) // stride + 1
    shape = (1, window, window, 2) if kind == "DEPTHWISE_CONV_2D" else (2, window, window, 2)
    tensors = [
        Tensor("x", [1, size, size, 2]),
        Tensor("pads", data=np.array([(0, 0), pads, pads, (0, 0)], np.int32)),
        Tensor("padded", [1, full, full, 2]),
        Tensor("w", data=random.normal(size=shape).astype(np.float32)),
        Tensor("b", data=random.normal(size=2).astype(np.float32)),
        Tensor("y", [1, given, given, 2]),
    ]
    options = {**WINDOW, "padding": VALID, "strideH": stride, "strideW": stride}
    if kind == "DEPTHWISE_CONV_2D":
        options["depthMultiplier"] = 1
    ops = [Op("PAD", ["x", "pads"], ["padded"]), Op(kind, ["padded", "w", "b"], ["y"], options)]
    result = rewritten(build_model(tensors, ops, ["x"], ["y"]), *RULES)
    assert ops_of(result) == ([kind] if is_folded else ["PAD", kind])
    assert [(found.name, found.difference) for found in result.rewrites] == ([("fold-pad", 0)] if is_folded else [])


@pytest.mark.parametrize(("turned", "flipped"), [(False, False), (False, True), (True, False)])
def test_a_product_with_a_constant_is_a_dense_layer_with_its_bias(turned: bool, flipped: bool) -> None:
    weights = np.arange(6, dtype=np.float32).reshape((2, 3) if flipped else (3, 2))
    tensors = [
        Tensor("x", [1, 4, 3]),
        Tensor("shape", data=np.array([4, 3, 1], np.int32)),
        Tensor("columns", [4, 3, 1]),
        Tensor("w", data=weights),
        Tensor("product", [4, 1, 2] if turned else [1, 4, 2]),
        Tensor("b", data=np.array([5, 6], np.float32)),
        Tensor("y", [4, 1, 2] if turned else [1, 4, 2]),
    ]
    ops = [
        *([Op("RESHAPE", ["x", "shape"], ["columns"], {"newShape": np.array([4, 3, 1], np.int32)})] if turned else []),
        Op("BATCH_MATMUL", ["columns" if turned else "x", "w"], ["product"], {"adjX": turned, "adjY": flipped}),
        Op("ADD", ["b", "product"], ["y"]),
        Op("RELU", ["y"], ["z"]),
    ]
    tensors.append(Tensor("z", tensors[-1].shape))
    result = rewritten(build_model(tensors, ops, ["x"], ["z"]), *RULES)
    assert ops_of(result) == [*(["RESHAPE"] if turned else []), "FULLY_CONNECTED RELU"]
    assert constants(result)["w/bias"] == [5, 6]


def test_hard_sigmoid_in_squeeze_and_excite_leaves_nothing_but_relu6() -> None:
    """SE as PyTorch's is converted: MUL by 1/6, ADD 1/2, RELU_0_TO_1, then the product and a convolution."""
    sixth, half = Tensor("s", data=np.array([1 / 6], np.float32)), Tensor("o", data=np.array([0.5], np.float32))
    random = np.random.RandomState(2)

    def weights(name: str) -> list[Tensor]:
        return [
            Tensor(f"{name}w", data=random.normal(size=(2, 1, 1, 2)).astype(np.float32)),
            Tensor(f"{name}b", data=random.normal(size=2).astype(np.float32)),
        ]

    tensors = [Tensor("x", [1, 3, 3, 2]), sixth, half, Tensor("axes", data=np.array([1, 2], np.int32))]
    tensors += [*weights("first"), *weights("last")]
    tensors += [Tensor(name, [1, 1, 1, 2]) for name in ("mean", "gate", "scaled", "shifted", "clamped")]
    tensors += [Tensor(name, [1, 3, 3, 2]) for name in ("product", "y")]
    options = {**WINDOW, "padding": VALID}
    ops = [
        Op("MEAN", ["x", "axes"], ["mean"], {"keepDims": True}),
        Op("CONV_2D", ["mean", "firstw", "firstb"], ["gate"], options),
        Op("MUL", ["gate", "s"], ["scaled"]),
        Op("ADD", ["scaled", "o"], ["shifted"]),
        Op("RELU_0_TO_1", ["shifted"], ["clamped"]),
        Op("MUL", ["x", "clamped"], ["product"]),
        Op("CONV_2D", ["product", "lastw", "lastb"], ["y"], options),
    ]
    result = rewritten(build_model(tensors, ops, ["x"], ["y"]), *RULES)
    assert ops_of(result) == ["MEAN", "CONV_2D RELU6", "MUL", "CONV_2D"]


def test_a_quotient_by_a_root_is_a_product() -> None:
    one = Tensor("one", data=np.ones(1, np.float32))
    tensors = [Tensor("x", [1, 4]), one, *(Tensor(name, [1, 4]) for name in ("a", "v", "r", "q", "y"))]
    ops = [Op("ABS", ["x"], ["a"]), Op("ADD", ["a", "one"], ["v"]), Op("SQRT", ["v"], ["r"])]
    plain = build_model(tensors, [*ops, Op("DIV", ["x", "r"], ["y"])], ["x"], ["y"])
    assert ops_of(rewritten(plain, *RULES)) == ["ABS", "ADD", "RSQRT", "MUL"]
    inverse = [*ops, Op("DIV", ["one", "r"], ["q"]), Op("MUL", ["x", "q"], ["y"])]
    assert ops_of(rewritten(build_model(tensors, inverse, ["x"], ["y"]), *RULES)) == ["ABS", "ADD", "RSQRT", "MUL"]
