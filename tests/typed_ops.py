"""The plainest model of one op for each type of its activations, to learn which types TFLM has a kernel for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from tests.models import VALID, WINDOW, Op, Tensor, build_model

TYPES = ("int8", "int16", "int32", "int64", "float32", "bool", "uint8")
QUANTIZED = {"int8", "int16", "uint8"}
SHAPE = [1, 2, 2, 4]


def tensor(name: str, shape: list[int], dtype: str, scale: float = 0.1, zero_point: int = 0) -> Tensor:
    """An activation; only the integers of 8 and 16 bits have a scale."""
    return Tensor(name, [*shape], dtype, scale=scale if dtype in QUANTIZED else 0.0, zero_point=zero_point)


def ints(name: str, values: object) -> Tensor:
    """A constant of int32."""
    return Tensor(name, data=np.array(values, np.int32))


def _one(kind: str, inputs: list[Tensor], y: Tensor | list[Tensor], **options: Any) -> bytes:
    outputs = y if isinstance(y, list) else [y]
    op = Op(kind, [x.name for x in inputs], [out.name for out in outputs], options)
    given = [x.name for x in inputs if x.data is None]
    return build_model([*inputs, *outputs], [op], given, [out.name for out in outputs])


def unary(kind: str, dtype: str) -> bytes:
    """One input, an output of its shape, with the scale that some ops demand of it."""
    y = tensor("y", SHAPE, dtype)
    if dtype in QUANTIZED:
        bits = 16 if dtype == "int16" else 8
        middle, lowest = {"int8": (0, -128), "int16": (0, 0), "uint8": (128, 0)}[dtype]
        demanded = {
            "LOGISTIC": (2.0**-15 if dtype == "int16" else 2.0**-8, lowest),
            "SOFTMAX": (2.0**-15 if dtype == "int16" else 2.0**-8, lowest),
            "TANH": (2.0 ** (1 - bits), middle),
            "L2_NORMALIZATION": (2.0 ** (1 - bits), middle),
            "LOG_SOFTMAX": (16 / 65536, 0) if dtype == "int16" else (16 / 256, middle + 127),
        }
        y.scale, y.zero_point = demanded.get(kind, (0.1, 0))
    options = {"SOFTMAX": {"beta": 1.0}, "LEAKY_RELU": {"alpha": 0.1}}.get(kind, {})
    return _one(kind, [tensor("x", SHAPE, dtype)], y, **options)


def binary(kind: str, dtype: str) -> bytes:
    """Two inputs of one shape."""
    return _one(kind, [tensor("a", SHAPE, dtype), tensor("b", SHAPE, dtype)], tensor("y", SHAPE, dtype))


def comparison(kind: str, dtype: str) -> bytes:
    """Two inputs, and which of them is larger."""
    return _one(kind, [tensor("a", SHAPE, dtype), tensor("b", SHAPE, dtype)], tensor("y", SHAPE, "bool"))


def reduction(kind: str, dtype: str) -> bytes:
    """Over space."""
    return _one(kind, [tensor("x", SHAPE, dtype), ints("axes", [1, 2])], tensor("y", [1, 4], dtype), keepDims=False)


def arg(kind: str, dtype: str) -> bytes:
    """Over the channels."""
    return _one(kind, [tensor("x", [1, 4], dtype), ints("axis", 1)], tensor("y", [1], "int32"), outputType=2)


def weighted(kind: str, dtype: str) -> bytes:
    """Convolutions and FULLY_CONNECTED with INT8 weights, uint8 ones for uint8, or float ones."""
    shape = {"CONV_2D": (4, 1, 1, 4), "DEPTHWISE_CONV_2D": (1, 1, 1, 4), "TRANSPOSE_CONV": (4, 1, 1, 4)}
    is_float, count = dtype not in QUANTIZED, 4
    size = shape.get(kind, (4, 4))
    byte = np.uint8 if dtype == "uint8" else np.int8
    weights = Tensor("w", data=np.ones(size, np.float32 if is_float else byte), scale=0.0 if is_float else 0.01)
    bias_type = np.float32 if is_float else np.int64 if dtype == "int16" else np.int32
    bias = Tensor("b", data=np.zeros(count, bias_type), scale=0.0 if is_float else 0.001)
    activation = [1, 4] if kind == "FULLY_CONNECTED" else SHAPE
    x, y = tensor("x", activation, dtype), tensor("y", activation, dtype)
    if kind == "FULLY_CONNECTED":
        return _one(kind, [x, weights, bias], y)
    if kind == "TRANSPOSE_CONV":
        return _one(kind, [ints("shape", SHAPE), weights, x, bias], y, padding=VALID, strideW=1, strideH=1)
    more = {"depthMultiplier": 1} if kind == "DEPTHWISE_CONV_2D" else {}
    return _one(kind, [x, weights, bias], y, **WINDOW, padding=VALID, **more)


def pooling(kind: str, dtype: str) -> bytes:
    """A window of 2 x 2."""
    window = {"strideW": 2, "strideH": 2, "filterWidth": 2, "filterHeight": 2, "padding": VALID}
    return _one(kind, [tensor("x", SHAPE, dtype)], tensor("y", [1, 1, 1, 4], dtype), **window)


def moving(kind: str, dtype: str) -> bytes:
    """What moves values: `more` constants, the output's shape, options."""
    value = Tensor("v", data=np.array([0], dtype), scale=0.1 if dtype in QUANTIZED else 0.0)
    edges = ints("e", [[0, 0], [1, 0], [0, 0], [0, 0]])
    block = [ints("s", [2, 2]), ints("c", [[0, 0], [0, 0]])]
    strided = [ints("b", [0, 0, 0, 0]), ints("e", SHAPE), ints("s", [1, 1, 1, 2])]
    plans: dict[str, tuple[list[Tensor], list[int], dict[str, Any]]] = {
        "RESHAPE": ([ints("s", [1, 16])], [1, 16], {"newShape": np.array([1, 16], np.int32)}),
        "SQUEEZE": ([], [2, 2, 4], {"squeezeDims": np.array([0], np.int32)}),
        "EXPAND_DIMS": ([ints("a", 0)], [1, *SHAPE], {}),
        "TRANSPOSE": ([ints("o", [0, 2, 1, 3])], SHAPE, {}),
        "STRIDED_SLICE": (strided, [1, 2, 2, 2], {}),
        "SLICE": ([ints("b", [0, 0, 0, 0]), ints("s", [1, 1, 1, 1])], [1, 1, 1, 1], {}),
        "PAD": ([edges], [1, 3, 2, 4], {}),
        "PADV2": ([edges, value], [1, 3, 2, 4], {}),
        "MIRROR_PAD": ([edges], [1, 3, 2, 4], {}),
        "GATHER": ([ints("i", [0, 1])], [1, 2, 2, 2], {"axis": 3}),
        "GATHER_ND": ([ints("i", [[0, 1]])], [1, 2, 4], {}),
        "SPACE_TO_DEPTH": ([], [1, 1, 1, 16], {"blockSize": 2}),
        "DEPTH_TO_SPACE": ([], [1, 4, 4, 1], {"blockSize": 2}),
        "SPACE_TO_BATCH_ND": (block, [4, 1, 1, 4], {}),
        "RESIZE_BILINEAR": ([ints("s", [4, 4])], [1, 4, 4, 4], {}),
        "RESIZE_NEAREST_NEIGHBOR": ([ints("s", [4, 4])], [1, 4, 4, 4], {}),
        "REVERSE_V2": ([ints("a", [1])], SHAPE, {}),
        "BROADCAST_TO": ([ints("s", SHAPE)], SHAPE, {}),
        "CUMSUM": ([ints("a", 1)], SHAPE, {}),
    }
    more, shape, options = plans[kind]
    return _one(kind, [tensor("x", SHAPE, dtype), *more], tensor("y", shape, dtype), **options)


