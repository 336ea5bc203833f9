"""Scratch that ESP-NN's int8 kernels ask for on the ESP32-S3, in bytes of tensor arena.

Source: esp-nn 1.2.3, the functions `esp_nn_get_conv_scratch_size_esp32s3` (src/convolution/esp_nn_conv_esp32s3.c),
`esp_nn_get_depthwise_conv_scratch_size_esp32s3` (src/convolution/esp_nn_depthwise_conv_s8_esp32s3.c) and
`esp_nn_get_softmax_scratch_size_esp32s3` (src/softmax/esp_nn_softmax_s8_esp32s3.c), called as esp-tflite-micro 1.4.0
calls them: with no dilation, and with the top and left padding only. They change between patch versions of esp-nn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from quantci.chip.window import Window

STRIP_LIMIT: Final = 40 * 1024  # padded input of a 3x3 depthwise convolution up to which it is kept whole
TILE_LIMIT: Final = 48 * 1024  # the same for other filters, with input and filter widened to 16 bits


def convolution(w: Window) -> int:
    """Scratch of CONV_2D."""
    (width, height), (filter_width, filter_height) = w.input, w.filter
    if w.filter == (1, 1) and w.stride == (1, 1) and w.leading == (0, 0):
        channels = _up(w.channels, 8)
        transposed = 16 * channels if width * height >= 8 else 0
        widened = width * height * channels if w.channels % 8 else 0
        return widened + channels * w.output_channels + transposed + 64
    row = filter_width * w.channels
    window = row * filter_height
    if row < 16 <= window:
        return 4 * w.output_channels + (w.output_channels + 1) * _up(window, 16) + 96
    padded = 0
    if w.leading != (0, 0):
        padded = (width + 2 * w.leading[0]) * (height + 2 * w.leading[1]) * w.channels
    filters = filter_width * filter_height * _up(w.channels, 16) * w.output_channels
    rows = _up(row, 16) * filter_height * w.output_channels
    right, bottom = w.overhang(0), w.overhang(1)
    border = (width + right) * (height + bottom) * w.channels if right or bottom else 0
    return padded + filters + rows + border + 4 * w.output_channels + 64


def depthwise(w: Window) -> int:
    """Scratch of DEPTHWISE_CONV_2D."""
    width, height = w.input
    taps = w.taps
    filters = taps * w.channels * w.multiplier
    widened = 2 * (filters + width * height * w.channels)
    if w.multiplier == 1 and w.channels % 8 == 0:
        if w.filter == (3, 3):
            return _depthwise_3x3(w, filters, widened)
        if widened <= TILE_LIMIT:
            return widened + 32
        return 2 * filters + 2 * width * w.filter[1] * w.channels + 32
    if w.multiplier == 1 and w.channels > 3:
        channels = _up(w.channels, 8)
        size = _up(2 * taps * channels, 16)
        size = _up(size + 2 * width * height * channels, 16)
        size = _up(size + w.output[0] * w.output[1] * channels, 16)
        return size + 12 * channels + 16
    return widened + 32 if w.multiplier % 4 == 0 else 32


def softmax(shape: tuple[int, ...]) -> int:
    """Scratch of SOFTMAX: four bytes for each element of its second dimension."""
    return 4 * shape[1] if len(shape) > 1 else 0


def _depthwise_3x3(w: Window, filters: int, widened: int) -> int:
    width, height = w.input
    if w.channels % 16 == 0:
        right, bottom = (2 * w.leading[0], 2 * w.leading[1]) if any(w.leading) else (w.overhang(0), w.overhang(1))
        whole = (width + right) * (height + bottom) * w.channels
        if not right and not bottom:
            whole = 0
        elif whole > STRIP_LIMIT:
            whole = (width + right) * 3 * w.channels
        return filters + whole + 16
    if w.channels < 12:
        return widened + 32
    channels = _up(w.channels, 16)
    padded = (width + 2 * w.leading[0] + w.overhang(0)) * (height + 2 * w.leading[1] + w.overhang(1)) * channels
    return 9 * channels + padded + w.output[0] * w.output[1] * channels + 64


def _up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple
