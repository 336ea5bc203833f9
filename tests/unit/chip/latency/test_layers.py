"""Layers from words, and the networks that they describe: multiply-accumulates as their authors count them."""

from __future__ import annotations

import pytest
from tests.unit.chip.layers import shapes

from quantci.chip.latency.data import published_figures
from quantci.chip.latency.layers import parse_layers
from quantci.tflite.macs import count_macs


def test_each_layer_takes_the_output_before_it() -> None:
    layers = parse_layers(
        "9x9x3", ["conv 8 3x3/2", "depthwise 3x3 x2 valid", "5x5x8: conv 4 1x1", "add", "avg_pool 5x5 valid", "dense 2"]
    )
    assert [(layer.name, layer.outputs[0].shape) for layer in layers] == [
        ("CONV_2D", (1, 5, 5, 8)),
        ("DEPTHWISE_CONV_2D", (1, 3, 3, 16)),
        ("CONV_2D", (1, 5, 5, 4)),
        ("ADD", (1, 5, 5, 4)),
        ("AVERAGE_POOL_2D", (1, 1, 1, 4)),
        ("FULLY_CONNECTED", (1, 1, 1, 2)),
    ]
    first, second, pool = layers[0].window, layers[1].window, layers[4].window
    assert first is not None
    assert second is not None
    assert pool is not None
    assert (first.input, first.channels, first.filter, first.stride) == ((9, 9), 3, (3, 3), (2, 2))
    assert (first.leading, second.leading, second.multiplier) == ((1, 1), (0, 0), 2)
    assert pool.filter == (5, 5)
    assert {tensor.dtype for layer in layers for tensor in layer.tensors} == {"int8"}


@pytest.mark.parametrize("line", ["konv 8 3x3", "conv 8 3", "conv x 3x3"])
def test_unknown_words_are_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"layer|window|invalid literal"):
        parse_layers("8x8x3", [line])


@pytest.mark.parametrize(
    ("name", "macs"),
    [
        ("MLPerf Tiny keyword spotting (DS-CNN)", 2_656_768),
        ("MLPerf Tiny image classification (ResNet8)", 12_501_632),
        ("MLPerf Tiny visual wake words (MobileNetV1 0.25, 96x96x3)", 7_489_664),
        ("MobileNetV3-Small (224x224x3)", 56_510_400),
        ("DeepPicar (PilotNet, 160x66x3), ESP-IDF", 21_025_302),
    ],
)
def test_networks_are_the_published_ones(name: str, macs: int) -> None:
    figure = next(figure for figure in published_figures().figures if figure.name == name)
    layers = parse_layers(figure.input, figure.layers)
    assert sum(count_macs(layer.name, shapes(layer.inputs), shapes(layer.outputs)) or 0 for layer in layers) == macs


def test_deeppicar_has_the_parameters_that_its_authors_state() -> None:
    figure = next(figure for figure in published_figures().figures if figure.name.startswith("DeepPicar"))
    weights = [shapes(layer.inputs)[1] for layer in parse_layers(figure.input, figure.layers)]
    parameters = sum(shape[0] * (1 if len(shape) == 1 else _product(shape[1:])) + shape[0] for shape in weights)
    assert parameters == 220_219


def _product(shape: tuple[int, ...]) -> int:
    product = 1
    for size in shape:
        product *= size
    return product