def several(kind: str, dtype: str) -> bytes:
    """Several inputs or outputs: inputs with their constants, outputs, options."""
    a, b, c = (tensor(name, SHAPE, dtype) for name in "abc")
    squares = [tensor(name, [1, 2, 2], dtype) for name in "aby"]
    halves = [tensor(name, [1, 1, 2, 4], dtype) for name in "yz"]
    block = [ints("s", [2, 2]), ints("c", [[0, 0], [0, 0]])]
    y = tensor("y", SHAPE, dtype)
    plans: dict[str, tuple[list[Tensor], list[Tensor], dict[str, Any]]] = {
        "CONCATENATION": ([a, b], [tensor("y", [1, 2, 2, 8], dtype)], {"axis": 3}),
        "PACK": ([a, b], [tensor("y", [2, *SHAPE], dtype)], {"axis": 0, "valuesCount": 2}),
        "SELECT_V2": ([tensor("if", SHAPE, "bool"), a, b], [c], {}),
        "BATCH_MATMUL": (squares[:2], squares[2:], {}),
        "BATCH_TO_SPACE_ND": ([tensor("x", [4, 1, 1, 4], dtype), *block], [y], {}),
        "SPLIT": ([ints("d", 1), a], halves, {"numSplits": 2}),
        "SPLIT_V": ([a, ints("s", [1, 1]), ints("d", 1)], halves, {"numSplits": 2}),
        "UNPACK": ([a], [tensor(name, [1, 2, 4], dtype) for name in "yz"], {"num": 2, "axis": 1}),
    }
    inputs, outputs, options = plans[kind]
    return _one(kind, inputs, outputs, **options)


