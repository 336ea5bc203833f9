"""Activations that vanish: which do, what range they get, and when nothing of the input reaches the output."""

from __future__ import annotations

import numpy as np
import pytest
from tests.models import Op, Tensor, build_model

from quantci.quantize.spread import doubt_vanishing, vanishes, widen_vanishing
from quantci.quantize.step import Statistics
from quantci.records.quantize import TensorRange
from quantci.tflite.model import Model

PLACES = {"x": 0, "left": 1, "right": 2, "y": 3}


def statistics(**ranges: tuple[float, float]) -> Statistics:
    """x -> RELU -> left, x -> TANH -> right, left + right -> y."""
    shape = [1, 4]
    tensors = [Tensor(name, shape) for name in PLACES]
    ops = [Op("RELU", ["x"], ["left"]), Op("TANH", ["x"], ["right"]), Op("ADD", ["left", "right"], ["y"])]
    model = Model(build_model(tensors, ops, ["x"], ["y"]), "m")
    usual = dict.fromkeys(PLACES, (-1.0, 1.0)) | ranges
    return Statistics(
        model, [TensorRange(tensor=PLACES[name], name=name, min=low, max=high) for name, (low, high) in usual.items()]
    )


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.0, float(np.finfo(np.float32).tiny), (0, 1)),  # what LiteRT's calibrator says of nothing but zeros
        (0.0, 0.0, (0, 1)),
        (-1e-12, 0.0, (-1, 0)),
        (-1e-12, 1e-15, (-1, 1)),
        (3e-12, 3e-12, (0, 1)),
        (-1e-6, 1e-6, None),
        (0.5, 0.5, None),
        (0.0, 2e-9, None),
    ],
)
def test_what_vanishes_gets_an_ordinary_range_of_the_same_signs(
    low: float, high: float, expected: tuple[float, float] | None
) -> None:
    given = statistics(left=(low, high))
    (found,) = (entry for entry in widen_vanishing(given).ranges if entry.name == "left")
    assert (found.min, found.max) == (expected or (low, high))
    assert vanishes(given.ranges[1]) is (expected is not None)


@pytest.mark.parametrize(
    ("dead", "forbids"),
    [(["left"], False), (["right"], False), (["left", "right"], True), (["y"], True), (["left", "y"], True)],
)
def test_a_doubt_forbids_a_pass_where_no_way_leads_around_what_vanishes(dead: list[str], forbids: bool) -> None:
    (doubt,) = doubt_vanishing(statistics(**dict.fromkeys(dead, (0.0, 1e-20))))
    assert doubt.forbids_pass is forbids
    assert f"({len(dead)}): {', '.join(dead)}" in doubt.text
    assert ("output does not depend on its input" in doubt.text) is forbids


def test_nothing_is_said_of_a_model_that_lives() -> None:
    assert doubt_vanishing(statistics()) == []
    assert widen_vanishing(statistics()).ranges == statistics().ranges
