"""Values of each activation are counted: of the input, of what lies between, of the output."""

from __future__ import annotations

import numpy as np
from tests.models import Op, Tensor, build_model

from quantci.quantize.calibrate import calibrate
from quantci.quantize.distributions import distributions, histogram, merged
from quantci.tflite.model import Model

SHAPE = [1, 2]
SAMPLES = [np.array([values], np.float32) for values in ([-4, 2], [4, 0], [1, -8])]


def clamped() -> Model:
    """`y` = relu(`x` + 1), and `y` of channel 1 stays small."""
    tensors = [
        Tensor("x", SHAPE),
        Tensor("one", data=np.ones(SHAPE, np.float32)),
        Tensor("sum", SHAPE),
        Tensor("y", SHAPE),
    ]
    ops = [Op("ADD", ["x", "one"], ["sum"], {"fusedActivationFunction": 0}), Op("RELU", ["sum"], ["y"])]
    return Model(build_model(tensors, ops, ["x"], ["y"]), "m")


def test_all_activations_are_counted() -> None:
    model = clamped()
    ranges = calibrate(model, SAMPLES)
    found = distributions(model, ranges, SAMPLES)
    by_name = {model.tensor_names[index]: entry for index, entry in found.items()}
    assert set(by_name) == {"x", "sum", "y"}
    assert (by_name["x"].low, by_name["x"].high) == (-8, 4)
    assert (by_name["sum"].low, by_name["sum"].high) == (-7, 5)
    assert [entry.counts.sum() for entry in by_name.values()] == [6, 6, 6]
    assert by_name["y"].counts[0] == 2  # -3 and -7
    assert by_name["x"].peaks.tolist() == [4, 8]
    assert by_name["y"].peaks.tolist() == [5, 3]


def test_parts_add_up_to_the_whole() -> None:
    model = clamped()
    ranges = calibrate(model, SAMPLES)
    whole = distributions(model, ranges, SAMPLES)
    joined = merged([distributions(model, ranges, part) for part in (SAMPLES[:1], SAMPLES[1:], [])])
    assert set(joined) == set(whole)
    for tensor, entry in whole.items():
        assert joined[tensor].counts.tolist() == entry.counts.tolist()
        assert joined[tensor].peaks.tolist() == entry.peaks.tolist()


def test_the_histogram_is_that_of_numpy() -> None:
    values = np.random.default_rng(1).integers(-1000, 1000, 5000).astype(np.float32) + np.float32(0.5)
    expected, _ = np.histogram(values, bins=500, range=(-1000, 1000))
    assert histogram(values, -1000, 1000, 500).tolist() == expected.tolist()
