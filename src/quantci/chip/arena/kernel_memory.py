"""How much of the arena each op's kernel needs: for its options, for its own data, and in its Prepare.

Source: esp-tflite-micro 1.4.0. Options (`TfLite...Params`) from tensorflow/compiler/mlir/lite/core/c/builtin_op_data.h,
as tensorflow/lite/core/api/flatbuffer_conversions.cc allocates them; data (`OpData...`) and Prepare from
tensorflow/lite/micro/kernels/, with `esp_nn/` in it for ESP-NN. Data of the host's column as in the tflite-micro wheel
0.dev20261023182759, whose kernels have room for compressed weights. Sizes were read off a 32-bit and a 64-bit compiler.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from quantci.chip.arena.prepare import (
    concatenation,
    convolution,
    depthwise,
    extreme,
    fully_connected,
    moved,
    nothing,
    softmax,
    tensors,
    total,
    transposed,
)
from quantci.tflite.tflm_types import TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantci.chip.arena.layout import Build
    from quantci.chip.arena.prepare import Prepare
    from quantci.chip.op import Op


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
    if first.dtype == "int16" and "int16" not in TYPES.get(op.name, "").split():
        return None  # TFLM refuses it
    return KERNELS.get(op.name)


def same(size: int) -> Data:
    """Data without pointers, so that its size is the same everywhere."""
    return Data(size, size, size)


_TYPES: Final = frozenset({"bool", "float32", "int8", "int16", "int32", "int64", "uint8"})
_POOL: Final = Kernel(Options(40), same(32), tensors(0))
_EXTREME: Final = Kernel(Options(1, 1), same(44), extreme)
_SUM: Final = Kernel(Options(1, 1), same(44), total)
_PAD: Final = Kernel(None, same(56), tensors(0, 1, 2))
_PACK: Final = Kernel(Options(8), None, nothing)
_RESIZE: Final = Kernel(Options(2, 1), None, tensors(0, 1))
_ARG: Final = Kernel(Options(4), None, nothing)
_NONE: Final = Kernel(None, None, nothing)
KERNELS: Final[Mapping[str, Kernel]] = {
    "ADD": Kernel(Options(8), same(60), tensors(0, 1)),
    "ARG_MAX": _ARG,
    "ARG_MIN": _ARG,
    "AVERAGE_POOL_2D": _POOL,
    "CONCATENATION": Kernel(Options(8), Data(24, 24, 80), concatenation),
    "CONV_2D": Kernel(Options(28), Data(60, 56, 80), convolution),
    "DEPTH_TO_SPACE": Kernel(Options(4), None, moved),
    "DEPTHWISE_CONV_2D": Kernel(Options(28), Data(60, 56, 80), depthwise),
    "DEQUANTIZE": Kernel(None, same(32), tensors(0)),
    "EXPAND_DIMS": Kernel(None, None, tensors(0, 1)),
    "FULLY_CONNECTED": Kernel(Options(16, host=(32, 8)), Data(48, 48, 72), fully_connected),
    "HARD_SWISH": Kernel(None, same(20), tensors(0)),
    "LEAKY_RELU": Kernel(Options(4), same(24), tensors(0)),
    "LOGISTIC": Kernel(None, same(16), tensors(0)),
    "MAX_POOL_2D": _POOL,
    "MAXIMUM": _NONE,
    "MEAN": _SUM,
    "MINIMUM": _NONE,
    "MUL": Kernel(Options(4), same(36), tensors(0, 1)),
    "PACK": _PACK,
    "PAD": _PAD,
    "PADV2": _PAD,
    "PRELU": Kernel(None, same(28), tensors(0, 1)),
    "QUANTIZE": Kernel(None, same(32), tensors(0)),
    "REDUCE_MAX": _EXTREME,
    "REDUCE_MIN": _EXTREME,
    "RELU": Kernel(None, same(28), tensors(0)),
    "RELU6": Kernel(None, same(8), tensors(0, output=False)),
    "RESHAPE": Kernel(Options(36), None, tensors(0)),
    "RESIZE_BILINEAR": _RESIZE,
    "RESIZE_NEAREST_NEIGHBOR": _RESIZE,
    "SLICE": Kernel(None, None, tensors(0, 1, 2)),
    "SOFTMAX": Kernel(Options(4), Data(64, 56, 80), softmax),
    "SPACE_TO_DEPTH": Kernel(Options(4), None, moved),
    "SPLIT": Kernel(Options(4), None, tensors(0, output=False)),
    "SPLIT_V": Kernel(Options(4), None, tensors(2, output=False)),
    "SQUEEZE": Kernel(Options(36), None, tensors(0)),
    "STRIDED_SLICE": Kernel(Options(24), same(84), tensors(0, 1, 2, 3)),
    "SUB": Kernel(Options(8), same(52), tensors(0, 1)),
    "SUM": _SUM,
    "TANH": Kernel(None, same(16), tensors(0, 0)),
    "TRANSPOSE": Kernel(None, None, tensors(0, 1)),
    "TRANSPOSE_CONV": Kernel(Options(20), Data(72, 72, 88), transposed),
    "UNPACK": _PACK,
}
