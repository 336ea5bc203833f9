"""Faults of ESP-NN's kernels for the ESP32-S3 and of the code that calls them.

Each was read in the sources of the versions it names; "only reported" where the sources do not show why. Versions
behind the last one named here were not read: a fault may be mended there, or not. Read and left out, because no rule on
shapes follows from them: espressif/esp-nn#22 (a FULLY_CONNECTED far off, closed) and #23 (convolutions of -128, open).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.chip.esp_nn.s3 import STRIP_LIMIT, TILE_LIMIT
from quantci.chip.rule import Rule

if TYPE_CHECKING:
    from quantci.chip.op import Op
    from quantci.chip.window import Window

_ESP_NN: Final = "https://github.com/espressif/esp-nn/"
_DEPTHWISE: Final = _ESP_NN + "blob/d45b843c/src/convolution/esp_nn_depthwise_conv_s8_esp32s3.c"
_SOFTMAX: Final = (
    "https://github.com/espressif/esp-tflite-micro/blob/99f49e14/tensorflow/lite/micro/kernels/esp_nn/softmax.cc"
)
_REPAD: Final = (
    "Pad with a layer of its own (ZeroPadding2D) and make the convolution VALID, or change the input's size."
)


def _int8_window(op: Op) -> Window | None:
    """The window of an op that runs in ESP-NN: int8 and not dilated."""
    window = op.window
    return window if window is not None and op.dtype == "int8" and not window.is_dilated else None


def _pads_more_behind(w: Window) -> bool:
    return w.trailing[0] > w.leading[0] or w.trailing[1] > w.leading[1]


def pads_unevenly(op: Op) -> bool:
    """SAME that pads more on the right or at the bottom: up to 1.2.0 both sides are padded alike, or not at all."""
    w = _int8_window(op)
    return w is not None and _pads_more_behind(w)


def pads_unevenly_and_before(op: Op) -> bool:
    """The same with padding on the left or on top as well; without, it is right since 1.2.1.

    Rows of the filter of fewer than 16 values take another path, which is right.
    """
    w = _int8_window(op)
    if w is None or not any(w.leading) or w.channels != w.filter_channels:
        return False
    row = w.filter[0] * w.channels
    return _pads_more_behind(w) and not row < 16 <= row * w.filter[1]


def _fast_3x3(op: Op) -> Window | None:
    w = _int8_window(op)
    fits = w is not None and w.multiplier == 1 and w.filter == (3, 3) and w.channels % 16 == 0
    return w if fits else None


def overruns_scratch(op: Op) -> bool:
    """A 3x3 depthwise convolution padded on one axis only: it asks for the scratch of another path than it takes."""
    w = _fast_3x3(op)
    return w is not None and any(w.leading) and w.leading != (1, 1)


def overruns_strip(op: Op) -> bool:
    """A 3x3 depthwise convolution padded on the right and bottom only, larger than 40 KiB when padded.

    It asks for a strip of three rows, as the path for padding on all sides does, and then pads the whole input.
    """
    w = _fast_3x3(op)
    if w is None or any(w.leading):
        return False
    wider, higher = (w.output[axis] * w.stride[axis] + 2 - w.input[axis] for axis in (0, 1))
    if not wider and not higher:
        return False
    return (w.input[0] + wider) * (w.input[1] + higher) * w.channels > STRIP_LIMIT


def pads_tiles_with_zero(op: Op) -> bool:
    """A depthwise convolution of another filter than 3x3 that is done row by row and padded on top or at the bottom.

    The padding rows hold -zero_point, which stands for the quantized 0, where they must hold what stands for 0.0.
    """
    w, x = _int8_window(op), op.input(0)
    if w is None or x is None or w.multiplier != 1 or w.filter == (3, 3) or w.channels % 8:
        return False
    widened = 2 * w.channels * (w.taps + w.input[0] * w.input[1])
    return widened > TILE_LIMIT and (w.leading[1] > 0 or w.trailing[1] > 0) and x.zero_point != 0


def reads_odd_rows(op: Op) -> bool:
    """FULLY_CONNECTED over several rows whose length is no multiple of 16: the second starts off the alignment."""
    x, weights = op.input(0), op.input(1)
    if x is None or weights is None or not weights.shape or op.dtype != "int8" or weights.dtype != "int8":
        return False
    length = weights.shape[-1]
    return length > 0 and x.elements > length and length % 16 != 0


def has_narrow_output(op: Op) -> bool:
    """FULLY_CONNECTED whose input or output width is no multiple of 8."""
    weights = op.input(1)
    if weights is None or len(weights.shape) != 2 or op.dtype != "int8":
        return False
    return weights.shape[0] % 8 != 0 or weights.shape[1] % 8 != 0


def outgrows_scratch(op: Op) -> bool:
    """SOFTMAX over more values than its second dimension has: the scratch is sized by that dimension."""
    x = op.input(0)
    return x is not None and op.dtype == "int8" and len(x.shape) > 2 and x.shape[-1] > x.shape[1]


_CONVOLUTION: Final = frozenset({"CONV_2D"})
_DEPTHWISE_OP: Final = frozenset({"DEPTHWISE_CONV_2D"})
_DENSE: Final = frozenset({"FULLY_CONNECTED"})

RULES: Final = (
    Rule(
        name="conv-same-padding",
        library="esp-nn",
        first="1.0.0",
        last="1.2.0",
        ops=_CONVOLUTION,
        matches=pads_unevenly,
        severity="wrong-output",
        cause="A SAME convolution that pads more on the right or at the bottom than on the left and top gives wrong "
        "values in its last column or row.",
        remedy=_REPAD,
        source=_ESP_NN + "issues/31",
    ),
    Rule(
        name="conv-same-padding-both",
        library="esp-nn",
        first="1.2.1",
        last="1.2.3",
        ops=_CONVOLUTION,
        matches=pads_unevenly_and_before,
        severity="wrong-output",
        cause="A SAME convolution that pads on all sides, and more on the right or at the bottom, gives wrong values "
        "in its last column or row.",
        remedy=_REPAD,
        source=_ESP_NN + "issues/31",
    ),
    Rule(
        name="depthwise-scratch",
        library="esp-nn",
        first="1.2.1",
        last="1.2.3",
        ops=_DEPTHWISE_OP,
        matches=overruns_scratch,
        severity="wrong-output",
        cause="A 3x3 depthwise convolution that is padded on one axis only writes beyond its scratch buffer.",
        remedy=_REPAD,
        source=_ESP_NN + "issues/30",
    ),
    Rule(
        name="depthwise-strip",
        library="esp-nn",
        first="1.2.1",
        last="1.2.3",
        ops=_DEPTHWISE_OP,
        matches=overruns_strip,
        severity="wrong-output",
        cause="A 3x3 depthwise convolution that is padded on the right and bottom only, of more than 40 KiB, writes "
        "far beyond its scratch buffer.",
        remedy="Make its input smaller than 40 KiB, or pad with a layer of its own on all sides.",
        source=_DEPTHWISE,
    ),
    Rule(
        name="depthwise-tile-padding",
        library="esp-nn",
        first="1.2.1",
        last="1.2.3",
        ops=_DEPTHWISE_OP,
        matches=pads_tiles_with_zero,
        severity="wrong-output",
        cause="A large depthwise convolution with another filter than 3x3 pads its first and last rows with a value "
        "that does not stand for zero.",
        remedy="Use a 3x3 filter, make its input smaller, or make the convolution VALID.",
        source=_DEPTHWISE,
    ),
    Rule(
        name="dense-row-alignment",
        library="esp-nn",
        first="1.2.1",
        last="1.2.5",
        ops=_DENSE,
        matches=reads_odd_rows,
        severity="wrong-output",
        cause="A FULLY_CONNECTED over several rows reads the second row off its alignment when the length is no "
        "multiple of 16, and sums up other values.",
        remedy="Make the length of a row a multiple of 16, or the batch 1.",
        source=_ESP_NN + "issues/34",
    ),
    Rule(
        name="dense-width",
        library="esp-nn",
        first="1.0.0",
        last="1.2.0",
        ops=_DENSE,
        matches=has_narrow_output,
        severity="wrong-output",
        cause="A FULLY_CONNECTED whose input or output width is no multiple of 8 may give wrong values: the header "
        "asks for multiples of 8, and nothing checks it.",
        remedy="Make both widths multiples of 8, or take a newer esp-nn.",
        source=_ESP_NN + "issues/34",
        is_confirmed=False,
    ),
    Rule(
        name="softmax-scratch",
        library="esp-tflite-micro",
        first="1.3.1",
        last="1.4.0",
        ops=frozenset({"SOFTMAX"}),
        matches=outgrows_scratch,
        severity="wrong-output",
        cause="A SOFTMAX of more than two dimensions asks for scratch by its second dimension and writes as many "
        "values as its last one has.",
        remedy="Reshape what goes into the softmax to two dimensions.",
        source=_SOFTMAX,
    ),
)
