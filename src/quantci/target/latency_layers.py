"""Layers from a few words each, for published models whose files are not here: `conv 64 3x3/2`, `depthwise 3x3 x8`.

Each layer takes the output of the one before it. In front of it may stand another input, for the shortcut of a residual
block: `32x32x16: conv 32 1x1/2`. Windows are height x width; padding is SAME unless the word `valid` stands there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from quantci.target.layer import Layer

if TYPE_CHECKING:
    from collections.abc import Iterable

_WINDOW: Final = re.compile(r"(\d+)x(\d+)(?:/(\d+))?")
_POOLS: Final = {"max_pool": "MAX_POOL_2D", "avg_pool": "AVERAGE_POOL_2D"}
_ELEMENTWISE: Final = {"add": 2, "mul": 2, "softmax": 1, "hard_swish": 1}  # operands


def parse_layers(first_input: str, lines: Iterable[str]) -> list[Layer]:
    """The int8 layers that the lines describe.

    Args:
        first_input: height x width x channels of the model's input.
        lines: one layer each.

    Raises:
        ValueError: a line that this does not know.
    """
    layers: list[Layer] = []
    shape = _shape(first_input)
    for line in lines:
        given, colon, rest = line.rpartition(":")
        layer = _layer(rest.split(), _shape(given) if colon else shape)
        layers.append(layer)
        shape = layer.output
    return layers


class _Window(NamedTuple):
    height: int
    width: int
    stride: int

    def over(self, shape: tuple[int, ...], words: list[str]) -> tuple[int, int]:
        """Height and width of the output."""
        _, height, width, _ = shape
        if "valid" in words:
            return (height - self.height) // self.stride + 1, (width - self.width) // self.stride + 1
        return -(-height // self.stride), -(-width // self.stride)


def _layer(words: list[str], shape: tuple[int, ...]) -> Layer:
    kind, *rest = words
    channels = shape[-1]
    if kind == "conv":
        units, window = int(rest[0]), _window(rest[1])
        size = (1, *window.over(shape, rest), units)
        return _made("CONV_2D", (shape, (units, window.height, window.width, channels)), size, window)
    if kind == "depthwise":
        window = _window(rest[0])
        units = channels * next((int(word[1:]) for word in rest[1:] if word.startswith("x")), 1)
        size = (1, *window.over(shape, rest), units)
        return _made("DEPTHWISE_CONV_2D", (shape, (1, window.height, window.width, units)), size, window)
    if kind in _POOLS:
        window = _window(rest[0])
        return _made(_POOLS[kind], (shape,), (1, *window.over(shape, rest), channels), window)
    if kind == "dense":
        depth = shape[1] * shape[2] * channels
        return _made("FULLY_CONNECTED", ((1, depth), (int(rest[0]), depth)), (1, 1, 1, int(rest[0])))
    if kind in _ELEMENTWISE:
        return _made(kind.upper(), (shape,) * _ELEMENTWISE[kind], shape)
    msg = f"no such layer: {' '.join(words)}"
    raise ValueError(msg)


def _made(
    op: str, inputs: tuple[tuple[int, ...], ...], output: tuple[int, ...], window: _Window | None = None
) -> Layer:
    height, width, stride = window or (1, 1, 1)
    return Layer(op=op, is_int8=True, inputs=inputs, output=output, window=(height, width), stride=(stride, stride))


def _shape(text: str) -> tuple[int, ...]:
    return (1, *(int(size) for size in text.split("x")))


def _window(text: str) -> _Window:
    match = _WINDOW.fullmatch(text)
    if match is None:
        msg = f"no window: {text}"
        raise ValueError(msg)
    return _Window(int(match[1]), int(match[2]), int(match[3] or 1))
