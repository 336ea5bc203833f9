"""What an op's Prepare asks of the arena, in the order in which it asks.

Source: esp-tflite-micro 1.4.0, tensorflow/lite/micro/kernels/, with `esp_nn/` in it for ESP-NN.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from quantci.chip.op import Op, Tensor


class Temporary(NamedTuple):
    """A TfLiteTensor that exists until the op is prepared."""

    tensor: Tensor


class Persistent(NamedTuple):
    """Bytes of the tail, kept."""

    size: int


class Scratch(NamedTuple):
    """Bytes of the head, while the op runs."""

    size: int


Ask = Temporary | Persistent | Scratch
Prepare = Callable[["Op"], Iterator[Ask]]
_INTEGERS: Final = frozenset({"int8", "int16"})
_TABLE_BYTES: Final = 2 * 513  # LUTSize<int16_t>() in tensorflow/lite/kernels/internal/common.h


def nothing(_op: Op) -> Iterator[Ask]:
    """For ops that have no Prepare."""
    return iter(())


def _temporaries(*tensors: Tensor | None) -> Iterator[Ask]:
    return (Temporary(tensor) for tensor in tensors if tensor is not None)


def tensors(*inputs: int, output: bool = True) -> Prepare:
    """Look at these inputs, then at the output; absent inputs take nothing."""

    def prepare(op: Op) -> Iterator[Ask]:
        yield from _temporaries(*map(op.input, inputs))
        if output:
            yield Temporary(op.outputs[0])

    return prepare


def _channels(count: int) -> Iterator[Ask]:
    """A multiplier and a shift for each channel."""
    yield from (Persistent(4 * count), Persistent(4 * count))


def convolution(op: Op) -> Iterator[Ask]:
    """CONV_2D."""
    yield from _window(op, inputs=(0, 1, 2), channel_axis=0)


def depthwise(op: Op) -> Iterator[Ask]:
    """DEPTHWISE_CONV_2D."""
    yield from _window(op, inputs=(0, 1, 2), channel_axis=3)


def transposed(op: Op) -> Iterator[Ask]:
    """TRANSPOSE_CONV: its accumulators are scratch, of 64 bits where activations have 16."""
    size = 8 if op.outputs[0].dtype == "int16" else 4
    yield from _window(op, inputs=(2, 1, 3), channel_axis=0, accumulator=Scratch(size * math.prod(op.outputs[0].shape)))


def _window(
    op: Op, *, inputs: tuple[int, int, int], channel_axis: int, accumulator: Scratch | None = None
) -> Iterator[Ask]:
    data, weights, bias = map(op.input, inputs)
    assert weights is not None
    assert data is not None
    yield from _temporaries(op.outputs[0], data, weights)
    yield from _channels(weights.shape[channel_axis])
    if accumulator is not None and data.dtype in _INTEGERS:
        yield accumulator
    if accumulator is None or data.dtype != "float32":
        yield from _temporaries(data, weights, bias, op.outputs[0])
    if weights.dtype == "int4":
        yield Scratch(math.prod(weights.shape))  # unpacked


def fully_connected(op: Op) -> Iterator[Ask]:
    """FULLY_CONNECTED."""
    weights = op.input(1)
    assert weights is not None
    yield from _temporaries(op.input(0), weights, op.input(2), op.outputs[0])
    if weights.dtype == "int4":
        yield Scratch(math.prod(weights.shape))  # unpacked
    if weights.channels > 1:
        yield from _channels(weights.channels)


def softmax(op: Op) -> Iterator[Ask]:
    """SOFTMAX: for activations of 16 bits two tables, of exp(x) and of 1 / (1 + x)."""
    data = op.input(0)
    assert data is not None
    yield from _temporaries(data, op.outputs[0])
    if data.dtype == "int16":
        yield from (Persistent(_TABLE_BYTES), Persistent(_TABLE_BYTES))


def concatenation(op: Op) -> Iterator[Ask]:
    """CONCATENATION: the first input is looked at twice."""
    yield from _temporaries(op.input(0), op.outputs[0], *op.inputs)


def total(op: Op) -> Iterator[Ask]:
    """MEAN and SUM."""
    data, axes = op.input(0), op.input(1)
    assert data is not None
    assert axes is not None
    yield from _temporaries(data, op.outputs[0], axes)
    if data.dtype in _INTEGERS:
        yield Scratch(4 * math.prod(op.outputs[0].shape))  # accumulators
    yield from _iterators(data, axes)
    yield from _scale(op)


def extreme(op: Op) -> Iterator[Ask]:
    """REDUCE_MAX and REDUCE_MIN."""
    data, axes = op.input(0), op.input(1)
    assert data is not None
    assert axes is not None
    yield from _scale(op)
    yield from _temporaries(data, op.outputs[0], axes)
    yield from _iterators(data, axes)


def _iterators(data: Tensor, axes: Tensor) -> Iterator[Ask]:
    yield from (Scratch(4 * len(data.shape)), Scratch(4 * math.prod(axes.shape)))


def _scale(op: Op) -> Iterator[Ask]:
    data = op.input(0)
    assert data is not None
    yield from _temporaries(data, op.input(1), op.outputs[0] if data.dtype == "int8" else None)


def moved(op: Op) -> Iterator[Ask]:
    """Space to depth and back: the shape of the output is copied, a count and the sizes."""
    yield from _temporaries(op.input(0), op.outputs[0])
    yield Persistent(4 + 4 * len(op.outputs[0].shape))
