"""INT8 .tflite files of networks that are written as quantci.target.latency_layers reads them."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
from tests.models import SAME, VALID, Op, Tensor, build_model

from quantci.target.latency_data import published
from quantci.target.latency_layers import parse_layers
from quantci.target.layer import Layer

_WEIGHTED = {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"}


def network(first_input: str, lines: Sequence[str]) -> bytes:
    """A chain of layers, with a RESHAPE in front of a `dense`.

    Args:
        first_input: height x width x channels.
        lines: one layer each, none of them with an input of its own.
    """
    layers = parse_layers(first_input, lines)
    tensors, ops = [_activation("in", layers[0].inputs[0])], []
    last = "in"
    for number, layer in enumerate(layers):
        name = f"{number}"
        here = layer.inputs[0] if layer.op != "SOFTMAX" else tuple(tensors[-1].shape)  # as the layer before gives it
        if here != tuple(tensors[-1].shape):
            tensors.append(_activation(f"{name}/flat", layer.inputs[0]))
            ops.append(Op("RESHAPE", [last], [f"{name}/flat"], {"newShape": np.array(layer.inputs[0], np.int32)}))
            last = f"{name}/flat"
        inputs = [last]
        if layer.op in _WEIGHTED:
            tensors.append(Tensor(f"{name}/weights", data=np.ones(layer.inputs[1], np.int8), scale=0.01))
            tensors.append(Tensor(f"{name}/bias", data=np.zeros(_output(layer)[-1], np.int32), scale=0.0005))
            inputs += [f"{name}/weights", f"{name}/bias"]
        tensors.append(_activation(name, here if layer.op == "SOFTMAX" else _output(layer)))
        ops.append(Op(layer.op, inputs, [name], _options(layer, lines[number])))
        last = name
    return build_model(tensors, ops, ["in"], [last])


def published_network(name: str) -> bytes:
    """A network of the published figures, by the beginning of its name."""
    figure = next(figure for figure in published().figures if figure.name.startswith(name))
    return network(figure.input, figure.layers)


def _output(layer: Layer) -> tuple[int, ...]:
    return (1, prod(layer.output)) if layer.op == "FULLY_CONNECTED" else layer.output


def _activation(name: str, shape: tuple[int, ...]) -> Tensor:
    return Tensor(name, list(shape), "int8", scale=0.05)


def _options(layer: Layer, line: str) -> dict[str, int | float]:
    if layer.op == "SOFTMAX":
        return {"beta": 1.0}
    if layer.op == "FULLY_CONNECTED":
        return {}
    options: dict[str, int | float] = {
        "padding": VALID if "valid" in line else SAME,
        "strideH": layer.stride[0],
        "strideW": layer.stride[1],
    }
    if layer.op.endswith("POOL_2D"):
        return {**options, "filterHeight": layer.window[0], "filterWidth": layer.window[1]}
    if layer.op == "DEPTHWISE_CONV_2D":
        options["depthMultiplier"] = layer.output[3] // layer.inputs[0][3]
    return {**options, "dilationHFactor": 1, "dilationWFactor": 1}
