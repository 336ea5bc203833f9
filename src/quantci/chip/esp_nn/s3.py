"""Scratch that each kernel of ESP-NN for the ESP32-S3 asks for, in bytes of tensor arena; dispatch.py says which runs.

Source: esp-nn, the functions `esp_nn_get_conv_scratch_size_esp32s3` (src/convolution/esp_nn_conv_esp32s3.c) and
`esp_nn_get_depthwise_conv_scratch_size_esp32s3` (src/convolution/esp_nn_depthwise_conv_s8_esp32s3.c), in the release
that version.py names: they change between patch versions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.chip.window import up

if TYPE_CHECKING:
    from quantci.chip.window import Pair, Window

STRIP_LIMIT: Final = 40 * 1024  # padded input of a 3x3 depthwise convolution up to which it is kept whole
TILE_LIMIT: Final = 48 * 1024  # the same for other filters, with input and filter widened to 16 bits


def nothing(_w: Window) -> int:
    """Of what asks for none."""
    return 0


def margin(_w: Window) -> int:
    """Of a depthwise convolution in plain C."""
    return 32


def pointwise(w: Window) -> int:
    """A 1x1 convolution: channels widened to 8, the filter, 8 pixels transposed."""
    pixels, channels = w.input[0] * w.input[1], up(w.channels, 8)
    transposed = 16 * channels if pixels >= 8 else 0
    widened = pixels * channels if w.channels % 8 else 0
    return widened + channels * w.output_channels + transposed + 64


def im2col(w: Window) -> int:
    """A convolution that gathers each window into whole vectors."""
    return 4 * w.output_channels + (w.output_channels + 1) * up(w.taps * w.channels, 16) + 96


def general(w: Window) -> int:
    """Any other convolution."""
    width, height = w.input
    padded = (width + 2 * w.leading[0]) * (height + 2 * w.leading[1]) * w.channels if any(w.leading) else 0
    filters = w.taps * up(w.channels, 16) * w.output_channels
    rows = up(w.filter[0] * w.channels, 16) * w.filter[1] * w.output_channels
    right, bottom = w.overhang
    border = (width + right) * (height + bottom) * w.channels if right or bottom else 0
    return padded + filters + rows + border + 4 * w.output_channels + 64


def bytes_3x3(w: Window) -> int:
    """A 3x3 depthwise convolution in 8 bits, of a large input a strip of three rows."""
    whole = padded_3x3(w)
    if whole > STRIP_LIMIT:
        whole = (w.input[0] + _margins(w)[0]) * 3 * w.channels
    return 9 * w.channels + whole + 16


def padded_3x3(w: Window) -> int:
    """Bytes of its input with the padding that the kernel makes; 0 where it makes none."""
    right, bottom = _margins(w)
    return (w.input[0] + right) * (w.input[1] + bottom) * w.channels if right or bottom else 0


def _margins(w: Window) -> Pair:
    return (2 * w.leading[0], 2 * w.leading[1]) if any(w.leading) else w.overhang


def bytes_3x3_padded(w: Window) -> int:
    """The same with channels widened to 16: filter, padded input and output."""
    channels, (right, bottom) = up(w.channels, 16), w.overhang
    size = (w.input[0] + 2 * w.leading[0] + right) * (w.input[1] + 2 * w.leading[1] + bottom)
    return (9 + size + w.output[0] * w.output[1]) * channels + 64


def widened(w: Window) -> int:
    """Filter and input of a depthwise convolution in 16 bits."""
    return 2 * w.channels * (w.taps * w.multiplier + w.input[0] * w.input[1])


def words(w: Window) -> int:
    """A depthwise convolution in 16 bits."""
    return widened(w) + 32


def words_tiled(w: Window) -> int:
    """The same, as many rows at a time as the filter has."""
    return 2 * w.channels * (w.taps + w.input[0] * w.filter[1]) + 32


def words_padded(w: Window) -> int:
    """The same with channels widened to 8, and with their own output and parameters."""
    channels = up(w.channels, 8)
    size = up(2 * w.taps * channels, 16)
    size = up(size + 2 * w.input[0] * w.input[1] * channels, 16)
    size = up(size + w.output[0] * w.output[1] * channels, 16)
    return size + 12 * channels + 16
