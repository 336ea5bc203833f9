"""Which tensors fit ops that work element by element, and reductions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from quantci.tflite.verify.operands import axes, given, same_shape, same_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantci.tflite.verify.operands import Operands


def _unary(op: Operands) -> bool:
    return same_shape(op) and same_type(op)


def _fake_quant(op: Operands) -> bool:
    return _unary(op) and op.types[0] == "float32"


def has_exponents(op: Operands) -> bool:
    """Types and scale of a SOFTMAX or LOG_SOFTMAX, of whatever shape: LiteRT does not compare the types."""
    if op.types[0] in {"int8", "uint8"} and getattr(op.options, "beta", 1.0) * op.scales[0] <= 2.0**-26:
        return False  # the kernels abort: their fixed-point input has 26 fractional bits
    return same_type(op) or (op.types[0], op.output_types[0]) == ("int8", "int16")


def _softmax(op: Operands) -> bool:
    return same_shape(op) and has_exponents(op)


def _reshape(op: Operands) -> bool:
    return math.prod(given(op.inputs[0])) == math.prod(op.outputs[0]) and same_type(op)


def _binary(op: Operands) -> bool:
    shape = list(np.broadcast_shapes(tuple(given(op.inputs[0])), tuple(given(op.inputs[1]))))
    # A product of shape [] may be stored as [1].
    return op.outputs[0] == shape and op.types[0] == op.types[1]


def _arithmetic(op: Operands) -> bool:
    return _binary(op) and same_type(op)


def can_be_summed(op: Operands) -> bool:
    """Types and scales of an ADD or SUB, of whatever shape: with others its kernels abort."""
    if not op.types[0] == op.types[1] == op.output_types[0]:
        return False
    if op.types[0] in {"int8", "uint8", "int16"} and not all((*op.scales, *op.output_scales)):
        return False
    # The larger input scale may exceed the output's by the headroom of the kernels' arithmetic.
    headroom = 15 if op.types[0] == "int16" else 20
    return 2 * max(op.scales) <= op.output_scales[0] * float(2**headroom)


def _sum(op: Operands) -> bool:
    return _binary(op) and can_be_summed(op)


def _select(op: Operands) -> bool:
    shape = list(np.broadcast_shapes(*(tuple(given(part)) for part in op.inputs)))
    return op.outputs[0] == shape and op.types[0] == "bool" and op.types[1] == op.types[2] == op.output_types[0]


def _prelu(op: Operands) -> bool:
    return _arithmetic(op) and same_shape(op)


def _add_n(op: Operands) -> bool:
    return _unary(op) and all(shape == op.inputs[0] for shape in op.inputs) and {*op.types} == {*op.output_types}


def _reduce(op: Operands) -> bool:
    reduced = axes(op)
    shape = [1 if axis in reduced else size for axis, size in enumerate(given(op.inputs[0]))]
    if not op.options.keepDims:
        shape = [size for axis, size in enumerate(shape) if axis not in reduced]
    return op.outputs[0] == shape and same_type(op)


def _arg(op: Operands) -> bool:
    (axis,) = axes(op)
    shape = given(op.inputs[0])
    return op.outputs[0] == shape[:axis] + shape[axis + 1 :] and op.output_types[0] in {"int32", "int64"}


def _comparison(op: Operands) -> bool:
    return _binary(op) and op.output_types == ["bool"]


_UNARY: Final = (
    "ABS CEIL COS CUMSUM ELU EXP FLOOR GELU HARD_SWISH L2_NORMALIZATION LEAKY_RELU LOG LOGICAL_NOT LOGISTIC "
    "NEG RELU RELU6 RELU_0_TO_1 RELU_N1_TO_1 REVERSE_V2 ROUND RSQRT SIN SQRT SQUARE TANH ZEROS_LIKE"
)
_ARITHMETIC: Final = "MUL DIV MAXIMUM MINIMUM SQUARED_DIFFERENCE FLOOR_DIV FLOOR_MOD POW"
_COMPARISON: Final = "EQUAL NOT_EQUAL LESS LESS_EQUAL GREATER GREATER_EQUAL LOGICAL_AND LOGICAL_OR"
RULES: Final[dict[str, Callable[[Operands], bool]]] = {
    **dict.fromkeys(_UNARY.split(), _unary),
    **dict.fromkeys(_ARITHMETIC.split(), _arithmetic),
    **dict.fromkeys(_COMPARISON.split(), _comparison),
    **dict.fromkeys(("QUANTIZE", "DEQUANTIZE", "CAST"), same_shape),
    **dict.fromkeys(("RESHAPE", "SQUEEZE", "EXPAND_DIMS"), _reshape),
    **dict.fromkeys(("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_ALL"), _reduce),
    **dict.fromkeys(("ARG_MAX", "ARG_MIN"), _arg),
    **dict.fromkeys(("SELECT_V2", "SELECT"), _select),
    "ADD": _sum,
    "ADD_N": _add_n,
    "FAKE_QUANT": _fake_quant,
    "PRELU": _prelu,
    "LOG_SOFTMAX": _softmax,
    "SOFTMAX": _softmax,
    "SUB": _sum,
}
