"""Both equalisations on numbers worked out by hand; the function stays what it was, through everything in between."""

from collections.abc import Callable

import numpy as np
import pytest
from tests.unit.quantize.transforms.nets import (
    RELU6,
    chain,
    dense,
    forked,
    outputs_of,
    pooled,
    statistics_for,
    weights_of,
)

from quantci.quantize.step import Statistics, Transformed
from quantci.quantize.transforms.activation_aware import equalize_activations
from quantci.quantize.transforms.cross_layer import equalize_layers
from quantci.quantize.transforms.pairs import find_pairs, in_the_way
from quantci.tflite.model import Model

BOTH = pytest.mark.parametrize("transform", [equalize_layers, equalize_activations])


def names(model: Model) -> list[tuple[str, str]]:
    return [(model.tensor_names[pair.first], model.tensor_names[pair.second]) for pair in find_pairs(model.tree)]


def test_cross_layer_by_hand() -> None:
    # Channel 0: weights reach 8 before and 2 behind, so 4 = sqrt(8 * 2) on both sides. Channel 1: 1 and 9, so 3.
    model = equalize_layers(statistics_for(dense([[8, -4], [0.5, 1]], [2, 3], [[2, 9], [-1, 3]]))).float_model
    assert weights_of(model, "first/weights") == pytest.approx(np.array([[4, -2], [1.5, 3]]))
    assert weights_of(model, "first/bias") == pytest.approx(np.array([1, 9]))
    assert weights_of(model, "second/weights") == pytest.approx(np.array([[4, 3], [-2, 1]]))


def test_a_dead_channel_stays() -> None:
    model = equalize_layers(statistics_for(dense([[8, 0], [0, 0]], [0, 0], [[2, 5]]))).float_model
    assert weights_of(model, "second/weights") == pytest.approx(np.array([[4, 5]]))


def test_activation_aware_by_hand() -> None:
    model = dense(np.diag([1, 1]), [0, 0], [[4, 1]])
    statistics = statistics_for(model)
    first = next(index for index, name in enumerate(model.tensor_names) if name == "first")
    observed = dict(statistics.observe())
    observed[first] = observed[first]._replace(peaks=np.array([64, 0.25], np.float32))
    # Channel 0: 64 against 4, so it is divided by sqrt(16); channel 1: 0.25 against 1, by sqrt(0.25).
    found = equalize_activations(statistics._replace(observe=lambda: observed)).float_model
    assert weights_of(found, "first/weights") == pytest.approx(np.diag([0.25, 2]))
    assert weights_of(found, "second/weights") == pytest.approx(np.array([[16, 0.5]]))


@BOTH
def test_the_function_stays(transform: Callable[[Statistics], Transformed]) -> None:
    model = chain()
    transformed = transform(statistics_for(model))
    assert transformed.origins is None
    assert transformed.float_model.data != model.data
    assert outputs_of(transformed.float_model) == pytest.approx(outputs_of(model), rel=1e-4, abs=1e-4)


def test_pairs_go_through_pad_relu_pool_and_reshape() -> None:
    expected = [("a/w", "b/w"), ("b/w", "c/w"), ("c/w", "d/w"), ("d/w", "e/w"), ("e/w", "f/w")]
    assert names(chain()) == expected


def test_pairs_go_through_mean_over_places_only() -> None:
    assert names(pooled((1, 2))) == [("a/w", "c/w")]
    assert names(pooled((2,))) == [("a/w", "c/w")]
    assert names(pooled((2, 3))) == []


@BOTH
@pytest.mark.parametrize("model", [forked(), dense([[1, 2]], [0], [[3]], RELU6)], ids=["hard-swish and add", "relu6"])
def test_what_does_not_scale_is_not_crossed(transform: Callable[[Statistics], Transformed], model: Model) -> None:
    transformed = transform(statistics_for(model))
    assert transformed.float_model is model
    assert list(transformed.origins or []) == list(range(len(model.tensor_names)))


@BOTH
@pytest.mark.parametrize("axes", [(1, 2), (2,)])
def test_the_function_stays_through_mean(transform: Callable[[Statistics], Transformed], axes: tuple[int, ...]) -> None:
    model = pooled(axes)
    assert outputs_of(transform(statistics_for(model)).float_model) == pytest.approx(
        outputs_of(model), rel=1e-4, abs=1e-4
    )


def test_what_stands_in_the_way_is_named() -> None:
    assert list(in_the_way(dense([[1]], [0], [[1]], RELU6).tree)) == ["RELU6"]
    assert list(in_the_way(dense([[1]], [0], [[1]]).tree)) == []
    assert list(in_the_way(forked().tree)) == ["HARD_SWISH", "ADD"]
