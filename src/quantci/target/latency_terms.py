"""Which kernel of ESP-NN runs an op on the ESP32-S3, and how much work of each kind it does there.

Source of the choice: esp-tflite-micro (tensorflow/lite/micro/kernels/esp_nn) for what reaches ESP-NN at all, and
esp-nn 1.2.3 (`esp_nn_conv_s8_esp32s3`, `esp_nn_depthwise_conv_s8_esp32s3`) for the kernel that it then takes. Each term
is a number of units (multiply-accumulates, output elements, taps of a pool); cycles are their sum with one coefficient
a term. docs/latency.md says why there are these and no others.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from quantci.tflite.macs import count_macs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from quantci.target.layer import Layer

CHIP: Final = "esp32s3"
NOT_COVERED: Final = "not covered"
REFERENCE: Final = "reference"
REFERENCE_TERM: Final = "reference_mac"
TERMS: Final = (
    "conv_1x1_mac",
    "conv_im2col_mac",
    "conv_mac",
    "depthwise_3x3_mac",
    "depthwise_mac",
    "dense_mac",
    "output",  # of the five kinds above: bias, requantization, store
    "add_element",
    "mul_element",
    "max_pool_tap",
    "avg_pool_tap",
    "softmax_element",
)
_VECTOR: Final = 16  # int8 values in one vector register


class Work(NamedTuple):
    """A kernel by its name in reports, and units of each term."""

    path: str
    terms: Mapping[str, float]


def work_of(layer: Layer, kernels: str = "esp-nn") -> Work | None:
    """What an op makes the chip do; None where no published figure says what its kernel costs.

    Args:
        layer: the op.
        kernels: "esp-nn", or "reference" for TFLM's own kernels: those count multiply-accumulates only.
    """
    shapes = (*layer.inputs, layer.output)
    if any(size < 0 for shape in shapes for size in shape):
        return None
    if kernels == "reference":
        macs = count_macs(layer.op, layer.inputs, [layer.output])
        return Work(REFERENCE, {REFERENCE_TERM: macs}) if macs else None
    rule = _RULES.get(layer.op)
    if rule is None or not layer.is_int8 or layer.is_dilated:
        return None
    try:
        return rule(layer)
    except (IndexError, ValueError):  # a rank that the op does not take
        return None


def _conv(layer: Layer) -> Work | None:
    outputs = math.prod(layer.output)
    _, height, width, channels = layer.inputs[1]
    if channels != layer.inputs[0][3]:  # grouped: esp-nn falls back to its ANSI C
        return None
    window = height * width * channels
    if (height, width) == layer.stride == (1, 1) and channels % 8 == 0:
        return Work("esp-nn 1x1", {"conv_1x1_mac": outputs * window, "output": outputs})
    if width * channels < _VECTOR <= window and (height, width) != (1, 1):
        return Work("esp-nn im2col", {"conv_im2col_mac": outputs * _up(window), "output": outputs})
    return Work("esp-nn conv", {"conv_mac": outputs * window, "output": outputs})


def _depthwise(layer: Layer) -> Work:
    _, height, width, channels = layer.inputs[1]
    outputs = math.prod(layer.output)
    if (height, width) == (3, 3) and channels == layer.inputs[0][3] and channels % 8 == 0:
        if channels > 8:  # widened to whole vectors; 8 channels take another road
            outputs = outputs // channels * _up(channels)
        return Work("esp-nn depthwise 3x3", {"depthwise_3x3_mac": 9 * outputs, "output": outputs})
    return Work("esp-nn depthwise", {"depthwise_mac": height * width * outputs, "output": outputs})


def _dense(layer: Layer) -> Work:
    _units, depth = layer.inputs[1]
    outputs = math.prod(layer.output)
    return Work("esp-nn dense", {"dense_mac": outputs * depth, "output": outputs})


def _elementwise(word: str) -> Callable[[Layer], Work | None]:
    def work(layer: Layer) -> Work | None:
        if layer.inputs[0] != layer.inputs[1]:  # broadcasting goes through TFLM's own loop
            return None
        return Work(f"esp-nn {word}", {f"{word}_element": math.prod(layer.output)})

    return work


def _pool(word: str) -> Callable[[Layer], Work | None]:
    def work(layer: Layer) -> Work | None:
        if layer.output[3] % 4:
            return None
        return Work(f"esp-nn {word} pool", {f"{word}_pool_tap": math.prod(layer.output) * math.prod(layer.window)})

    return work


def _softmax(layer: Layer) -> Work:
    return Work("esp-nn softmax", {"softmax_element": math.prod(layer.output)})


def _up(value: int) -> int:
    return -(-value // _VECTOR) * _VECTOR


_RULES: Final[Mapping[str, Callable[[Layer], Work | None]]] = {
    "ADD": _elementwise("add"),
    "AVERAGE_POOL_2D": _pool("avg"),
    "CONV_2D": _conv,
    "DEPTHWISE_CONV_2D": _depthwise,
    "FULLY_CONNECTED": _dense,
    "MAX_POOL_2D": _pool("max"),
    "MUL": _elementwise("mul"),
    "SOFTMAX": _softmax,
}
