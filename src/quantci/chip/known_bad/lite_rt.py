"""Faults of LiteRT's reference kernels that TFLM does not share, seen in ai-edge-litert 2.3.0.

They matter where LiteRT is the oracle, because TFLM has no wheel for the machine. Found by
tests/integration/test_differential.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.chip.rule import Rule

if TYPE_CHECKING:
    from quantci.chip.op import Op

_LITE_RT: Final = "https://github.com/google-ai-edge/LiteRT"


def sums(op: Op) -> bool:
    """Any INT8 SUM: whether it goes wrong depends on the values.

    Smallest example: SUM of [-10, -20], both scales 0.1 and zero points 0, is -30, and LiteRT's reference kernel says
    -1; of [127, 127] it says -2. XNNPACK and TFLM are right.
    """
    return op.dtype == "int8"


def squares_into_small_steps(op: Op) -> bool:
    """INT8 SQUARED_DIFFERENCE whose output steps are too small for its inputs'.

    The kernel wants (2 * larger input scale)^2 / (2^14 * output scale) below 1 and aborts otherwise. Smallest example:
    one element, input scales 2.5, output scale 0.0001.
    """
    a, b = op.input(0), op.input(1)
    if op.dtype != "int8" or a is None or b is None or not op.outputs:
        return False
    return (2 * max(a.scale, b.scale)) ** 2 >= 2**14 * op.outputs[0].scale


RULES: Final = (
    Rule(
        name="reference-sum",
        library="LiteRT",
        ops=frozenset({"SUM"}),
        matches=sums,
        cause="LiteRT's reference kernel for an INT8 SUM loses sums that are negative or large; TFLM's is right.",
        remedy="Judge this model on x86-64 Linux, where the oracle is TFLM, or replace the SUM by a MEAN.",
        source=_LITE_RT,
    ),
    Rule(
        name="reference-squared-difference",
        library="LiteRT",
        ops=frozenset({"SQUARED_DIFFERENCE"}),
        matches=squares_into_small_steps,
        severity="crash",
        cause="LiteRT aborts in an INT8 SQUARED_DIFFERENCE whose output scale is far below those of its inputs.",
        remedy="Check the ranges: an output that small next to its inputs is hardly intended.",
        source=_LITE_RT,
    ),
)
