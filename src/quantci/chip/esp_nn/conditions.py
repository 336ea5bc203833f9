"""Which ops meet a fault of ESP-NN: one function a fault, by shapes, scales and the kernel that dispatch.py says runs.

faults.py says what goes wrong, in which versions, and how it is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.chip.esp_nn import dispatch as to
from quantci.chip.esp_nn.s3 import STRIP_LIMIT, padded_3x3

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantci.chip.op import Op
    from quantci.chip.window import Window


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


def leaves_last_pixel(op: Op) -> bool:
    """1x1, with channels that are widened to a multiple of 8."""
    return _in(op, to.POINTWISE_ODD) is not None


def multiplies_channels(op: Op) -> bool:
    """A depth multiplier that is a multiple of 4."""
    w = _in(op, to.DEPTHWISE)
    return w is not None and w.multiplier % 4 == 0


def pools_wide(op: Op) -> bool:
    """Averages into more columns than rows: a row of the input is taken to be as long as the output is high."""
    return _pools_in_fours(op) and op.window is not None and op.window.output[0] > op.window.output[1]


def pools_high(op: Op) -> bool:
    """Averages into more rows than columns: the last ones land behind the output."""
    return _pools_in_fours(op) and op.window is not None and op.window.output[0] < op.window.output[1]


def _pools_in_fours(op: Op) -> bool:
    return to.choose(op).kernel.name in {"avg pool", "max pool"}


def clamps_in_fours(op: Op) -> bool:
    """A max pool of 4, 12, 20 ... channels whose activation cuts off a part of what int8 can hold."""
    w = op.window
    return w is not None and _pools_in_fours(op) and w.channels % 8 == 4 and clamps(op)


def clamps(op: Op) -> bool:
    """Whether the fused activation leaves out values of int8: the bounds as TFLM quantizes them."""
    low, high = _BOUNDS.get(op.activation, (None, None))
    y = op.outputs[0]
    if y.scale <= 0:
        return op.activation != "NONE"
    return (low is not None and y.zero_point + round(low / y.scale) > -128) or (
        high is not None and y.zero_point + round(high / y.scale) < 127
    )


_BOUNDS: Final[Mapping[str, tuple[float, float | None]]] = {
    "RELU": (0.0, None),
    "RELU6": (0.0, 6.0),
    "RELU_N1_TO_1": (-1.0, 1.0),
}


def has_odd_softmax_rows(op: Op) -> bool:
    """Two rows or more that are longer than 32 and no multiple of 16."""
    x = op.input(0)
    if x is None or not x.shape or to.choose(op).kernel.name != "softmax":
        return False
    length = x.shape[-1]
    return length > 32 and length % 16 != 0 and x.elements > length


def reads_odd_rows(op: Op) -> bool:
    """Several rows whose length is not a multiple of 8: the second starts off the alignment of 8 bytes.

    TFLM aligns tensors to 16 bytes, so that the first row is always right. Fewer than 8 values are summed one by one.
    """
    if to.choose(op).kernel is not to.DENSE_REST:
        return False
    x, weights = op.input(0), op.input(1)
    return x is not None and weights is not None and weights.shape[-1] % 8 != 0 and x.elements > weights.shape[-1]


def is_dense(op: Op) -> bool:
    """Any FULLY_CONNECTED that ESP-NN runs."""
    return to.choose(op).kernel is not to.REFERENCE


def leaves_elements(op: Op) -> bool:
    """A MUL of a number of elements that is no multiple of 8."""
    x = op.input(0)
    return x is not None and to.choose(op).kernel.path == "vector" and x.elements % 8 != 0


def is_convolution(op: Op) -> bool:
    """Any CONV_2D that ESP-NN is called for."""
    return to.choose(op).kernel is not to.REFERENCE


def outgrows_scratch(op: Op) -> bool:
    """More values than its second dimension has: the scratch is sized by that dimension."""
    x = op.input(0)
    return x is not None and len(x.shape) > 2 and x.shape[-1] > x.shape[1] and to.choose(op).kernel.name == "softmax"
