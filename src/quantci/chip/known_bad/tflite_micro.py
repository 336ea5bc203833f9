"""Faults of TFLM's own kernels.

Found by tests/integration/test_differential.py, seen in the wheel 0.dev20261023182759, and
read in tflite-micro at commit 90b983c2 of 2026-08-20 and in esp-tflite-micro 1.4.0, which carries the same kernels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.chip.rule import Rule

if TYPE_CHECKING:
    from quantci.chip.op import Op

_TFLM: Final = "https://github.com/tensorflow/tflite-micro/blob/90b983c2/tensorflow/lite/micro/kernels/"
COMPARISONS: Final = frozenset({"EQUAL", "NOT_EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL"})


def rescales(op: Op) -> bool:
    """Integers whose scale or zero point changes from input to output.

    Smallest example: RELU6 of one element, int8, input scale 0.05 and zero point 0, output scale 0.1 and zero point 0:
    the input 20 (1.0) must become 10, and TFLM answers 20.
    """
    x = op.input(0)
    if x is None or not op.outputs or x.dtype not in {"int8", "int16"}:
        return False
    y = op.outputs[0]
    return (x.scale, x.zero_point) != (y.scale, y.zero_point)


def compares_large_steps(op: Op) -> bool:
    """INT8 of which one side has a scale of 1 or more.

    Smallest example: EQUAL of two int8 tensors of one element, both of scale 1.0: TFLM aborts in AllocateTensors.
    """
    return op.dtype == "int8" and any(tensor is not None and tensor.scale >= 1.0 for tensor in op.inputs[:2])


def divides_small(op: Op) -> bool:
    """INT8 division whose smallest quotients are far below a step of the output.

    The kernel then shifts to the right by more than the 31 bits that its own assertion allows, and its answer is 127
    or -128 instead of 0. With M = scale of a / (scale of b * scale of y) that is about where |a/b| * M < 1/4, for
    integers a and b without their zero points. |a/b| is at least 1/255, so from M = 64 on all is well: tried over
    every pair of a and b. Smallest example: 1 / 8 at M = 1: TFLM answers 127, and LiteRT too.
    """
    a, b = op.input(0), op.input(1)
    if op.dtype != "int8" or a is None or b is None or not op.outputs:
        return False
    return a.scale < 64 * b.scale * op.outputs[0].scale


def lacks_bias(op: Op) -> bool:
    """An SVDF without its bias, in float as in INT8.

    The kernels look for five inputs, count an absent one, and read the bias through a null pointer.
    """
    return op.input(3) is None


RULES: Final = (
    Rule(
        name="relu6-rescale",
        library="tflite-micro",
        ops=frozenset({"RELU6"}),
        matches=rescales,
        cause="A RELU6 on its own clamps and never rescales, so its answer is wrong when input and output scales "
        "differ.",
        remedy="Fuse it into the layer before it, or leave that to quantci: quantization.rewrite does it.",
        source=_TFLM + "activations.cc",
    ),
    Rule(
        name="comparison-scale",
        library="tflite-micro",
        ops=COMPARISONS,
        matches=compares_large_steps,
        severity="crash",
        cause="A comparison of INT8 tensors assumes that each scale is below 1, and aborts when one is not.",
        remedy="Scale what is compared so that its range stays below 255.",
        source=_TFLM + "comparisons.cc",
    ),
    Rule(
        name="div-small-quotient",
        library="tflite-micro",
        ops=frozenset({"DIV"}),
        matches=divides_small,
        cause="An INT8 division whose quotient is far below a step of its output answers with the largest or the "
        "smallest value instead of 0, in LiteRT, too.",
        remedy="Replace the division by a multiplication with the reciprocal.",
        source=_TFLM.replace("micro/kernels/", "kernels/internal/reference/div.h"),
    ),
    Rule(
        name="svdf-bias",
        library="tflite-micro",
        ops=frozenset({"SVDF"}),
        matches=lacks_bias,
        severity="crash",
        cause="An SVDF reads its bias without a look whether it has one, and crashes where it has none.",
        remedy="Give the layer a bias; zeros will do.",
        source=_TFLM + "svdf_common.cc",
    ),
)
