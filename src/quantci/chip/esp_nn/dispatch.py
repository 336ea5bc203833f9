"""Which kernel runs each op on the chip: the vector unit's, or why not; and which one of ESP-NN's that is.

Read from the branches of esp-nn 1.2.3 (src/convolution/esp_nn_conv_esp32s3.c, esp_nn_depthwise_conv_s8_esp32s3.c,
src/fully_connected/esp_nn_fully_connected_esp32s3.c, src/basic_math/*_esp32s3.S, src/pooling/*_esp32s3.*,
src/softmax/esp_nn_softmax_s8_esp32s3.c) and of what calls them in esp-tflite-micro 1.4.0
(tensorflow/lite/micro/kernels/esp_nn/: add, conv, depthwise_conv, fully_connected, mul, pooling, softmax). esp-nn has
kernels for MEAN, LOGISTIC, HARD_SWISH and RELU6, too, which esp-tflite-micro does not call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from quantci.records.kernels import OpKernel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from quantci.chip.graph import Graph
    from quantci.chip.op import Op
    from quantci.chip.window import Window
    from quantci.records.kernels import KernelPath


class Choice(NamedTuple):
    """The path of an op: all of it as in OpKernel, and the kernel.

    Attributes:
        kernel: of ESP-NN, by its name in reports; empty for its plain C, and for TFLM's own.
    """

    path: KernelPath
    kernel: str = ""
    reason: str = ""
    remedy: str = ""
    wanted: int | None = None


def op_kernels(graph: Graph, kernels: Literal["esp-nn", "reference"]) -> list[OpKernel]:
    """The kernel of each op of the main subgraph, in order.

    Args:
        graph: of a quantized model.
        kernels: what the chip's firmware is built with.
    """
    found = []
    for op in graph.ops:
        choice = choose(op) if kernels == "esp-nn" else _reference("this chip has no accelerated kernels")
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


def choose(op: Op) -> Choice:
    """The kernel that runs this op on an ESP32-S3 with ESP-NN."""
    if op.name not in _CHOICES:
        return _reference("no accelerated kernel is called for this op")
    if op.dtype != "int8":
        return _reference(f"its tensors are {op.dtype or 'of no type'}: only int8 is accelerated")
    return _CHOICES[op.name](op)


def _convolution(op: Op) -> Choice:
    w = _window(op)
    if isinstance(w, Choice):
        return w
    if w.channels != w.filter_channels:
        return Choice("scalar", "", "it is grouped", "Use a depthwise and a 1x1 convolution instead of groups.")
    row = w.filter[0] * w.channels
    if w.filter == (1, 1) and w.stride == (1, 1):
        # Of other numbers of channels there is a second kernel, whose cost is taken for that of the general one.
        found = Choice("vector", "1x1")
        return found if row % 8 == 0 else _widen(Choice("padded", "conv"), w.channels, 8, "input channels")
    if row % 16 == 0 or row < 16 <= row * w.filter[1]:
        return Choice("vector", "conv" if row % 16 == 0 else "im2col")
    reason = f"a row of its filter, {w.filter[0]} x {w.channels} channels, is no multiple of 16 bytes"
    wanted = _up(w.channels, 16)
    return Choice("padded", "conv", reason, f"Give it {wanted} input channels instead of {w.channels}.", wanted)


def _depthwise(op: Op) -> Choice:
    w = _window(op)
    if isinstance(w, Choice):
        return w
    if w.multiplier == 1:
        if w.channels % 8:
            path = Choice("padded", "depthwise") if w.channels > 3 else Choice("scalar")
            return _widen(path, w.channels, 8, "channels")
        if w.filter == (3, 3) and w.channels >= 12 and w.channels % 16:
            return _widen(Choice("padded", "depthwise 3x3"), w.channels, 16, "channels")
        return Choice("vector", "depthwise 3x3" if w.filter == (3, 3) else "depthwise")
    if w.multiplier % 4 == 0:
        return Choice("vector", "depthwise")
    wanted = _up(w.multiplier, 4)
    return Choice(
        "scalar",
        "",
        f"its depth multiplier is {w.multiplier}",
        f"Use a depth multiplier of 1 or {wanted} instead of {w.multiplier}.",
    )


def _window(op: Op) -> Window | Choice:
    """The window of a convolution, or why ESP-NN is not called for it."""
    w, weights = op.window, op.input(1)
    if w is None:
        return _reference("its shapes are not fixed")
    if weights is None or weights.dtype != "int8":
        return _reference("its weights are not int8")
    if w.is_dilated:
        return _reference("it is dilated", "Use a larger filter or a stride instead of dilation.")
    return w


def _dense(op: Op) -> Choice:
    weights = op.input(1)
    if weights is None or weights.dtype != "int8" or not weights.shape:
        return _reference("its weights are not int8")
    length = weights.shape[-1]
    if length % 16 == 0:
        return Choice("vector", "dense")
    if length < 8:
        return _widen(Choice("scalar", "dense"), length, 16, "inputs")
    return Choice(
        "padded",
        "dense",
        f"{length % 16} of its {length} inputs are left over from steps of 16",
        f"Give it {_up(length, 16)} inputs instead of {length}.",
        _up(length, 16),
    )


def _elementwise(op: Op) -> Choice:
    a, b = op.input(0), op.input(1)
    if a is None or b is None:
        return _reference("it lacks an input")
    if a.shape != b.shape:
        return _reference("it broadcasts", "Give both inputs the same shape.")
    kernel = op.name.lower()
    if a.elements >= 8:
        return Choice("vector", kernel)
    return Choice("scalar", kernel, f"it has {a.elements} elements, fewer than 8")


def _pooling(op: Op) -> Choice:
    w = op.window
    if w is None:
        return _reference("its input has not four dimensions")
    if w.channels % 4:
        return _widen(Choice("scalar"), w.channels, 4, "channels")
    return Choice("vector", "max pool" if op.name == "MAX_POOL_2D" else "avg pool")


def _softmax(op: Op) -> Choice:
    if op.outputs and op.outputs[0].dtype != "int8":
        return _reference(f"its output is {op.outputs[0].dtype}")
    x = op.input(0)
    depth = x.shape[-1] if x is not None and x.shape else 0
    if depth >= 32:
        return Choice("vector", "softmax")
    return Choice("scalar", "softmax", f"it has {depth} values a row, fewer than 32")


def _reference(reason: str, remedy: str = "") -> Choice:
    return Choice("reference", "", reason, remedy)


def _widen(choice: Choice, count: int, multiple: int, what: str) -> Choice:
    wanted = _up(count, multiple)
    reason = f"{count} {what} are no multiple of {multiple}"
    return choice._replace(reason=reason, remedy=f"Give it {wanted} {what} instead of {count}.", wanted=wanted)


def _up(value: int, multiple: int) -> int:
    return max(multiple, -(-value // multiple) * multiple)


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
