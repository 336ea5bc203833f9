"""Pairs are made where everything agrees, and never otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from msgspec.structs import replace
from tests.models import Op, Tensor, build_model, tiny_float_cnn

from quantci.diagnose.match import Pair, match
from quantci.tflite.model import Model

if TYPE_CHECKING:
    from quantci.records.model import ModelSummary


def floats(*names: str, order: tuple[int, int] = (0, 1)) -> ModelSummary:
    """Two RELUs of one input, and their sum; `names` are the outputs' of the RELUs."""
    first, second = names
    tensors = [Tensor("x", [1, 4]), Tensor(first, [1, 4]), Tensor(second, [1, 4]), Tensor("sum", [1, 4])]
    relus = [Op("RELU", ["x"], [first]), Op("RELU", ["x"], [second])]
    ops = [relus[order[0]], relus[order[1]], Op("ADD", [first, second], ["sum"])]
    return Model(build_model(tensors, ops, ["x"], ["sum"]), "float").summary


def integers(*names: str, rescaled: bool = False, swapped: bool = False) -> ModelSummary:
    """The same in INT8, with a QUANTIZE before the sum if `rescaled`."""
    first, second = names

    def tensor(name: str) -> Tensor:
        return Tensor(name, [1, 4], "int8", scale=0.1, zero_point=3)

    tensors = [tensor("x"), tensor(first), tensor(second), tensor("sum"), tensor("again")]
    operands = ["again" if rescaled else first, second]
    ops = [Op("RELU", ["x"], [first]), Op("RELU", ["x"], [second])]
    ops += [Op("QUANTIZE", [first], ["again"])] if rescaled else []
    ops += [Op("ADD", operands[::-1] if swapped else operands, ["sum"])]
    return Model(build_model(tensors, ops, ["x"], ["sum"]), "int8").summary


def names_of(model: ModelSummary) -> list[str]:
    return [tensor.name for tensor in model.tensors]


def test_by_name_also_where_the_order_is_another() -> None:
    quantized = integers("a", "b")
    found = match(floats("a", "b", order=(1, 0)), quantized, names_of(quantized))
    assert found.pairs == [Pair(None, None, 0, 0), Pair(0, 1, 1, 1), Pair(1, 0, 2, 2), Pair(2, 2, 3, 3)]
    assert not found.unmatched


def test_by_place_where_names_were_lost_or_are_not_unique() -> None:
    for model in (integers("a", "b"), integers("same", "same2")):
        for names in ([""] * 5, ["x", "same", "same", "sum", "again"]):
            found = match(floats("a", "b"), model, names)
            assert [pair.float_op for pair in found.pairs] == [None, 0, 1, 2]


def test_a_rescaling_op_is_a_layer_of_its_own() -> None:
    quantized = integers("a", "b", rescaled=True)
    found = match(floats("a", "b"), quantized, [""] * 5)
    assert Pair(2, None, 4, 1) in found.pairs, "it stands for what it takes"
    assert found.pairs[-1] == Pair(3, 2, 3, 3)


def test_operands_that_are_swapped_are_no_pair() -> None:
    quantized = integers("a", "b", swapped=True)
    found = match(floats("a", "b"), quantized, names_of(quantized))
    assert found.unmatched == [3]


def test_another_shape_is_no_pair() -> None:
    quantized = integers("a", "b")
    tensors = list(quantized.tensors)
    tensors[3] = replace(tensors[3], shape=[4])
    quantized = replace(quantized, tensors=tensors)
    found = match(floats("a", "b"), quantized, names_of(quantized))
    assert found.unmatched == [3]
    assert [pair.tensor for pair in found.pairs] == [0, 1, 2]


def test_another_op_of_the_same_name_is_no_pair() -> None:
    tensors = [Tensor(name, [1, 4], "int8", scale=0.1) for name in ("x", "a", "b", "sum")]
    ops = [Op("LOGISTIC", ["x"], ["a"]), Op("RELU", ["x"], ["b"]), Op("ADD", ["a", "b"], ["sum"])]
    quantized = Model(build_model(tensors, ops, ["x"], ["sum"]), "int8").summary
    found = match(floats("a", "b"), quantized, names_of(quantized))
    assert found.unmatched == [1]
    assert found.pairs[-1] == Pair(2, 2, 3, 3), "the names of what follows still tell"


def test_what_was_folded_into_constants_is_no_pair() -> None:
    tensors = [Tensor(name, [1, 4], "int8", scale=0.1) for name in ("x", "a", "sum")]
    tensors.append(Tensor("b", data=np.zeros((1, 4), np.int8), scale=0.1))
    ops = [Op("RELU", ["x"], ["a"]), Op("ADD", ["a", "b"], ["sum"])]
    quantized = Model(build_model(tensors, ops, ["x"], ["sum"]), "int8").summary
    assert match(floats("a", "b"), quantized, names_of(quantized)).unmatched == [2]


def test_floats_and_types_without_a_scale_are_not_compared() -> None:
    model = Model(tiny_float_cnn(0), "m").summary
    found = match(model, model, names_of(model))
    assert (found.pairs, found.unmatched) == ([], [])


@pytest.mark.parametrize("names", [[], ["x"]])
def test_a_list_of_names_that_is_too_short_costs_only_the_names(names: list[str]) -> None:
    assert len(match(floats("a", "b"), integers("a", "b"), names).pairs) == 4
