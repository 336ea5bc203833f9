"""Faults of ESP-NN's kernels for the ESP32-S3 and of the code that calls them.

Each was read in the sources of the versions it names; "only reported" where the sources do not show why. Versions
behind the last one named here were not read: a fault may be fixed there, or not. Read and left out, because no rule on
shapes follows from them: espressif/esp-nn#22 (a FULLY_CONNECTED far off, closed) and #23 (convolutions of -128, open).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from quantci.chip.esp_nn import dispatch as to
from quantci.chip.esp_nn.s3 import STRIP_LIMIT, padded_3x3
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

# The branches of the old ones are not those of dispatch.py, which says of them only whether ESP-NN is called.
_old = partial(Rule, library="esp-nn", seen=("1.0.0", "1.2.0"))
_read = partial(Rule, library="esp-nn", seen=("1.2.1", "1.2.3"))


def _in(op: Op, *kernels: to.Kernel) -> Window | None:
    """The window of an op that one of these kernels runs."""
    return op.window if to.choose(op).kernel in kernels else None


def _pads_more_behind(w: Window) -> bool:
    return w.trailing[0] > w.leading[0] or w.trailing[1] > w.leading[1]


def pads_unevenly(op: Op) -> bool:
    """SAME that pads more on the right or at the bottom: both sides are padded alike, or not at all."""
    w = op.window
    return w is not None and to.choose(op).kernel is not to.REFERENCE and _pads_more_behind(w)


def pads_unevenly_and_before(op: Op) -> bool:
    """The same with padding on the left or on top as well; without, it is right since 1.2.1."""
    w = _in(op, to.GENERAL, to.GENERAL_PADDED)
    return w is not None and any(w.leading) and _pads_more_behind(w)


def overruns_scratch(op: Op) -> bool:
    """Padded on one axis only, it asks for the scratch of another path than it takes."""
    w = _in(op, to.DEPTHWISE_3X3)
    return w is not None and any(w.leading) and w.leading != (1, 1)


def overruns_strip(op: Op) -> bool:
    """It asks for a strip of three rows, as the path for padding on all sides does, and then pads the whole input."""
    w = _in(op, to.DEPTHWISE_3X3)
    return w is not None and not any(w.leading) and padded_3x3(w) > STRIP_LIMIT


def pads_tiles_with_zero(op: Op) -> bool:
    """Done row by row and padded on top or at the bottom, with a zero point.

    The padding rows hold -zero_point, which stands for the quantized 0, where they must hold what stands for 0.0.
    """
    w, x = _in(op, to.DEPTHWISE_TILED), op.input(0)
    return w is not None and x is not None and (w.leading[1] > 0 or w.trailing[1] > 0) and x.zero_point != 0


def reads_odd_rows(op: Op) -> bool:
    """Several rows whose length is not a multiple of 16: the second starts off the alignment."""
    if to.choose(op).kernel not in {to.DENSE_REST, to.DENSE_SHORT}:
        return False
    x, weights = op.input(0), op.input(1)
    return x is not None and weights is not None and x.elements > weights.shape[-1]


def has_narrow_output(op: Op) -> bool:
    """An input or output width that is not a multiple of 8."""
    weights = op.input(1)
    if weights is None or len(weights.shape) != 2 or to.choose(op).kernel is to.REFERENCE:
        return False
    return weights.shape[0] % 8 != 0 or weights.shape[1] % 8 != 0


def outgrows_scratch(op: Op) -> bool:
    """More values than its second dimension has: the scratch is sized by that dimension."""
    x = op.input(0)
    return x is not None and len(x.shape) > 2 and x.shape[-1] > x.shape[1] and to.choose(op).kernel.name == "softmax"


_CONVOLUTION: Final = frozenset({"CONV_2D"})
_DEPTHWISE_OP: Final = frozenset({"DEPTHWISE_CONV_2D"})
_DENSE: Final = frozenset({"FULLY_CONNECTED"})

RULES: Final = (
    _old(
        name="conv-same-padding",
        ops=_CONVOLUTION,
        matches=pads_unevenly,
        cause="A SAME convolution that pads more on the right or at the bottom than on the left and top gives wrong "
        "values in its last column or row.",
        remedy=_REPAD,
        source=_ESP_NN + "issues/31",
    ),
    _read(
        name="conv-same-padding-both",
        ops=_CONVOLUTION,
        matches=pads_unevenly_and_before,
        cause="A SAME convolution that pads on all sides, and more on the right or at the bottom, gives wrong values "
        "in its last column or row.",
        remedy=_REPAD,
        source=_ESP_NN + "issues/31",
    ),
    _read(
        name="depthwise-scratch",
        ops=_DEPTHWISE_OP,
        matches=overruns_scratch,
        cause="A 3x3 depthwise convolution that is padded on one axis only writes beyond its scratch buffer.",
        remedy=_REPAD,
        source=_ESP_NN + "issues/30",
    ),
    _read(
        name="depthwise-strip",
        ops=_DEPTHWISE_OP,
        matches=overruns_strip,
        cause="A 3x3 depthwise convolution that is padded on the right and bottom only, of more than 40 KiB, writes "
        "far beyond its scratch buffer.",
        remedy="Make its input smaller than 40 KiB, or pad with a layer of its own on all sides.",
        source=_DEPTHWISE,
    ),
    _read(
        name="depthwise-tile-padding",
        ops=_DEPTHWISE_OP,
        matches=pads_tiles_with_zero,
        cause="A large depthwise convolution with another filter than 3x3 pads its first and last rows with a value "
        "that does not stand for zero.",
        remedy="Use a 3x3 filter, make its input smaller, or make the convolution VALID.",
        source=_DEPTHWISE,
    ),
    Rule(
        name="dense-row-alignment",
        library="esp-nn",
        seen=("1.2.1", "1.2.5"),
        ops=_DENSE,
        matches=reads_odd_rows,
        cause="A FULLY_CONNECTED over several rows reads the second row off its alignment when the length is not "
        "a multiple of 16, and sums up other values.",
        remedy="Make the length of a row a multiple of 16, or the batch 1.",
        source=_ESP_NN + "issues/34",
    ),
    _old(
        name="dense-width",
        ops=_DENSE,
        matches=has_narrow_output,
        cause="A FULLY_CONNECTED whose input or output width is not a multiple of 8 may give wrong values: the header "
        "asks for multiples of 8, and nothing checks it.",
        remedy="Make both widths multiples of 8, or use a newer esp-nn.",
        source=_ESP_NN + "issues/34",
        is_confirmed=False,
    ),
    Rule(
        name="softmax-scratch",
        library="esp-tflite-micro",
        seen=("1.3.1", "1.4.0"),
        ops=frozenset({"SOFTMAX"}),
        matches=outgrows_scratch,
        cause="A SOFTMAX of more than two dimensions asks for scratch by its second dimension and writes as many "
        "values as its last one has.",
        remedy="Reshape what goes into the softmax to two dimensions.",
        source=_SOFTMAX,
    ),
)
