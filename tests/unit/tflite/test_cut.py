"""A model that is cut off after an op has that op's outputs, and nothing that came behind it."""

from __future__ import annotations

import numpy as np
from tests.models import Op, Tensor, build_model

from quantci.tflite.cut import cut_after
from quantci.tflite.lite_rt import open_lite_rt
from quantci.tflite.model import Model


def two_paths() -> Model:
    """x -> a = -x; b = a + x; c = a * b. The negation's output is read twice, later."""
    tensors = [Tensor(name, [1, 3]) for name in "xabc"]
    ops = [Op("NEG", ["x"], ["a"]), Op("ADD", ["a", "one"], ["b"]), Op("MUL", ["a", "b"], ["c"])]
    one = Tensor("one", data=np.array([[1, 2, 3]], np.float32))
    return Model(build_model([*tensors, one], ops, ["x"], ["c"]), "two_paths.tflite")


def outputs_of(model: Model) -> list[list[float]]:
    runner = open_lite_rt(model, kernels="reference")
    return [output.reshape(-1).tolist() for output in runner.run([np.array([[1, 2, 4]], np.float32)])]


def test_each_op_gives_what_it_gives_in_the_whole() -> None:
    model = two_paths()
    assert outputs_of(cut_after(model, 0)) == [[-1, -2, -4]]
    assert outputs_of(cut_after(model, 1)) == [[0, 0, -1]]
    assert outputs_of(cut_after(model, 2)) == outputs_of(model) == [[0, 0, 4]]


def test_what_came_behind_is_gone() -> None:
    cut = cut_after(two_paths(), 0).summary
    assert [op.op for op in cut.ops] == ["NEG"]
    assert [tensor.name for tensor in cut.tensors] == ["x", "a"]
    assert [tensor.name for tensor in cut.outputs] == ["a"]
