"""Both sides of a RELU6 on its own get one range."""

from __future__ import annotations

from tests.models import Op, Tensor, build_model

from quantci.quantize.same_range import same_range
from quantci.quantize.step import Statistics
from quantci.records.quantize import TensorRange
from quantci.tflite.model import Model

SHAPE = [1, 4, 4, 2]


def test_what_clamps_gets_the_range_of_its_input() -> None:
    tensors = [Tensor(name, SHAPE) for name in ("x", "y", "z", "zz")]
    ops = [
        Op("ADD", ["x", "x"], ["y"], {"fusedActivationFunction": 0}),
        Op("RELU6", ["y"], ["z"]),
        Op("RELU6", ["z"], ["zz"]),
    ]
    model = Model(build_model(tensors, ops, ["x"], ["y", "zz"]), "")
    ranges = [
        TensorRange(tensor=index, name=name, min=low, max=high)
        for index, name, low, high in ((0, "x", -4, 4), (1, "y", -8, 8), (2, "z", 0, 6), (3, "zz", 0, 6))
    ]
    after, rewrites = same_range(Statistics(model, ranges))
    assert [(entry.min, entry.max) for entry in after] == [(-4, 4), (-8, 8), (-8, 8), (-8, 8)]
    assert [(rewrite.name, rewrite.layers) for rewrite in rewrites] == [("same-range", ["z", "zz"])]
    assert same_range(Statistics(model, after)) == (after, [])