def converting(kind: str, dtype: str) -> bytes:
    """From this type to float, for QUANTIZE to INT8."""
    if kind == "QUANTIZE":
        return _one(kind, [tensor("x", SHAPE, dtype)], tensor("y", SHAPE, "int8", 0.2))
    options = {}
    if kind == "CAST":
        options = {"inDataType": getattr(schema.TensorType, dtype.upper()), "outDataType": schema.TensorType.FLOAT32}
    return _one(kind, [tensor("x", SHAPE, dtype)], tensor("y", SHAPE, "float32"), **options)


_UNARY = (
    "ABS CEIL COS ELU EXP FLOOR HARD_SWISH L2_NORMALIZATION LEAKY_RELU LOG LOGISTIC LOGICAL_NOT LOG_SOFTMAX NEG RELU "
    "RELU6 ROUND RSQRT SIN SOFTMAX SQRT SQUARE TANH ZEROS_LIKE"
)
_BINARY = "ADD ADD_N DIV FLOOR_DIV FLOOR_MOD LOGICAL_AND LOGICAL_OR MAXIMUM MINIMUM MUL PRELU SQUARED_DIFFERENCE SUB"
_MOVING = (
    "BROADCAST_TO CUMSUM DEPTH_TO_SPACE EXPAND_DIMS GATHER GATHER_ND MIRROR_PAD PAD PADV2 RESHAPE RESIZE_BILINEAR "
    "RESIZE_NEAREST_NEIGHBOR REVERSE_V2 SLICE SPACE_TO_BATCH_ND SPACE_TO_DEPTH SQUEEZE STRIDED_SLICE TRANSPOSE"
)
BUILDERS: dict[str, Callable[[str, str], bytes]] = {
    **dict.fromkeys(_UNARY.split(), unary),
    **dict.fromkeys(_BINARY.split(), binary),
    **dict.fromkeys(["EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL", "NOT_EQUAL"], comparison),
    **dict.fromkeys(["MEAN", "REDUCE_ALL", "REDUCE_MAX", "REDUCE_MIN", "SUM"], reduction),
    **dict.fromkeys(["ARG_MAX", "ARG_MIN"], arg),
    **dict.fromkeys(["CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV"], weighted),
    **dict.fromkeys(["AVERAGE_POOL_2D", "L2_POOL_2D", "MAX_POOL_2D"], pooling),
    **dict.fromkeys(_MOVING.split(), moving),
    **dict.fromkeys(
        ["BATCH_MATMUL", "BATCH_TO_SPACE_ND", "CONCATENATION", "PACK", "SELECT_V2", "SPLIT", "SPLIT_V", "UNPACK"],
        several,
    ),
    **dict.fromkeys(["CAST", "DEQUANTIZE", "QUANTIZE"], converting),
}


def runs(kind: str, dtype: str) -> bool:
    """Whether TFLM allocates and runs the op in this type. Runs in a worker: TFLM may abort."""
    from quantci.errors import ModelRejected
    from quantci.tflite.model import Model
    from quantci.tflite.native_stderr import native_stderr
    from quantci.tflite.tflm import open_tflm

    try:
        runner = open_tflm(Model(BUILDERS[kind](kind, dtype), "model"), 1 << 18)
        with native_stderr():
            runner.run([np.ones(spec.shape, spec.dtype) for spec in runner.inputs])
    except (ModelRejected, ValueError):
        return False
    return True
