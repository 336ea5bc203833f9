"""What each op's kernel asks of the arena: for its options, for data of its own, and while it prepares itself.

Source: esp-tflite-micro 1.4.0. Options (`TfLite...Params`) from tensorflow/compiler/mlir/lite/core/c/builtin_op_data.h,
as tensorflow/lite/core/api/flatbuffer_conversions.cc allocates them; data (`OpData...`) and Prepare from
tensorflow/lite/micro/kernels/, with `esp_nn/` in it for ESP-NN. Data of the host's column as in the tflite-micro wheel
0.dev20261023182759, whose kernels have room for compressed weights. Sizes were read off a 32-bit and a 64-bit compiler.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantci.target.arena.graph import Op, Tensor
    from quantci.target.arena.layout import Build


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


class Options(NamedTuple):
    """Size and alignment of an op's parsed options, in bytes; of the host's where they differ."""

    size: int
    alignment: int = 4
    host: tuple[int, int] | None = None

    def of(self, build: Build) -> tuple[int, int]:
        """Size and alignment in this build."""
        return self.host if build == "host" and self.host is not None else (self.size, self.alignment)


class Data(NamedTuple):
    """Bytes of an op's own data in each build."""

    esp_nn: int
    reference: int
    host: int

    def of(self, build: Build) -> int:
        """The size in this build."""
        return {"esp-nn": self.esp_nn, "reference": self.reference, "host": self.host}[build]


@dataclass(frozen=True)
class Kernel:
    """One op.

    Attributes:
        options: None when it has none.
        data: None when it has none.
        prepare: what its Prepare asks for, in order.
    """

    options: Options | None
    data: Data | None
    prepare: Prepare


def kernel_of(op: Op) -> Kernel | None:
    """The row of this op; None where the table has none, or not for its types."""
    first = op.inputs[0] if op.inputs else None
    if op.is_custom or first is None or first.dtype not in _TYPES:
        return None
    return KERNELS.get(op.name)


def same(size: int) -> Data:
    """Data without pointers, so that its size is the same everywhere."""
    return Data(size, size, size)


def _nothing(_op: Op) -> Iterator[Ask]:
    return iter(())


def _temporaries(*tensors: Tensor | None) -> Iterator[Ask]:
    return (Temporary(tensor) for tensor in tensors if tensor is not None)


def _tensors(*inputs: int, output: bool = True) -> Prepare:
    """Look at these inputs, then at the output; absent inputs take nothing."""

    def prepare(op: Op) -> Iterator[Ask]:
        yield from _temporaries(*map(op.input, inputs))
        if output:
            yield Temporary(op.outputs[0])

    return prepare


def _channels(count: int) -> Iterator[Ask]:
    """A multiplier and a shift for each channel."""
    yield from (Persistent(4 * count), Persistent(4 * count))


def _convolution(op: Op) -> Iterator[Ask]:
    yield from _window(op, inputs=(0, 1, 2), channel_axis=0)


def _depthwise(op: Op) -> Iterator[Ask]:
    yield from _window(op, inputs=(0, 1, 2), channel_axis=3)


def _transposed(op: Op) -> Iterator[Ask]:
    accumulator = Scratch(4 * math.prod(op.outputs[0].shape))
    yield from _window(op, inputs=(2, 1, 3), channel_axis=0, accumulator=accumulator)


def _window(
    op: Op, *, inputs: tuple[int, int, int], channel_axis: int, accumulator: Scratch | None = None
) -> Iterator[Ask]:
    data, weights, bias = map(op.input, inputs)
    assert weights is not None
    assert data is not None
    yield from _temporaries(op.outputs[0], data, weights)
    yield from _channels(weights.shape[channel_axis])
    if accumulator is not None and data.dtype == "int8":
        yield accumulator
    if accumulator is None or data.dtype != "float32":
        yield from _temporaries(data, weights, bias, op.outputs[0])
    if weights.dtype == "int4":
        yield Scratch(math.prod(weights.shape))  # unpacked


def _fully_connected(op: Op) -> Iterator[Ask]:
    weights = op.input(1)
    assert weights is not None
    yield from _temporaries(op.input(0), weights, op.input(2), op.outputs[0])
    if weights.dtype == "int4":
        yield Scratch(math.prod(weights.shape))  # unpacked
    if weights.channels > 1:
        yield from _channels(weights.channels)


def _concatenation(op: Op) -> Iterator[Ask]:
    yield from _temporaries(op.input(0), op.outputs[0], *op.inputs)


