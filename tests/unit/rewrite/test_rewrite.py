"""The rewrites are applied until none changes anything; one that is not proved is given up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from tests.models import Op, Tensor, build_model, build_tree, pack_tree, tiny_float_cnn
from tests.unit.rewrite.rewritten import CHIP, ops_of, rewritten, samples_for

from quantci.rewrite.rewrite import rewrite
from quantci.rewrite.rule import EXACT, Rule
from quantci.rewrite.rules import RULES
from quantci.tflite.model import Model

if TYPE_CHECKING:
    from quantci.rewrite.draft import Draft

SHAPE = [1, 4]


def clamped() -> bytes:
    """RELU6(x + 1) in two ops."""
    tensors = [
        Tensor("x", SHAPE),
        Tensor("c", data=np.ones((1, 4), np.float32)),
        Tensor("y", SHAPE),
        Tensor("z", SHAPE),
    ]
    return build_model(tensors, [Op("ADD", ["x", "c"], ["y"]), Op("RELU6", ["y"], ["z"])], ["x"], ["z"])


def negate(draft: Draft) -> list[str]:
    """Wrong: ABS for RELU6."""
    found = [op for op in draft.ops if draft.kind(op) == "RELU6"]
    for op in found:
        draft.put(op, "ABS", [int(index) for index in op.inputs], int(op.outputs[0]))
        draft.remove(op)
    return ["z"] if found else []


def break_it(draft: Draft) -> list[str]:
    """Changes the draft, and meets something that it did not expect."""
    draft.ops.clear()
    raise IndexError


def test_what_is_not_proved_is_given_up_and_said() -> None:
    model = Model(clamped(), "model.tflite")
    samples = samples_for(model)
    wrong = (Rule("wrong", negate, EXACT), Rule("broken", break_it, EXACT))
    alone = rewrite(model, lambda: samples, CHIP, wrong)
    assert (alone.model, alone.rewrites, alone.origins) == (model, [], [0, 1, 2, 3])
    assert [advice.code for advice in alone.advice] == ["rewrite-given-up"]
    assert alone.advice[0].text.startswith("The rewrite wrong (first at `z`) was given up: the float outputs differ")
    both = rewrite(model, lambda: samples, CHIP, (*wrong, *RULES))
    assert [found.name for found in both.rewrites] == ["fuse-activation"]
    assert len(both.advice) == 1


def test_nothing_is_rewritten_without_a_sample_to_prove_it_on() -> None:
    result = rewrite(Model(clamped(), "model.tflite"), list, CHIP)
    assert (result.model.data, result.rewrites, result.advice) == (clamped(), [], [])


def test_samples_are_asked_for_only_where_there_is_something_to_prove() -> None:
    def fail() -> list[np.ndarray]:
        raise AssertionError

    model = Model(tiny_float_cnn(0), "model.tflite")
    assert rewrite(model, fail, CHIP).model is model


def test_one_rewrite_makes_room_for_the_next() -> None:
    shape = Tensor("shape", data=np.array(SHAPE, np.int32))
    one = Tensor("one", data=np.ones(1, np.float32))
    tensors = [Tensor("x", SHAPE), shape, one, *(Tensor(name, SHAPE) for name in "abcdz"), Tensor("dead", SHAPE)]
    ops = [
        Op("ADD", ["x", "x"], ["a"]),
        Op("RESHAPE", ["a", "shape"], ["b"]),
        Op("MUL", ["b", "one"], ["c"]),
        Op("RELU", ["c"], ["d"]),
        Op("RELU6", ["d"], ["z"]),
        Op("ABS", ["x"], ["dead"]),
    ]
    result = rewritten(build_model(tensors, ops, ["x"], ["z"]), *RULES)
    assert ops_of(result) == ["ADD RELU6"]
    assert result.model.tensor_names == ["x", "z"]
    assert result.origins == [0, 7]
    assert [(found.name, found.layers) for found in result.rewrites] == [
        ("drop-dead", ["dead"]),
        ("drop-idle", ["b", "c"]),
        ("fuse-activation", ["d", "z"]),
    ]
    assert sum(found.ops_saved for found in result.rewrites) == 5


def test_an_idle_op_before_an_output_leaves_the_output_its_name() -> None:
    one = Tensor("one", data=np.ones(1, np.float32))
    tensors = [Tensor("x", SHAPE), one, *(Tensor(name, SHAPE) for name in "abz")]
    ops = [Op("ABS", ["x"], ["a"]), Op("MUL", ["a", "one"], ["z"]), Op("NEG", ["a"], ["b"])]
    result = rewritten(build_model(tensors, ops, ["x"], ["z", "b"]), *RULES)
    assert ops_of(result) == ["ABS", "NEG"]
    assert [tensor.name for tensor in result.model.summary.outputs] == ["z", "b"]
    stays = rewritten(build_model(tensors[:2] + tensors[-1:], [Op("MUL", ["x", "one"], ["z"])], ["x"], ["z"]), *RULES)
    assert ops_of(stays) == ["MUL"], "an input is no output"


def test_operator_codes_and_tensors_that_nothing_uses_are_dropped() -> None:
    tree = build_tree([Tensor("x", SHAPE), Tensor("y", SHAPE)], [Op("ABS", ["x"], ["y"])], ["x"], ["y"])
    other = build_tree([Tensor("x", SHAPE), Tensor("y", SHAPE)], [Op("NEG", ["x"], ["y"])], ["x"], ["y"])
    tree.operatorCodes = [*other.operatorCodes, *tree.operatorCodes]
    tree.subgraphs[0].operators[0].opcodeIndex = 1
    result = rewritten(pack_tree(tree), *RULES)
    assert len(result.model.tree.operatorCodes) == 1
    assert [(found.name, found.layers, found.ops_saved) for found in result.rewrites] == [("drop-dead", [""], 0)]
