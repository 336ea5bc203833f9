"""Which kernel of ESP-NN runs an op on an ESP32-S3. Its speed, cost, scratch and faults all follow from this choice.

Read from the branches of esp-nn (src/convolution/esp_nn_conv_esp32s3.c, esp_nn_depthwise_conv_s8_esp32s3.c,
src/fully_connected/esp_nn_fully_connected_esp32s3.c, src/basic_math/*_esp32s3.S, src/pooling/*_esp32s3.*,
src/softmax/esp_nn_softmax_s8_esp32s3.c) and of what calls them in esp-tflite-micro (tensorflow/lite/micro/kernels/
esp_nn/: add, conv, depthwise_conv, fully_connected, mul, pooling, softmax), in the releases that version.py names.
esp-nn has kernels for MEAN, LOGISTIC, HARD_SWISH and RELU6 as well, which esp-tflite-micro does not call.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from quantci.chip.esp_nn import s3
from quantci.chip.window import up

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from quantci.chip.op import Op
    from quantci.chip.window import Window
    from quantci.records.kernels import KernelPath


@dataclass(frozen=True, eq=False)
class Kernel:
    """One branch of ESP-NN, or what runs instead of it.

    Attributes:
        path: see OpKernel.
        name: in reports, and of its cost (work.py); empty where no published figure says what it costs.
        multiple: of how many channels, or inputs, the branch beside it wants, which runs in `vector`.
        scratch: bytes that a convolution asks for, by its window.
    """

    path: KernelPath
    name: str = ""
    multiple: int = 1
    scratch: Callable[[Window], int] = s3.nothing


REFERENCE: Final = Kernel("reference")
PLAIN_C: Final = Kernel("scalar")
POINTWISE: Final = Kernel("vector", "1x1", scratch=s3.pointwise)
POINTWISE_ODD: Final = Kernel("padded", "1x1 padded", 8, s3.pointwise)
IM2COL: Final = Kernel("vector", "im2col", scratch=s3.im2col)
GENERAL: Final = Kernel("vector", "conv", scratch=s3.general)
GENERAL_PADDED: Final = Kernel("padded", "conv", 16, s3.general)
DEPTHWISE_3X3: Final = Kernel("vector", "depthwise 3x3", scratch=s3.bytes_3x3)
DEPTHWISE_3X3_PADDED: Final = Kernel("padded", "depthwise 3x3", 16, s3.bytes_3x3_padded)
DEPTHWISE_3X3_NARROW: Final = Kernel("vector", "depthwise 3x3", scratch=s3.words)
DEPTHWISE: Final = Kernel("vector", "depthwise", scratch=s3.words)
DEPTHWISE_TILED: Final = Kernel("vector", "depthwise", scratch=s3.words_tiled)
DEPTHWISE_PADDED: Final = Kernel("padded", "depthwise padded", 8, s3.words_padded)
DEPTHWISE_PLAIN_C: Final = Kernel("scalar", "", 8, s3.margin)
DENSE: Final = Kernel("vector", "dense")
DENSE_REST: Final = Kernel("padded", "dense", 16)
DENSE_SHORT: Final = Kernel("scalar", "dense", 16)
POOL_PLAIN_C: Final = Kernel("scalar", "", 4)


class Choice(NamedTuple):
    """The kernel of an op; reason, remedy and wanted as in OpKernel."""

    kernel: Kernel
    reason: str = ""
    remedy: str = ""
    wanted: int | None = None


def choose(op: Op) -> Choice:
    """The kernel that runs this op on an ESP32-S3 with ESP-NN."""
    if op.name not in _CHOICES:
        return Choice(REFERENCE, "no accelerated kernel is called for this op")
    if op.dtype != "int8":
        return Choice(REFERENCE, f"its tensors are {op.dtype or 'of no type'}: only int8 is accelerated")
    return _CHOICES[op.name](op)


def convolution(w: Window) -> Kernel:
    """The branch for a CONV_2D of this geometry."""
    if w.is_pointwise:
        return POINTWISE if w.channels % 8 == 0 else POINTWISE_ODD
    row = w.filter[0] * w.channels
    if row < 16 <= row * w.filter[1]:
        return IM2COL
    return GENERAL if row % 16 == 0 else GENERAL_PADDED


def depthwise(w: Window) -> Kernel:
    """The branch for a DEPTHWISE_CONV_2D of this geometry."""
    if w.multiplier == 1 and w.channels % 8 == 0:
        if w.filter != (3, 3):
            return DEPTHWISE if s3.widened(w) <= s3.TILE_LIMIT else DEPTHWISE_TILED
        if w.channels % 16 == 0:
            return DEPTHWISE_3X3
        return DEPTHWISE_3X3_NARROW if w.channels < 12 else DEPTHWISE_3X3_PADDED
    if w.multiplier == 1 and w.channels > 3:
        return DEPTHWISE_PADDED
    return DEPTHWISE if w.multiplier % 4 == 0 else DEPTHWISE_PLAIN_C


def _convolution(op: Op) -> Choice:
    w = _window(op)
    if isinstance(w, Choice):
        return w
    if w.channels != w.filter_channels:
        return Choice(PLAIN_C, "it is grouped", "Use a depthwise and a 1x1 convolution instead of groups.")
    reason = f"a row of its filter, {w.filter[0]} x {w.channels} channels, is not a multiple of 16 bytes"
    kernel = convolution(w)
    return _widen(kernel, w.channels, "input channels", reason if kernel is GENERAL_PADDED else "")


def _depthwise(op: Op) -> Choice:
    w = _window(op)
    if isinstance(w, Choice):
        return w
    kernel = depthwise(w)
    if kernel is DEPTHWISE_PLAIN_C and w.multiplier != 1:
        wanted = max(4, up(w.multiplier, 4))
        remedy = f"Use a depth multiplier of 1 or {wanted} instead of {w.multiplier}."
        return Choice(kernel, f"its depth multiplier is {w.multiplier}", remedy)
    return _widen(kernel, w.channels, "channels")


def _window(op: Op) -> Window | Choice:
    """The window of a convolution, or why ESP-NN is not called for it."""
    w, weights = op.window, op.input(1)
    if w is None:
        return Choice(REFERENCE, "its shapes are not fixed")
    if weights is None or weights.dtype != "int8":
        return Choice(REFERENCE, "its weights are not int8")
    if w.is_dilated:
        return Choice(REFERENCE, "it is dilated", "Use a larger filter or a stride instead of dilation.")
    return w


def _dense(op: Op) -> Choice:
    weights = op.input(1)
    if weights is None or weights.dtype != "int8" or not weights.shape:
        return Choice(REFERENCE, "its weights are not int8")
    length = weights.shape[-1]
    if length % 16 == 0:
        return Choice(DENSE)
    if length < 8:
        return _widen(DENSE_SHORT, length, "inputs")
    return _widen(DENSE_REST, length, "inputs", f"{length % 16} of its {length} inputs are left over from steps of 16")


def _elementwise(op: Op) -> Choice:
    a, b = op.input(0), op.input(1)
    if a is None or b is None:
        return Choice(REFERENCE, "it lacks an input")
    if a.shape != b.shape:
        return Choice(REFERENCE, "it broadcasts", "Give both inputs the same shape.")
    return _long(op.name.lower(), a.elements, 8, "elements")


def _pooling(op: Op) -> Choice:
    w = op.window
    if w is None:
        return Choice(REFERENCE, "its input does not have four dimensions")
    if w.channels % 4:
        return _widen(POOL_PLAIN_C, w.channels, "channels")
    return Choice(Kernel("vector", "max pool" if op.name == "MAX_POOL_2D" else "avg pool"))


def _softmax(op: Op) -> Choice:
    if op.outputs and op.outputs[0].dtype != "int8":
        return Choice(REFERENCE, f"its output is {op.outputs[0].dtype}")
    x = op.input(0)
    return _long("softmax", x.shape[-1] if x is not None and x.shape else 0, 32, "values a row")


def _long(name: str, count: int, least: int, what: str) -> Choice:
    if count >= least:
        return Choice(Kernel("vector", name))
    return Choice(Kernel("scalar", name), f"it has {count} {what}, fewer than {least}")


def _widen(kernel: Kernel, count: int, what: str, reason: str = "") -> Choice:
    """The kernel, and how many channels or inputs would make it a `vector` one if it is none."""
    if kernel.path == "vector":
        return Choice(kernel)
    wanted = max(kernel.multiple, up(count, kernel.multiple))
    reason = reason or f"{count} {what} are not a multiple of {kernel.multiple}"
    return Choice(kernel, reason, f"Give it {wanted} {what} instead of {count}.", wanted)


_CHOICES: Final[Mapping[str, Callable[[Op], Choice]]] = {
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _depthwise,
    "FULLY_CONNECTED": _dense,
    "ADD": _elementwise,
    "MUL": _elementwise,
    "AVERAGE_POOL_2D": _pooling,
    "MAX_POOL_2D": _pooling,
    "SOFTMAX": _softmax,
}
