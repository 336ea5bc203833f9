"""INT8 .tflite files of networks that are written as quantci.chip.latency.layers reads them."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
from tests.models import SAME, VALID, Op, Tensor, build_model

from quantci.chip.latency.data import published_figures
from quantci.chip.latency.layers import parse_layers
from quantci.chip.op import Op as Layer

_WEIGHTED = {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"}


def network(first_input: str, lines: Sequence[str]) -> bytes:
    """A chain of layers, with a RESHAPE in front of a `dense`.

    Args:
        first_input: height x width x channels.
        lines: one layer each, none of them with an input of its own.
    """
    layers = parse_layers(first_input, lines)
    tensors, ops = [_activation("in", _given(layers[0], 0))], []
    last = "in"
    for number, layer in enumerate(layers):
        name = f"{number}"
        here = _given(layer, 0) if layer.name != "SOFTMAX" else tuple(tensors[-1].shape)  # as the layer before gives it
        if here != tuple(tensors[-1].shape):
            tensors.append(_activation(f"{name}/flat", _given(layer, 0)))
            ops.append(Op("RESHAPE", [last], [f"{name}/flat"], {"newShape": np.array(_given(layer, 0), np.int32)}))
            last = f"{name}/flat"
        inputs = [last]
        if layer.name in _WEIGHTED:
            tensors.append(Tensor(f"{name}/weights", data=np.ones(_given(layer, 1), np.int8), scale=0.01))
            tensors.append(Tensor(f"{name}/bias", data=np.zeros(_output(layer)[-1], np.int32), scale=0.0005))
            inputs += [f"{name}/weights", f"{name}/bias"]
        tensors.append(_activation(name, here if layer.name == "SOFTMAX" else _output(layer)))
        ops.append(Op(layer.name, inputs, [name], _options(layer)))
        last = name
    return build_model(tensors, ops, ["in"], [last])


def published_network(name: str) -> bytes:
    """A network of the published figures, by the beginning of its name."""
    figure = next(figure for figure in published_figures().figures if figure.name.startswith(name))
    return network(figure.input, [line for line in figure.layers if line != "x"])


def _given(layer: Layer, position: int) -> tuple[int, ...]:
    tensor = layer.input(position)
    assert tensor is not None
    return tensor.shape


def _output(layer: Layer) -> tuple[int, ...]:
    shape = layer.outputs[0].shape
    return (1, prod(shape)) if layer.name == "FULLY_CONNECTED" else shape


def _activation(name: str, shape: tuple[int, ...]) -> Tensor:
    return Tensor(name, list(shape), "int8", scale=0.05)


def _options(layer: Layer) -> dict[str, int | float]:
    slide = layer.slide
    if slide is None:
        return {"beta": 1.0} if layer.name == "SOFTMAX" else {}
    (width, height), pool = slide.stride, slide.pool
    options = {"padding": SAME if slide.is_same else VALID, "strideH": height, "strideW": width}
    if layer.name.endswith("POOL_2D"):
        return {**options, "filterHeight": pool[1], "filterWidth": pool[0]}
    if layer.name == "DEPTHWISE_CONV_2D":
        options["depthMultiplier"] = slide.multiplier
    return {**options, "dilationHFactor": 1, "dilationWFactor": 1}
