"""Layers from a few words each, for published models whose files are not here: `conv 64 3x3/2`, `depthwise 3x3 x8`.

Each layer takes the output of the one before it. In front of it may stand another input, for the shortcut of a residual
block: `32x32x16: conv 32 1x1/2`. Windows are height x width; padding is SAME unless the word `valid` stands there.
`bmul` and `badd` are MUL and ADD of a scalar, `mean` is MEAN over the plane, `pad` names the shape that it gives out,
and `x` is an op that does next to nothing, such as RESHAPE.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from quantci.chip.op import Op, Tensor
from quantci.chip.window import Slide

if TYPE_CHECKING:
    from collections.abc import Iterable

_WINDOW: Final = re.compile(r"(\d+)x(\d+)(?:/(\d+))?")
_POOLS: Final = {"max_pool": "MAX_POOL_2D", "avg_pool": "AVERAGE_POOL_2D"}
_WEIGHTED: Final = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"})
_ELEMENTWISE: Final = {"add": 2, "mul": 2, "softmax": 1, "hard_swish": 1, "logistic": 1}  # operands
_SCALED: Final = {"badd": "ADD", "bmul": "MUL"}


def parse_layers(first_input: str, lines: Iterable[str]) -> list[Op]:
    """The INT8 ops that the lines describe.

    Args:
        first_input: height x width x channels of the model's input.
        lines: one layer each.

    Raises:
        ValueError: a line that this does not know.
    """
    layers: list[Op] = []
    shape = _shape(first_input)
    for line in lines:
        given, colon, rest = line.rpartition(":")
        layer = _layer(rest.split(), _shape(given) if colon else shape)
        layers.append(layer)
        shape = layer.outputs[0].shape
    return layers


class _Window(NamedTuple):
    height: int
    width: int
    stride: int

    def slide(self, words: Iterable[str], multiplier: int = 1) -> Slide:
        return Slide((self.stride, self.stride), is_same="valid" not in words, multiplier=multiplier)

    def over(self, shape: tuple[int, ...], words: list[str]) -> tuple[int, int]:
        """Height and width of the output."""
        _, height, width, _ = shape
        if "valid" in words:
            return (height - self.height) // self.stride + 1, (width - self.width) // self.stride + 1
        return -(-height // self.stride), -(-width // self.stride)


def _layer(words: list[str], shape: tuple[int, ...]) -> Op:
    kind, *rest = words
    channels = shape[-1]
    if kind == "conv":
        units, window = int(rest[0]), _window(rest[1])
        size = (1, *window.over(shape, rest), units)
        weights = (units, window.height, window.width, channels)
        return int8_op("CONV_2D", (shape, weights), size, window.slide(rest))
    if kind == "depthwise":
        window = _window(rest[0])
        multiplier = next((int(word[1:]) for word in rest[1:] if word.startswith("x")), 1)
        units = channels * multiplier
        size = (1, *window.over(shape, rest), units)
        weights = (1, window.height, window.width, units)
        return int8_op("DEPTHWISE_CONV_2D", (shape, weights), size, window.slide(rest, multiplier))
    if kind in _POOLS:
        window = _window(rest[0])
        size = (1, *window.over(shape, rest), channels)
        return int8_op(_POOLS[kind], (shape,), size, window.slide(rest)._replace(pool=(window.width, window.height)))
    if kind == "dense":
        depth = shape[1] * shape[2] * channels
        return int8_op("FULLY_CONNECTED", ((1, depth), (int(rest[0]), depth)), (1, 1, 1, int(rest[0])))
    return _without_weights(kind, rest, shape)


def _without_weights(kind: str, rest: list[str], shape: tuple[int, ...]) -> Op:
    if kind in _ELEMENTWISE:
        return int8_op(kind.upper(), (shape,) * _ELEMENTWISE[kind], shape)
    if kind in _SCALED:
        made = int8_op(_SCALED[kind], (shape,), shape)
        return replace(made, inputs=[*made.inputs, Tensor(dtype="int8", shape=(1,), is_constant=True)])
    if kind == "mean":
        return int8_op("MEAN", (shape,), (1, 1, 1, shape[-1]))
    if kind == "pad":
        return int8_op("PAD", (shape,), _shape(rest[0]))
    if kind == "x":
        return int8_op("RESHAPE", (shape,), shape)
    msg = f"no such layer: {' '.join([kind, *rest])}"
    raise ValueError(msg)


def int8_op(name: str, inputs: Iterable[tuple[int, ...]], output: tuple[int, ...], slide: Slide | None = None) -> Op:
    """An op of INT8 tensors of these shapes; of a convolution or FULLY_CONNECTED the second is that of the weights."""
    shapes = enumerate(inputs)
    given = [Tensor(dtype="int8", shape=shape, is_constant=place > 0 and name in _WEIGHTED) for place, shape in shapes]
    return Op(name=name, inputs=given, outputs=[Tensor(dtype="int8", shape=output)], slide=slide)


def _shape(text: str) -> tuple[int, ...]:
    return (1, *(int(size) for size in text.split("x")))


def _window(text: str) -> _Window:
    match = _WINDOW.fullmatch(text)
    if match is None:
        msg = f"no window: {text}"
        raise ValueError(msg)
    return _Window(int(match[1]), int(match[2]), int(match[3] or 1))
