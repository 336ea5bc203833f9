"""What reaches the first layer, and what the INT8 model's input is given: by hand."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace
from tests.golden import example_quantize_record
from tests.known import known

from quantci.evaluate.input_values import look_at
from quantci.evaluate.reference import doubt_input, first_layer_range
from quantci.records.doubt import InputValues
from quantci.records.quantize import TensorRange

ORDINARY = InputValues(samples=100, values=1000, clipped=30, far_samples=3, low=-1.0, high=1.0)


def doubted(given: InputValues, low: float, high: float, *, is_doubted: bool = False) -> list[str]:
    layer = TensorRange(tensor=0, name="conv", min=low, max=high)
    doubts = doubt_input(given, layer, is_doubted=is_doubted)
    assert not any(doubt.forbids_pass for doubt in doubts)
    return [doubt.code for doubt in doubts]


def test_values_are_counted_against_the_range_of_the_integers() -> None:
    """Scale 0.1 and zero point -28 reach from -10.0 to 15.5: clearly outside is 1/32 of 25.5, far outside all of it."""
    rows = np.array([[-10.79, 0, 16.29], [-10.81, 0, 16.31], [-35.6, 0, 15.5], [41.1, 41.1, 15.5]], np.float32)
    found = look_at(rows, 0.1, -28, "int8")
    assert (found.samples, found.values, found.clipped, found.far_samples) == (4, 12, 5, 2)
    assert (found.low, found.high) == pytest.approx((-35.6, 41.1))
    assert look_at(rows[:1], 0.1, -28, "int8").clipped == 0
    assert look_at(rows[:1] + 10, 0.1, 100, "uint8").clipped == 1  # 26.29 is beyond 15.5


def test_counts_are_joined_whatever_the_order() -> None:
    one = InputValues(samples=1, values=2, clipped=1, far_samples=0, low=3.0, high=4.0)
    both = InputValues(samples=101, values=1002, clipped=31, far_samples=3, low=-1.0, high=4.0)
    assert one.joined(ORDINARY) == ORDINARY.joined(one) == both
    assert one.joined(InputValues()) == InputValues().joined(one) == one


def test_a_few_percent_are_no_doubt() -> None:
    assert doubted(ORDINARY, -1, 1) == []
    assert doubted(replace(ORDINARY, clipped=31), -1, 1) == ["clipped-input"]
    assert doubted(replace(ORDINARY, far_samples=4), -1, 1) == ["clipped-input"]
    assert doubted(InputValues(), -1, 1) == []


def test_what_hardly_differs_is_nearly_constant() -> None:
    """Twice x / 127.5 - 1 gives -1.008 to -0.992 behind the second."""
    assert doubted(ORDINARY, -1.008, -0.992) == ["constant-input"]
    assert doubted(ORDINARY, -1.008, -0.97) == []
    assert doubted(ORDINARY, 0, 0) == ["constant-input"]
    assert doubted(replace(ORDINARY, low=0.5, high=0.5), -1, 1) == ["constant-input"]
    assert doubted(InputValues(samples=1, values=1, low=0.5, high=0.5), -1, 1) == []  # of one value nothing is known


def test_small_values_are_doubted_where_the_answers_are() -> None:
    """Twice x / 255 gives 0 to 0.0039; a sensor may give as little, and its model answers rightly."""
    assert doubted(ORDINARY, 0, 0.0039, is_doubted=True) == ["constant-input"]
    assert doubted(ORDINARY, 0, 0.0039) == []
    assert doubted(ORDINARY, 0, 0.1, is_doubted=True) == []


def test_the_first_layer_is_the_first_with_weights() -> None:
    result = example_quantize_record().result
    assert result is not None
    place = known(result.float_model).ops[0].inputs[0]
    ranges = [TensorRange(tensor=place, name="image", min=0.0, max=255.0), *result.ranges]
    assert first_layer_range(replace(result, ranges=ranges)) == ranges[0]
    assert first_layer_range(replace(result, ranges=[])) is None
    pooling = replace(
        known(result.float_model), ops=[op for op in known(result.float_model).ops if not op.weight_bytes]
    )
    assert first_layer_range(replace(result, float_model=pooling, ranges=ranges)) is None
