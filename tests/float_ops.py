"""Float models of one op, each of input `x` and output `y`, to hold the engines to what the op computes.

Of the ops that TFLM has in INT8, those are left out that one engine refuses, such as DIV.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from tests.models import SAME, VALID, WINDOW, Op, Tensor, build_model

SHAPE: Final = [1, 4, 4, 4]
_RANDOM: Final = np.random.RandomState(3)
_PLAIN: Final = {"fusedActivationFunction": 0}


def _weights(*shape: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    return _RANDOM.normal(size=shape).astype(np.float32)


def _ints(*values: Any) -> np.ndarray[Any, np.dtype[np.int32]]:
    return np.array(values, np.int32)


def _model(
    kind: str,
    output: list[int],
    options: dict[str, Any] | None = None,
    *constants: np.ndarray[Any, Any],
    first: int = 0,
    inputs: int = 1,
) -> bytes:
    """`inputs` times `x`, with the constants behind it; the first `first` of them before it."""
    tensors = [Tensor("x", SHAPE), *(Tensor(f"c{n}", data=data) for n, data in enumerate(constants))]
    names = [f"c{n}" for n in range(len(constants))]
    op = Op(kind, [*names[:first], *["x"] * inputs, *names[first:]], ["y"], options or {})
    return build_model([*tensors, Tensor("y", output)], [op], ["x"], ["y"])


_WINDOW: Final = {**WINDOW, **_PLAIN, "padding": SAME}
_POOL: Final = {**_PLAIN, "padding": VALID, "strideW": 2, "strideH": 2, "filterWidth": 2, "filterHeight": 2}
_REDUCED: Final = [1, 4]

MODELS: Final = {
    "CONV_2D": _model("CONV_2D", [1, 4, 4, 3], _WINDOW, _weights(3, 3, 3, 4), _weights(3)),
    "DEPTHWISE_CONV_2D": _model(
        "DEPTHWISE_CONV_2D", SHAPE, {**_WINDOW, "depthMultiplier": 1}, _weights(1, 3, 3, 4), _weights(4)
    ),
    "FULLY_CONNECTED": _model("FULLY_CONNECTED", [1, 5], _PLAIN, _weights(5, 64), _weights(5)),
    "TRANSPOSE_CONV": _model(
        "TRANSPOSE_CONV",
        [1, 8, 8, 3],
        {"padding": SAME, "strideW": 2, "strideH": 2},
        _ints(1, 8, 8, 3),
        _weights(3, 2, 2, 4),
        first=2,
    ),
    "AVERAGE_POOL_2D": _model("AVERAGE_POOL_2D", [1, 2, 2, 4], _POOL),
    "MAX_POOL_2D": _model("MAX_POOL_2D", [1, 2, 2, 4], _POOL),
    **{
        kind: _model(kind, SHAPE)
        for kind in ("RELU", "RELU6", "LOGISTIC", "TANH", "HARD_SWISH", "ABS", "LOG_SOFTMAX", "L2_NORMALIZATION")
    },
    "LEAKY_RELU": _model("LEAKY_RELU", SHAPE, {"alpha": 0.2}),
    "SOFTMAX": _model("SOFTMAX", SHAPE, {"beta": 1.0}),
    "PRELU": _model("PRELU", SHAPE, None, _weights(1, 1, 4)),
    **{f"{kind} of a constant": _model(kind, SHAPE, _PLAIN, _weights(1, 1, 1, 4)) for kind in ("ADD", "SUB", "MUL")},
    **{f"{kind} of itself": _model(kind, SHAPE, _PLAIN, inputs=2) for kind in ("ADD", "MUL")},
    **{kind: _model(kind, SHAPE, None, _weights(1, 1, 1, 4)) for kind in ("MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE")},
    **{
        kind: _model(kind, _REDUCED, {"keepDims": False}, _ints(1, 2))
        for kind in ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN")
    },
    "SUM of channels": _model("SUM", [1, 4, 4, 1], {"keepDims": True}, _ints(3)),
    "RESIZE_BILINEAR": _model("RESIZE_BILINEAR", [1, 8, 8, 4], {"halfPixelCenters": True}, _ints(8, 8)),
    "RESIZE_NEAREST_NEIGHBOR": _model("RESIZE_NEAREST_NEIGHBOR", [1, 8, 8, 4], None, _ints(8, 8)),
    "CONCATENATION": _model("CONCATENATION", [1, 4, 4, 8], {"axis": 3, **_PLAIN}, inputs=2),
    "CONCATENATION of a constant": _model("CONCATENATION", [1, 4, 4, 8], {"axis": 3, **_PLAIN}, 9 * _weights(*SHAPE)),
    "PAD": _model("PAD", [1, 6, 6, 4], None, _ints([0, 0], [1, 1], [1, 1], [0, 0])),
    "RESHAPE": _model("RESHAPE", [1, 64], {"newShape": [1, 64]}, _ints(1, 64)),
    "TRANSPOSE": _model("TRANSPOSE", SHAPE, None, _ints(0, 2, 1, 3)),
    "STRIDED_SLICE": _model(
        "STRIDED_SLICE", [1, 2, 4, 4], None, _ints(0, 0, 0, 0), _ints(1, 2, 4, 4), _ints(1, 1, 1, 1)
    ),
    "SPACE_TO_DEPTH": _model("SPACE_TO_DEPTH", [1, 2, 2, 16], {"blockSize": 2}),
    "DEPTH_TO_SPACE": _model("DEPTH_TO_SPACE", [1, 8, 8, 1], {"blockSize": 2}),
    "BATCH_MATMUL": _model("BATCH_MATMUL", [1, 4, 4, 3], {"adjX": False, "adjY": False}, _weights(1, 4, 4, 3)),
    "EXPAND_DIMS": _model("EXPAND_DIMS", [1, *SHAPE], None, _ints(0)),
    "SQUEEZE": _model("SQUEEZE", SHAPE[1:], {"squeezeDims": [0]}),
    "GATHER": _model("GATHER", [1, 2, 4, 4], {"axis": 1}, _ints(1, 3)),
    "GATHER_ND": _model("GATHER_ND", [2, 4, 4], None, _ints([0, 1], [0, 3])),
    "SLICE": _model("SLICE", [1, 2, 4, 4], None, _ints(0, 1, 0, 0), _ints(1, 2, 4, 4)),
    "MIRROR_PAD": _model("MIRROR_PAD", [1, 6, 6, 4], {"mode": 0}, _ints([0, 0], [1, 1], [1, 1], [0, 0])),
    "REVERSE_V2": _model("REVERSE_V2", SHAPE, None, _ints(1)),
    "PACK": _model("PACK", [*SHAPE, 2], {"valuesCount": 2, "axis": 4}, inputs=2),
    "SPLIT": _model("SPLIT", SHAPE, {"numSplits": 1}, _ints(3)[0], first=1),
    "SPACE_TO_BATCH_ND": _model("SPACE_TO_BATCH_ND", [4, 2, 2, 4], None, _ints(2, 2), _ints([0, 0], [0, 0])),
}
