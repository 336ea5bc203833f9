"""Which kernel runs each op on the chip: the vector unit's, or why not.

Read from the branches of esp-nn 1.2.3 (src/convolution/esp_nn_conv_esp32s3.c, esp_nn_depthwise_conv_s8_esp32s3.c,
src/fully_connected/esp_nn_fully_connected_esp32s3.c, src/basic_math/*_esp32s3.S, src/pooling/*_esp32s3.*,
src/softmax/esp_nn_softmax_s8_esp32s3.c) and of what calls them in esp-tflite-micro 1.4.0
(tensorflow/lite/micro/kernels/esp_nn/: add, conv, depthwise_conv, fully_connected, mul, pooling, softmax). esp-nn has
kernels for MEAN, LOGISTIC, HARD_SWISH and RELU6, too, which esp-tflite-micro does not call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from quantci.records.kernels import OpKernel
from quantci.target.op_view import view_ops

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from quantci.records.kernels import KernelPath
    from quantci.target.op_view import OpView


class Choice(NamedTuple):
    """The path of an op; all of it as in OpKernel."""

    path: KernelPath
    reason: str = ""
    remedy: str = ""
    wanted: int | None = None


VECTOR: Final = Choice("vector")


def op_kernels(model: bytes, kernels: Literal["esp-nn", "reference"]) -> list[OpKernel]:
    """The kernel of each op of the main subgraph, in order.

    Args:
        model: a quantized model.
        kernels: what the chip's firmware is built with.

    Raises:
        ModelRejected: see `parse`.
    """
    found = []
    for op in view_ops(model):
        if op.subgraph:
            break
        choice = choose(op) if kernels == "esp-nn" else Choice("reference", "this chip has no accelerated kernels")
        found.append(
            OpKernel(
                op_index=op.index,
                op=op.name,
                path=choice.path,
                reason=choice.reason,
                remedy=choice.remedy,
                wanted=choice.wanted,
            )
        )
    return found


def choose(op: OpView) -> Choice:
    """The kernel that runs this op on an ESP32-S3 with ESP-NN."""
    if op.name not in _CHOICES:
        return Choice("reference", "no accelerated kernel is called for this op")
    if op.dtype != "int8":
        return Choice("reference", f"its tensors are {op.dtype or 'of no type'}: only int8 is accelerated")
    return _CHOICES[op.name](op)


def _no_window(op: OpView) -> Choice | None:
    """Why ESP-NN is not called for a convolution; None when it is."""
    w, weights = op.window, op.input(1)
    if w is None:
        return Choice("reference", "its shapes are not fixed")
    if weights is None or weights.dtype != "int8":
        return Choice("reference", "its weights are not int8")
    if w.is_dilated:
        return Choice("reference", "it is dilated", "Use a larger filter or a stride instead of dilation.")
    return None


def _convolution(op: OpView) -> Choice:
    refused = _no_window(op)
    w = op.window
    if refused is not None or w is None:
        return refused or VECTOR
    if w.channels != w.filter_channels:
        return Choice("scalar", "it is grouped", "Use a depthwise and a 1x1 convolution instead of groups.")
    if w.filter == (1, 1) and w.stride == (1, 1):
        return VECTOR if w.channels % 8 == 0 else _widen("padded", w.channels, 8, "input channels")
    row = w.filter[0] * w.channels
    if row < 16 <= row * w.filter[1] or row % 16 == 0:
        return VECTOR
    reason = f"a row of its filter, {w.filter[0]} x {w.channels} channels, is no multiple of 16 bytes"
    wanted = _up(w.channels, 16)
    return Choice("padded", reason, f"Give it {wanted} input channels instead of {w.channels}.", wanted)


def _depthwise(op: OpView) -> Choice:
    refused = _no_window(op)
    w = op.window
    if refused is not None or w is None:
        return refused or VECTOR
    if w.multiplier == 1:
        if w.channels % 8 == 0:
            if w.filter == (3, 3) and w.channels >= 12 and w.channels % 16:
                return _widen("padded", w.channels, 16, "channels")
            return VECTOR
        return _widen("padded" if w.channels > 3 else "scalar", w.channels, 8, "channels")
    if w.multiplier % 4 == 0:
        return VECTOR
    wanted = _up(w.multiplier, 4)
    return Choice(
        "scalar",
        f"its depth multiplier is {w.multiplier}",
        f"Use a depth multiplier of 1 or {wanted} instead of {w.multiplier}.",
    )


def _dense(op: OpView) -> Choice:
    weights = op.input(1)
    if weights is None or weights.dtype != "int8" or not weights.shape:
        return Choice("reference", "its weights are not int8")
    length = weights.shape[-1]
    if length % 16 == 0:
        return VECTOR
    if length < 8:
        return _widen("scalar", length, 16, "inputs")
    return Choice(
        "padded",
        f"{length % 16} of its {length} inputs are left over from steps of 16",
        f"Give it {_up(length, 16)} inputs instead of {length}.",
        _up(length, 16),
    )


def _elementwise(op: OpView) -> Choice:
    a, b = op.input(0), op.input(1)
    if a is None or b is None:
        return Choice("reference", "it lacks an input")
    if a.shape != b.shape:
        return Choice("reference", "it broadcasts", "Give both inputs the same shape.")
    return VECTOR if a.size >= 8 else Choice("scalar", f"it has {a.size} elements, fewer than 8")


def _pooling(op: OpView) -> Choice:
    x = op.input(0)
    if x is None or len(x.shape) != 4:
        return Choice("reference", "its input has not four dimensions")
    return VECTOR if x.shape[3] % 4 == 0 else _widen("scalar", x.shape[3], 4, "channels")


def _softmax(op: OpView) -> Choice:
    if op.outputs and op.outputs[0].dtype != "int8":
        return Choice("reference", f"its output is {op.outputs[0].dtype}")
    x = op.input(0)
    depth = x.shape[-1] if x is not None and x.shape else 0
    return VECTOR if depth >= 32 else Choice("scalar", f"it has {depth} values a row, fewer than 32")


def _widen(path: KernelPath, count: int, multiple: int, what: str) -> Choice:
    wanted = _up(count, multiple)
    reason = f"{count} {what} are no multiple of {multiple}"
    return Choice(path, reason, f"Give it {wanted} {what} instead of {count}.", wanted)


def _up(value: int, multiple: int) -> int:
    return max(multiple, -(-value // multiple) * multiple)


_CHOICES: Final[Mapping[str, Callable[[OpView], Choice]]] = {
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _depthwise,
    "FULLY_CONNECTED": _dense,
    "ADD": _elementwise,
    "MUL": _elementwise,
    "AVERAGE_POOL_2D": _pooling,
    "MAX_POOL_2D": _pooling,
    "SOFTMAX": _softmax,
}
