"""The terms of the latency estimate: what a unit of each is, and to which kernel it belongs.

work.py counts the units; docs/latency.md says why there are these terms and no others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

CHIP: Final = "esp32s3"
REFERENCE_TERM: Final = "reference_mac"
CALLS: Final = frozenset({"op", "dense_call", "softmax_call", "logistic_call"})  # once an op, outside of its kernel


class Term(NamedTuple):
    """What is counted.

    Attributes:
        unit: in words.
        kernel: terms of one kernel are slower together on a board that is slower at it.
    """

    unit: str
    kernel: str


TERMS: Final[Mapping[str, Term]] = {
    "op": Term("an op", "op"),
    "conv_mac": Term("multiply-accumulate of a convolution by vectors of 16; of a 1x1 from esp-nn 1.2 on", "1x1"),
    "conv_1x1_output": Term("output of a 1x1 convolution", "1x1"),
    "conv_1x1_mac_before_1_2": Term("multiply-accumulate of a 1x1 convolution, esp-nn before 1.2", "1x1"),
    "conv_1x1_rest": Term("output of the pixels that are left over from blocks of 8, esp-nn from 1.2 on", "1x1"),
    "conv_1x1_odd_output": Term("output of a 1x1 convolution whose input channels are not a multiple of 8", "1x1"),
    "conv_output": Term("output of any other convolution", "conv"),
    "conv_im2col_value": Term("value of a window that im2col copies, esp-nn from 1.2 on", "conv"),
    "conv_row": Term("row of the filter, for each output of a general convolution", "conv"),
    "depthwise_3x3_output": Term("output of a depthwise 3x3", "depthwise 3x3"),
    "depthwise_padded_output": Term(
        "output of another depthwise convolution whose channels are padded to a multiple of 8", "depthwise padded"
    ),
    "depthwise_tap": Term("tap of a depthwise convolution with another window or a multiplier", "depthwise"),
    "dense_call": Term("FULLY_CONNECTED, once", "dense"),
    "dense_mac": Term("multiply-accumulate of FULLY_CONNECTED", "dense"),
    "add_element": Term("output of ADD", "add"),
    "mul_element": Term("output of MUL", "mul"),
    "max_pool_tap": Term("tap of MAX_POOL_2D", "max pool"),
    "avg_pool_tap": Term("tap of AVERAGE_POOL_2D", "avg pool"),
    "softmax_call": Term("SOFTMAX, once", "softmax"),
    "softmax_element": Term("output of SOFTMAX", "softmax"),
    "logistic_call": Term("LOGISTIC of a few values, once", "logistic"),
    "mean_element": Term("input of TFLM's MEAN", "mean"),
    "broadcast_add_element": Term("output of TFLM's ADD that broadcasts", "broadcast add"),
    "broadcast_mul_element": Term("output of TFLM's MUL that broadcasts", "broadcast mul"),
    "flash_dio_ns": Term("byte of weights that is read from flash in DIO mode", "flash"),
    "psram_ns": Term("byte of inputs and outputs in PSRAM", "psram"),
    REFERENCE_TERM: Term("multiply-accumulate of TFLM's reference kernels", "reference"),
}


def is_wait(term: str) -> bool:
    """Whether it is nanoseconds, at any clock, and not cycles of the core."""
    return term.endswith("_ns")