def _sum(op: Op) -> Iterator[Ask]:
    data, axes = op.input(0), op.input(1)
    assert data is not None
    assert axes is not None
    yield from _temporaries(data, op.outputs[0], axes)
    if data.dtype == "int8":
        yield Scratch(4 * math.prod(op.outputs[0].shape))  # accumulators
    yield from _iterators(data, axes)
    yield from _scale(op)


def _extreme(op: Op) -> Iterator[Ask]:
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


def _moved(op: Op) -> Iterator[Ask]:
    """Space to depth and back: the shape of the output is copied, a count and the sizes."""
    yield from _temporaries(op.input(0), op.outputs[0])
    yield Persistent(4 + 4 * len(op.outputs[0].shape))


_TYPES: Final = frozenset({"bool", "float32", "int8", "int32", "int64", "uint8"})  # int16 asks for tables and more
_POOL: Final = Kernel(Options(40), same(32), _tensors(0))
_EXTREME: Final = Kernel(Options(1, 1), same(44), _extreme)
_SUM: Final = Kernel(Options(1, 1), same(44), _sum)
_PAD: Final = Kernel(None, same(56), _tensors(0, 1, 2))
_PACK: Final = Kernel(Options(8), None, _nothing)
_RESIZE: Final = Kernel(Options(2, 1), None, _tensors(0, 1))
_ARG: Final = Kernel(Options(4), None, _nothing)
_NONE: Final = Kernel(None, None, _nothing)
KERNELS: Final[Mapping[str, Kernel]] = {
    "ADD": Kernel(Options(8), same(60), _tensors(0, 1)),
    "ARG_MAX": _ARG,
    "ARG_MIN": _ARG,
    "AVERAGE_POOL_2D": _POOL,
    "CONCATENATION": Kernel(Options(8), Data(24, 24, 80), _concatenation),
    "CONV_2D": Kernel(Options(28), Data(60, 56, 80), _convolution),
    "DEPTH_TO_SPACE": Kernel(Options(4), None, _moved),
    "DEPTHWISE_CONV_2D": Kernel(Options(28), Data(60, 56, 80), _depthwise),
    "DEQUANTIZE": Kernel(None, same(32), _tensors(0)),
    "EXPAND_DIMS": Kernel(None, None, _tensors(0, 1)),
    "FULLY_CONNECTED": Kernel(Options(16, host=(32, 8)), Data(48, 48, 72), _fully_connected),
    "HARD_SWISH": Kernel(None, same(20), _tensors(0)),
    "LEAKY_RELU": Kernel(Options(4), same(24), _tensors(0)),
    "LOGISTIC": Kernel(None, same(16), _tensors(0)),
    "MAX_POOL_2D": _POOL,
    "MAXIMUM": _NONE,
    "MEAN": _SUM,
    "MINIMUM": _NONE,
    "MUL": Kernel(Options(4), same(36), _tensors(0, 1)),
    "PACK": _PACK,
    "PAD": _PAD,
    "PADV2": _PAD,
    "PRELU": Kernel(None, same(28), _tensors(0, 1)),
    "QUANTIZE": Kernel(None, same(32), _tensors(0)),
    "REDUCE_MAX": _EXTREME,
    "REDUCE_MIN": _EXTREME,
    "RELU": Kernel(None, same(28), _tensors(0)),
    "RELU6": Kernel(None, same(8), _tensors(0, output=False)),
    "RESHAPE": Kernel(Options(36), None, _tensors(0)),
    "RESIZE_BILINEAR": _RESIZE,
    "RESIZE_NEAREST_NEIGHBOR": _RESIZE,
    "SLICE": Kernel(None, None, _tensors(0, 1, 2)),
    "SOFTMAX": Kernel(Options(4), Data(64, 56, 80), _tensors(0)),
    "SPACE_TO_DEPTH": Kernel(Options(4), None, _moved),
    "SPLIT": Kernel(Options(4), None, _tensors(0, output=False)),
    "SPLIT_V": Kernel(Options(4), None, _tensors(2, output=False)),
    "SQUEEZE": Kernel(Options(36), None, _tensors(0)),
    "STRIDED_SLICE": Kernel(Options(24), same(84), _tensors(0, 1, 2, 3)),
    "SUB": Kernel(Options(8), same(52), _tensors(0, 1)),
    "SUM": _SUM,
    "TANH": Kernel(None, same(16), _tensors(0, 0)),
    "TRANSPOSE": Kernel(None, None, _tensors(0, 1)),
    "TRANSPOSE_CONV": Kernel(Options(20), Data(72, 72, 88), _transposed),
    "UNPACK": _PACK,
}
