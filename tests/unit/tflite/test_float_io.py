"""Where an INT8 model takes or gives floats, and what in it computes with them."""

from __future__ import annotations

import pytest
from tests.models import Op, Tensor, build_model, tiny_float_cnn, tiny_int8_cnn

from quantci.records.model import ModelSummary
from quantci.tflite.float_io import computes_in_float, integers_given, integers_taken
from quantci.tflite.model import Model


def summary(*ops: Op, extra: tuple[Tensor, ...] = ()) -> ModelSummary:
    """x, floats -> ... -> y, floats."""
    integers = [Tensor(name, [1, 4], "int8", scale=scale, zero_point=3) for name, scale in (("a", 0.1), ("b", 0.2))]
    tensors = [Tensor("x", [1, 4]), *integers, *extra, Tensor("y", [1, 4])]
    return Model(build_model(tensors, list(ops), ["x"], ["y"]), "m").summary


WRAPPED = summary(Op("QUANTIZE", ["x"], ["a"]), Op("RELU", ["a"], ["b"]), Op("DEQUANTIZE", ["b"], ["y"]))


def test_the_integers_are_those_beside_quantize_and_dequantize() -> None:
    taken, given = integers_taken(WRAPPED, WRAPPED.inputs[0]), integers_given(WRAPPED, WRAPPED.outputs[0])
    assert taken is not None
    assert given is not None
    assert (taken.name, given.name) == ("a", "b")
    assert given.scale == pytest.approx([0.2])
    assert computes_in_float(WRAPPED) == []


def test_integers_are_themselves() -> None:
    whole = Model(tiny_int8_cnn(), "m").summary
    assert integers_taken(whole, whole.inputs[0]) is whole.inputs[0]
    assert integers_given(whole, whole.outputs[0]) is whole.outputs[0]


def test_a_float_head_gives_no_integers_and_computes_in_float() -> None:
    head = summary(
        Op("QUANTIZE", ["x"], ["a"]),
        Op("RELU", ["a"], ["b"]),
        Op("DEQUANTIZE", ["b"], ["c"]),
        Op("ELU", ["c"], ["y"]),
        extra=(Tensor("c", [1, 4]),),
    )
    assert integers_given(head, head.outputs[0]) is None
    assert [op.op for op in computes_in_float(head)] == ["DEQUANTIZE", "ELU"]


def test_a_float_model_takes_no_integers() -> None:
    whole = Model(tiny_float_cnn(0), "m").summary
    assert integers_taken(whole, whole.inputs[0]) is None
    assert len(computes_in_float(whole)) == len(whole.ops)
