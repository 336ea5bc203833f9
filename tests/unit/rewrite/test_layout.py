"""TRANSPOSE and RESHAPE are merged, cancelled, and taken through what lies between them."""

from __future__ import annotations

import numpy as np
import pytest
from tests.models import Op, build_model
from tests.unit.rewrite.random_graphs import Sketch
from tests.unit.rewrite.rewritten import ops_of, rewritten

from quantci.rewrite.layout import cancel_transposes
from quantci.rewrite.rule import ROUNDING, Rule

RULE = Rule("cancel-transposes", cancel_transposes, ROUNDING)
FIRST, LAST = [0, 3, 1, 2], [0, 2, 3, 1]  # to channels first, and back


def ops_after(m: Sketch, entry: str, *outputs: str) -> list[str]:
    return ops_of(rewritten(build_model(m.tensors, m.ops, [entry], [*outputs]), RULE))


def unary(m: Sketch, x: str) -> str:
    return m.op("LOGISTIC", [x], m.shape(x))


@pytest.mark.parametrize("between", ["unary", "channel", "scalar", "pad", "slice", "split", "gather", "mean", "prelu"])
def test_a_pair_cancels_through_what_cares_for_no_layout(between: str) -> None:
    m = Sketch(0)
    entry = m.tensor(1, 4, 5, 3)
    x = m.transpose(unary(m, entry), FIRST)  # [1, 3, 4, 5]
    if between == "unary":
        x = unary(m, x)
    elif between == "channel":
        x = m.op("MUL", [x, m.constant(np.arange(3).reshape(3, 1, 1))], m.shape(x))
    elif between == "scalar":
        x = m.op("MAXIMUM", [m.constant(0.25), x], m.shape(x))
    elif between == "pad":
        x = m.op("PAD", [x, m.constant([[0, 0], [1, 0], [0, 2], [3, 0]], np.int32)], [1, 4, 6, 8])
    elif between == "slice":
        x = m.op("SLICE", [x, m.constant([0, 1, 2, 0], np.int32), m.constant([1, 2, -1, 4], np.int32)], [1, 2, 2, 4])
    elif between == "split":
        parts = [m.tensor(1, 1, 4, 5) for _ in range(3)]
        m.ops.append(Op("SPLIT", [m.constant(1, np.int32), x], parts, {"numSplits": 3}))
        x = m.op("CONCATENATION", [parts[2], parts[0]], [1, 2, 4, 5], axis=-3)
    elif between == "gather":
        x = m.op("GATHER", [x, m.constant([2, 0], np.int32)], [1, 2, 4, 5], axis=1)
    elif between == "mean":
        x = m.op("MEAN", [x, m.constant([-1], np.int32)], [1, 3, 4, 1], keepDims=True)
    else:
        x = m.op("PRELU", [x, m.constant(np.array([0.1, 0.2, 0.3]).reshape(3, 1, 1))], m.shape(x))
    assert "TRANSPOSE" not in ops_after(m, entry, unary(m, m.transpose(x, LAST)))


def test_a_transpose_goes_into_the_axes_of_a_mean() -> None:
    m = Sketch(0)
    entry = m.tensor(1, 4, 5, 3)
    x = unary(m, m.transpose(entry, FIRST))
    assert ops_after(m, entry, m.op("MEAN", [x, m.constant([2, 3], np.int32)], [1, 3], keepDims=False)) == [
        "LOGISTIC",
        "MEAN",
    ]


def test_a_mean_that_would_give_its_axes_in_another_order_keeps_it() -> None:
    m = Sketch(0)
    entry = m.tensor(1, 4, 5, 3)
    x = m.transpose(entry, FIRST)  # the mean of the width leaves channels before rows
    assert ops_after(m, entry, m.op("MEAN", [x, m.constant([3], np.int32)], [1, 3, 4], keepDims=False)) == [
        "TRANSPOSE",
        "MEAN",
    ]


def test_both_operands_are_taken_along() -> None:
    """Squeeze and excite: the gate comes by a RESHAPE that moves axes of size 1 only."""
    m = Sketch(0)
    entry = m.tensor(1, 4, 5, 3)
    big = m.transpose(unary(m, entry), FIRST)
    small = m.op("MEAN", [entry, m.constant([1, 2], np.int32)], [1, 1, 1, 3], keepDims=True)
    product = m.op("MUL", [big, m.reshape(small, [1, 3, 1, 1])], [1, 3, 4, 5])
    assert ops_after(m, entry, unary(m, m.transpose(product, LAST))) == ["LOGISTIC", "MEAN", "MUL", "LOGISTIC"]


def test_a_one_dimensional_convolution_leaves_one_reshape() -> None:
    """From [1, 8, 3] by channels first to [1, 1, 8, 3], as converters write it."""
    m = Sketch(0)
    entry = m.tensor(1, 8, 3)
    x = m.transpose(m.reshape(m.transpose(entry, [0, 2, 1]), [1, 3, 1, 8]), LAST)
    assert ops_after(m, entry, unary(m, x)) == ["RESHAPE", "LOGISTIC"]


def test_a_chain_that_does_nothing_disappears_and_the_rest_stays_for_its_other_readers() -> None:
    m = Sketch(0)
    entry = m.tensor(1, 4, 5, 3)
    x = unary(m, entry)
    turned = m.transpose(x, FIRST)
    back = unary(m, m.transpose(turned, LAST))
    assert ops_after(m, entry, back, turned) == ["LOGISTIC", "TRANSPOSE", "LOGISTIC"]


def test_what_mixes_values_keeps_its_layout() -> None:
    m = Sketch(0)
    entry = m.tensor(1, 4, 6)
    x = m.op("SOFTMAX", [m.transpose(entry, [0, 2, 1])], [1, 6, 4], beta=1.0)
    assert ops_after(m, entry, m.transpose(x, [0, 2, 1])) == ["TRANSPOSE", "SOFTMAX", "TRANSPOSE"]
    m = Sketch(0)
    entry = m.tensor(1, 2, 6)
    x = m.reshape(m.transpose(entry, [0, 2, 1]), [1, 3, 4])  # joins what lies apart
    assert ops_after(m, entry, unary(m, x)) == ["TRANSPOSE", "RESHAPE", "LOGISTIC"]
