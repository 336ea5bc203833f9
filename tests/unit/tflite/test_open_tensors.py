"""A size is open where an input leaves it open or the model computes it, whatever a signature inside says."""

from __future__ import annotations

import numpy as np
import pytest
from tests.models import Op, Tensor, build_model, graph_of

from quantci.errors import ModelRejected
from quantci.tflite.integer_only import check_integer_only
from quantci.tflite.model import Model


def ints(name: str, *values: int) -> Tensor:
    return Tensor(name, data=np.array(values, np.int32))


def i8(name: str, shape: list[int], signature: list[int] | None = None) -> Tensor:
    return Tensor(name, shape, "int8", scale=0.1, signature=signature)


def open_ones(model: bytes) -> list[str]:
    """By the summary, which must agree with the view of the chip."""
    found = Model(model, "m").summary.dynamic_tensors
    assert [tensor.name for tensor in graph_of(model).tensors if tensor.is_open] == found
    return found


def time_major(signature: list[int] | None) -> bytes:
    """x [1, 2, 3], transposed and negated: an open batch stands in the middle."""
    tensors = [i8("x", [1, 2, 3], signature), ints("order", 1, 0, 2)]
    tensors += [i8("time_major", [2, 1, 3], [2, -1, 3]), i8("y", [2, 1, 3], [2, -1, 3])]
    ops = [Op("TRANSPOSE", ["x", "order"], ["time_major"]), Op("RELU", ["time_major"], ["y"])]
    return build_model(tensors, ops, ["x"], ["y"])


@pytest.mark.parametrize("signature", [None, [-1, 2, 3]])
def test_inside_the_shape_counts(signature: list[int] | None) -> None:
    model = Model(time_major(signature), "m")
    assert open_ones(model.data) == []
    assert [tensor.shape for tensor in model.summary.tensors] == [[1, 2, 3], [3], [2, 1, 3], [2, 1, 3]]
    check_integer_only(model, frozenset())


def test_what_follows_from_an_open_input_is_open() -> None:
    assert open_ones(time_major([1, 2, -1])) == ["x", "time_major", "y"]


def test_a_size_that_is_computed_is_open_and_what_follows_from_it() -> None:
    tensors = [i8("x", [1, 4]), Tensor("begin", [2], "int32"), ints("size", 1, -1)]
    tensors += [i8("part", [1, 1], [1, -1]), i8("y", [1, 1], [1, -1])]
    ops = [Op("SLICE", ["x", "begin", "size"], ["part"]), Op("RELU", ["part"], ["y"])]
    model = build_model(tensors, ops, ["x", "begin"], ["y"])
    assert open_ones(model) == ["part", "y"]
    with pytest.raises(ModelRejected, match=r"shape of part, y is not fixed.*\[dynamic-shape\]"):
        check_integer_only(Model(model, "m"), frozenset())


def test_a_reshape_states_its_shape() -> None:
    tensors = [i8("x", [1, 4]), Tensor("new", [2], "int32"), i8("y", [2, 2], [2, -1])]
    assert open_ones(build_model(tensors, [Op("RESHAPE", ["x", "new"], ["y"])], ["x", "new"], ["y"])) == []


def test_nobody_knows_what_a_custom_op_gives() -> None:
    tensors = [i8("x", [1, 4]), i8("y", [1, 4], [1, -1])]
    assert open_ones(build_model(tensors, [Op("Mine", ["x"], ["y"])], ["x"], ["y"])) == ["y"]


def test_shapes_inside_that_contradict_each_other_are_refused() -> None:
    tensors = [i8("x", [1, 4]), i8("y", [1, 3], [1, -1])]
    with pytest.raises(ModelRejected, match=r"RELU.*do not fit together.*\[dynamic-shape\]"):
        Model(build_model(tensors, [Op("RELU", ["x"], ["y"])], ["x"], ["y"]), "m").summary  # noqa: B018
