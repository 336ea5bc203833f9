"""Scratch that ESP-NN's int8 kernels ask for on the ESP32-P4, in bytes of tensor arena.

Source: esp-nn, `esp_nn_get_conv_scratch_size_esp32p4` (src/convolution/esp_nn_conv_esp32p4.c), in the
release that version.py names; its depthwise convolution asks for none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.chip.window import up

if TYPE_CHECKING:
    from quantci.chip.window import Window

CACHE: Final = 32 * 1024  # padded input up to which it is kept whole, else in tiles; L1D_BUDGET
ROOM: Final = 32  # to align what follows


def convolution(w: Window) -> int:
    """Scratch of CONV_2D."""
    if w.is_pointwise:
        return _pointwise(w)
    sums = 4 * w.output_channels + ROOM
    row, window = w.filter[0] * w.channels, w.taps * w.channels
    filters = w.taps * up(w.channels, 16) * w.output_channels
    if w.leading == (0, 0) and row >= 16:
        return filters + sums
    if window >= 16:
        return window + sums
    return _small(w, filters) + sums


def _pointwise(w: Window) -> int:
    if w.channels < 16:
        return 4 * w.output_channels + 16 * w.output_channels + 32 + ROOM
    pixels, channels = w.input[0] * w.input[1], up(w.channels, 8)
    widened = pixels * channels if w.channels % 8 else 0
    return widened + channels * w.output_channels + (16 * channels if pixels >= 8 else 0) + ROOM


def _small(w: Window, filters: int) -> int:
    """A window of less than 16 elements, without the sums."""
    (width, height), (taps_wide, taps_high) = w.input, w.filter
    channels = up(-(-16 // taps_wide), 16)  # as many as fill a vector
    narrow = taps_wide * taps_high * channels * w.output_channels
    if w.leading == (0, 0):
        return narrow + width * height * channels
    padded = (width + 2 * w.leading[0]) * (height + 2 * w.leading[1]) * w.channels
    if padded + 4 * w.output_channels <= CACHE:
        return padded + filters
    return _tile(w, channels) * (width + 2 * w.leading[0]) * channels + narrow


def _tile(w: Window, channels: int) -> int:
    """Rows of padded input that are held at once."""
    taps_wide, taps_high = w.filter
    row = (w.input[0] + 2 * w.leading[0]) * channels
    left = CACHE - 4 * w.output_channels - taps_wide * taps_high * channels * w.output_channels
    rows = 1
    if left > 0 and taps_high * row <= left:
        rows = min((left - taps_high * row) // (w.stride[1] * row) + 1, w.output[1])
    return (rows - 1) * w.stride[1] + taps_high + 2 * w.leading[1]
