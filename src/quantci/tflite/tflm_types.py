"""Which types of activations TFLM has a kernel for, op by op.

Found by running the plainest model of each op in each type in the wheel 0.dev20261023182759; an integration test does
it again. Weights of int8 and int16 activations are int8, of uint8 ones uint8; biases are int32,
of int16 int64. The version of an op does not matter:
TFLM never looks at it. Ops that keep state or run subgraphs were not tried and are absent; so are types that no model
of a microcontroller has. That a kernel runs does not say that it is right: see docs/kernels.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantci.records.model import ModelSummary, OpInfo

# Of int8, int16, int32, int64, float32, bool and uint8, those of the first activation that TFLM takes.
TYPES: Final[Mapping[str, str]] = {
    "ABS": "int8 int16 float32",
    "ADD": "int8 int16 int32 float32",
    "ADD_N": "int8 float32",
    "ARG_MAX": "int8 float32",
    "ARG_MIN": "int8 float32",
    "AVERAGE_POOL_2D": "int8 int16 float32",
    "BATCH_MATMUL": "int8 int16 float32",
    "BATCH_TO_SPACE_ND": "int8 float32",
    "BROADCAST_TO": "int8 int16 int32 int64 float32 bool uint8",
    "CAST": "int8 int16 int32 float32 bool",
    "CEIL": "float32",
    "CONCATENATION": "int8 int16 int32 int64 float32 bool",
    "CONV_2D": "int8 int16 float32",
    "COS": "float32",
    "CUMSUM": "int8 float32",
    "DEPTHWISE_CONV_2D": "int8 int16 float32",
    "DEPTH_TO_SPACE": "int8 float32",
    "DEQUANTIZE": "int8 int16 uint8",
    "DIV": "int8 int32 float32",
    "ELU": "int8 float32",
    "EQUAL": "int8 int32 int64 float32 bool",
    "EXP": "float32",
    "EXPAND_DIMS": "int8 int16 float32",
    "FLOOR": "float32",
    "FLOOR_DIV": "float32",
    "FLOOR_MOD": "float32",
    "FULLY_CONNECTED": "int8 int16 float32",
    "GATHER": "int8 float32",
    "GATHER_ND": "int8 float32",
    "GREATER": "int8 int16 int32 int64 float32",
    "GREATER_EQUAL": "int8 int32 int64 float32",
    "HARD_SWISH": "int8 float32",
    "L2_NORMALIZATION": "int8 float32",
    "L2_POOL_2D": "float32",
    "LEAKY_RELU": "int8 int16 float32",
    "LESS": "int8 int32 int64 float32",
    "LESS_EQUAL": "int8 int32 int64 float32",
    "LOG": "float32",
    "LOGICAL_AND": "bool",
    "LOGICAL_NOT": "bool",
    "LOGICAL_OR": "bool",
    "LOGISTIC": "int8 int16 float32",
    "LOG_SOFTMAX": "int8 float32",
    "MAXIMUM": "int8 int16 int32 int64 float32",
    "MAX_POOL_2D": "int8 int16 float32",
    "MEAN": "int8 int16 float32",
    "MINIMUM": "int8 int16 int32 int64 float32",
    "MIRROR_PAD": "int8 float32",
    "MUL": "int8 int16 int32 float32",
    "NEG": "float32",
    "NOT_EQUAL": "int8 int32 int64 float32 bool",
    "PACK": "int8 int16 int32 int64 float32",
    "PAD": "int8 int16 int32 float32",
    "PADV2": "int8 int16 int32 float32",
    "PRELU": "int8 float32",
    "QUANTIZE": "int8 int16 int32 float32 uint8",
    "REDUCE_ALL": "bool",
    "REDUCE_MAX": "int8 float32",
    "REDUCE_MIN": "int8 float32",
    "RELU": "int8 int16 float32",
    "RELU6": "int8 int16 float32",
    "RESHAPE": "int8 int16 int32 int64 float32 bool uint8",
    "RESIZE_BILINEAR": "int8 float32",
    "RESIZE_NEAREST_NEIGHBOR": "int8 int16 float32",
    "REVERSE_V2": "int8 int16 int32 int64 float32 bool uint8",
    "ROUND": "float32",
    "RSQRT": "int8 int16 float32",
    "SELECT_V2": "int8 int16 float32",
    "SIN": "float32",
    "SLICE": "int8 int16 int32 float32 bool",
    "SOFTMAX": "int8 int16 float32",
    "SPACE_TO_BATCH_ND": "int8 float32",
    "SPACE_TO_DEPTH": "int8 float32",
    "SPLIT": "int8 int16 int32 float32",
    "SPLIT_V": "int8 int16 int32 float32",
    "SQRT": "float32",
    "SQUARE": "float32",
    "SQUARED_DIFFERENCE": "int8 int16 int32 float32",
    "SQUEEZE": "int8 int16 int32 int64 float32 bool uint8",
    "STRIDED_SLICE": "int8 int16 int32 float32 bool",
    "SUB": "int8 int16 int32 float32",
    "SUM": "int8 int16 float32",
    "TANH": "int8 int16 float32",
    "TRANSPOSE": "int8 int16 float32",
    "TRANSPOSE_CONV": "int8 int16 float32",
    "UNPACK": "int8 int16 int32 float32",
    "ZEROS_LIKE": "int8 int32 int64 float32",
}
TRIED: Final = frozenset({"int8", "int16", "int32", "int64", "float32", "bool", "uint8"})


def lacks_type(op: str, dtype: str) -> bool:
    """Whether TFLM registers the op and has no kernel of it for this type; False where that was not tried."""
    return op in TYPES and dtype in TRIED and dtype not in TYPES[op].split()


def wrong_types(summary: ModelSummary) -> list[tuple[OpInfo, str]]:
    """Each op of the main subgraph that TFLM has, but not for the type of its first activation; and that type."""
    found = []
    for op in summary.ops:
        given = [summary.tensors[i] for i in op.inputs if i >= 0 and not summary.tensors[i].constant_bytes]
        types = [tensor.dtype for tensor in given]
        if op.op == "SELECT_V2":  # picks by a bool
            types = [dtype for dtype in types if dtype != "bool"]
        if types and lacks_type(op.op, types[0]):
            found.append((op, types[0]))
    return found
