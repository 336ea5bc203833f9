"""Checks of one op's options and of how many tensors it takes.

Kernels read options without a look: a stride of 0 is a division by zero, a missing table a null pointer, a third input
that is not there an index out of range.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from quantci.tflite.enums import enum_names
from quantci.tflite.verify.damage import Damage, require

if TYPE_CHECKING:
    from collections.abc import Callable

_MANY: Final = 10_000
# Names, fewest inputs, most inputs, outputs. Ops that are not named are not limited; TFLM does not have them.
_ARITIES: Final[tuple[tuple[str, int, int, int], ...]] = (
    ("CALL_ONCE", 0, 0, 0),
    ("VAR_HANDLE", 0, 0, 1),
    ("ABS AVERAGE_POOL_2D CAST CEIL COS DEPTH_TO_SPACE DEQUANTIZE ELU EXP FLOOR GELU HARD_SWISH", 1, 1, 1),
    ("FAKE_QUANT L2_NORMALIZATION L2_POOL_2D LEAKY_RELU LOCAL_RESPONSE_NORMALIZATION LOG LOGICAL_NOT", 1, 1, 1),
    (
        "LOGISTIC LOG_SOFTMAX MAX_POOL_2D NEG QUANTIZE RANK READ_VARIABLE RELU RELU6 RELU_0_TO_1 RELU_N1_TO_1 ROUND",
        1,
        1,
        1,
    ),
    ("RSQRT SHAPE SIGN SIN SOFTMAX SPACE_TO_DEPTH SQRT SQUARE SQUEEZE TANH ZEROS_LIKE", 1, 1, 1),
    ("RESHAPE", 1, 2, 1),
    ("ASSIGN_VARIABLE", 2, 2, 0),
    ("ADD ARG_MAX ARG_MIN BATCH_MATMUL BROADCAST_ARGS BROADCAST_TO CUMSUM DIV EMBEDDING_LOOKUP EQUAL", 2, 2, 1),
    ("EXPAND_DIMS FILL FLOOR_DIV FLOOR_MOD GATHER GATHER_ND GREATER GREATER_EQUAL LESS LESS_EQUAL", 2, 2, 1),
    ("LOGICAL_AND LOGICAL_OR MAXIMUM MEAN MINIMUM MIRROR_PAD MUL NOT_EQUAL PAD POW PRELU REDUCE_ALL", 2, 2, 1),
    ("REDUCE_ANY REDUCE_MAX REDUCE_MIN REDUCE_PROD RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR REVERSE_V2", 2, 2, 1),
    ("SQUARED_DIFFERENCE SUB SUM TILE TRANSPOSE", 2, 2, 1),
    ("CONV_2D FULLY_CONNECTED", 2, 3, 1),
    # Without its bias, XNNPACK or TFLM crashes, whether it is left out or named as absent.
    ("DEPTHWISE_CONV_2D", 3, 3, 1),
    ("BATCH_TO_SPACE_ND DYNAMIC_UPDATE_SLICE PADV2 SELECT SELECT_V2 SLICE SPACE_TO_BATCH_ND", 3, 3, 1),
    ("TRANSPOSE_CONV", 3, 4, 1),
    ("STRIDED_SLICE", 4, 4, 1),
    ("SVDF", 5, 5, 1),
    ("UNIDIRECTIONAL_SEQUENCE_LSTM", 24, 24, 1),
    ("ADD_N CONCATENATION PACK", 1, _MANY, 1),
    ("UNPACK", 1, 1, _MANY),
    ("SPLIT", 2, 2, _MANY),
    ("SPLIT_V", 3, 3, _MANY),
)
_ARITY: Final = {name: arity for names, *arity in _ARITIES for name in names.split()}

# Type of the options, where it is not the op's name in camel case.
_OPTIONS: Final = {
    "CONV_2D": "Conv2DOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "L2_POOL_2D": "Pool2DOptions",
    "L2_NORMALIZATION": "L2NormOptions",
    "MEAN": "ReducerOptions",
    "SUM": "ReducerOptions",
    "REDUCE_MAX": "ReducerOptions",
    "REDUCE_MIN": "ReducerOptions",
    "REDUCE_ALL": "ReducerOptions",
    "BATCH_MATMUL": "BatchMatMulOptions",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "UnidirectionalSequenceLSTMOptions",
    "SVDF": "SVDFOptions",
}
# Kernels of these ops do not work without their options.
_REQUIRED: Final = frozenset(
    {*_OPTIONS, *["CONCATENATION", "SOFTMAX", "FULLY_CONNECTED", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"]}
    | {
        *[
            "LEAKY_RELU",
            "PACK",
            "UNPACK",
            "SPLIT",
            "SPLIT_V",
            "GATHER",
            "DEPTH_TO_SPACE",
            "SPACE_TO_DEPTH",
            "STRIDED_SLICE",
            "TRANSPOSE_CONV",
        ]
    }
    | {
        *[
            "FAKE_QUANT",
            "MIRROR_PAD",
            "CUMSUM",
            "IF",
            "WHILE",
            "CALL_ONCE",
            "VAR_HANDLE",
            "ADD",
            "SUB",
            "MUL",
            "DIV",
            "ARG_MAX",
            "ARG_MIN",
            "SQUEEZE",
        ]
    }
)
_MAX_SIZE: Final = 65_536


def _is_size(value: Any) -> bool:
    return bool(1 <= value <= _MAX_SIZE)


def _is_axis(value: Any) -> bool:
    return bool(-8 <= value < 8)


_CHECKS: Final[dict[str, Callable[[Any], bool]]] = {
    **dict.fromkeys(
        ("strideW", "strideH", "dilationWFactor", "dilationHFactor", "filterWidth", "filterHeight"), _is_size
    ),
    **dict.fromkeys(("blockSize", "num", "numSplits", "valuesCount"), _is_size),
    **dict.fromkeys(("axis", "batchDims"), _is_axis),
    "depthMultiplier": lambda value: 0 <= value <= _MAX_SIZE,
    "padding": lambda value: value in {0, 1},
    "mode": lambda value: value in {0, 1},
    "weightsFormat": lambda value: value in {0, 1},
    "fusedActivationFunction": lambda value: value in enum_names("ActivationFunctionType"),
    "beta": math.isfinite,
    "alpha": math.isfinite,
    "rank": _is_size,
    "squeezeDims": lambda value: value is None or (len(value) <= 8 and all(map(_is_axis, value))),
    "newShape": lambda value: value is None or (len(value) <= 8 and min(value, default=0) >= -1),
}


def check_options(op: Any, name: str, label: str, inputs: int, outputs: int) -> None:
    """Check the options of an OperatorT and the number of its tensors.

    Args:
        op: the op.
        name: its builtin name, or a custom op's own.
        label: how a message names it.
        inputs: number of its inputs.
        outputs: number of its outputs.

    Raises:
        Damage: `malformed`, or `unsupported-op` for StableHLO.
    """
    if op.builtinOptions2Type or op.builtinOptions2 is not None:
        raise Damage(
            f"{label} is a StableHLO op, which TFLM does not have",
            code="unsupported-op",
            remedy="Convert the model to TFLite's own ops.",
        )
    require(op.largeCustomOptionsOffset <= 1 and op.largeCustomOptionsSize <= 1, f"{label} keeps options outside")
    if name in _ARITY:
        fewest, most, results = _ARITY[name]
        require(fewest <= inputs <= most, f"{label} has {inputs} inputs")
        require(outputs == results or (results == _MANY and outputs > 0), f"{label} has {outputs} outputs")
    kind = enum_names("BuiltinOptions").get(op.builtinOptionsType)
    require(kind is not None, f"{label} has options of an unknown type")
    if op.builtinOptions is None:
        require(name not in _REQUIRED and kind == "NONE", f"{label} lacks its options")
        return
    expected = _OPTIONS.get(name, name.replace("_", "") + "OPTIONS").upper()
    if name in _REQUIRED:
        require(str(kind).upper() == expected, f"{label} has the options of another op")
    if name in _ARITY:
        _check_values(op.builtinOptions, label)
        count = {"SPLIT": "numSplits", "SPLIT_V": "numSplits", "UNPACK": "num"}.get(name)
        require(count is None or getattr(op.builtinOptions, count) == outputs, f"{label} has {outputs} outputs")
        require(name != "PACK" or op.builtinOptions.valuesCount == inputs, f"{label} has {inputs} inputs")
        require(name != "VAR_HANDLE" or op.builtinOptions.sharedName is not None, f"{label} has no name")


def _check_values(options: Any, label: str) -> None:
    for field, value in vars(options).items():
        check = _CHECKS.get(field)
        require(check is None or check(value), f"{label} has the option {field} = {value}")
