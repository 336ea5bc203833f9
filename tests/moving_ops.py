"""INT8 models of one op that moves, picks or compares values: where TFLM's own shortcuts are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from tests.models import Op, Tensor, build_model
from tests.one_op import CHANNELS, Draw, activation


def _shape(draw: Draw) -> list[int]:
    return [1, draw.integer(1, 4), draw.integer(1, 4), draw.pick(CHANNELS)]


def _moved(draw: Draw, kind: str, shape: list[int], to: list[int], options: dict[str, Any], *more: Tensor) -> bytes:
    """One op from `x` and constants to `y` of the same scale."""
    x = activation(draw, "x", shape)
    y = activation(draw, "y", to, like=x)
    op = Op(kind, ["x", *(tensor.name for tensor in more)], ["y"], options, draw.pick((1, 2)))
    return build_model([x, *more, y], [op], ["x"], ["y"])


def _ints(name: str, values: object) -> Tensor:
    return Tensor(name, data=np.array(values, np.int32))


def reshape(draw: Draw, kind: str) -> bytes:
    """RESHAPE, SQUEEZE and EXPAND_DIMS."""
    shape = _shape(draw)
    if kind == "SQUEEZE":
        return _moved(draw, kind, shape, shape[1:], {"squeezeDims": np.array([0], np.int32)})
    if kind == "EXPAND_DIMS":
        return _moved(draw, kind, shape, [1, *shape], {}, _ints("axis", 0))
    flat = [1, int(np.prod(shape))]
    return _moved(draw, kind, shape, flat, {"newShape": np.array(flat, np.int32)}, _ints("shape", flat))


def transpose(draw: Draw, kind: str) -> bytes:
    """TRANSPOSE by any order."""
    shape, order = _shape(draw), draw.pick(([0, 2, 1, 3], [0, 3, 1, 2], [0, 1, 3, 2], [3, 2, 1, 0]))
    return _moved(draw, kind, shape, [shape[axis] for axis in order], {}, _ints("order", order))


def slices(draw: Draw, kind: str) -> bytes:
    """STRIDED_SLICE, forwards and backwards, and SLICE."""
    shape = _shape(draw)
    begin = [draw.integer(0, size - 1) for size in shape]
    if kind == "SLICE":
        size = [draw.integer(1, full - start) for full, start in zip(shape, begin, strict=True)]
        return _moved(draw, kind, shape, size, {}, _ints("begin", begin), _ints("size", size))
    step = [1, draw.integer(1, 2), draw.pick((1, 2, -1)), 1]
    end = [size if stride > 0 else -size - 1 for size, stride in zip(shape, step, strict=True)]
    to = [len(range(size)[low::stride]) for size, low, stride in zip(shape, begin, step, strict=True)]
    return _moved(draw, kind, shape, to, {}, _ints("begin", begin), _ints("end", end), _ints("step", step))


def blocks(draw: Draw, kind: str) -> bytes:
    """SPACE_TO_DEPTH, DEPTH_TO_SPACE, SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND with blocks of 2."""
    n, height, width, channels = 1, draw.integer(1, 3), draw.integer(1, 3), draw.integer(1, 5)
    small, large = [n, height, width, 4 * channels], [n, 2 * height, 2 * width, channels]
    if kind == "SPACE_TO_DEPTH":
        return _moved(draw, kind, large, small, {"blockSize": 2})
    if kind == "DEPTH_TO_SPACE":
        return _moved(draw, kind, small, large, {"blockSize": 2})
    batches, more = [4, height, width, channels], (_ints("block", [2, 2]), _ints("edges", [[0, 0], [0, 0]]))
    if kind == "SPACE_TO_BATCH_ND":
        return _moved(draw, kind, large, batches, {}, *more)
    return _moved(draw, kind, batches, large, {}, *more)


def mirror_pad(draw: Draw, kind: str) -> bytes:
    """MIRROR_PAD, and PADV2 with a value."""
    shape = [1, draw.integer(2, 4), draw.integer(2, 4), draw.pick(CHANNELS)]
    edges = np.array([[0, 0], [draw.integer(0, 1), draw.integer(0, 1)], [1, 0], [0, 0]], np.int32)
    to = [int(size + sum(edge)) for size, edge in zip(shape, edges, strict=True)]
    x = activation(draw, "x", shape)
    value = Tensor("value", data=np.array([draw.integer(-128, 127)], np.int8), scale=x.scale, zero_point=x.zero_point)
    more = [] if kind == "MIRROR_PAD" else [value]
    options = {"mode": draw.pick((0, 1))} if kind == "MIRROR_PAD" else {}
    y = activation(draw, "y", to, like=x)
    op = Op(kind, ["x", "edges", *(tensor.name for tensor in more)], ["y"], options, 1 if not more else 2)
    return build_model([x, Tensor("edges", data=edges), *more, y], [op], ["x"], ["y"])


def gather(draw: Draw, kind: str) -> bytes:
    """GATHER along the channels."""
    shape = _shape(draw)
    picked = [draw.integer(0, shape[3] - 1) for _ in range(draw.integer(1, 5))]
    return _moved(draw, kind, shape, [*shape[:3], len(picked)], {"axis": 3}, _ints("indices", picked))


def several(draw: Draw, kind: str) -> bytes:
    """PACK, ADD_N: two inputs of one scale, one output."""
    shape = _shape(draw)
    a = activation(draw, "a", shape)
    b = activation(draw, "b", shape, like=a)
    if kind == "ADD_N":
        y, options = activation(draw, "y", shape), {}
    else:
        y, options = activation(draw, "y", [*shape, 2], like=a), {"valuesCount": 2, "axis": 4}
    return build_model([a, b, y], [Op(kind, ["a", "b"], ["y"], options, draw.pick((1, 2)))], ["a", "b"], ["y"])


def split(draw: Draw, kind: str) -> bytes:
    """SPLIT and UNPACK into two."""
    shape = [1, draw.integer(1, 4), 2, draw.pick(CHANNELS)]
    x = activation(draw, "x", shape)
    kept = [1, shape[1], 1, shape[3]] if kind == "SPLIT" else [1, shape[1], shape[3]]
    outputs = [activation(draw, name, kept, like=x) for name in "yz"]
    if kind == "SPLIT":
        op, more = Op(kind, ["axis", "x"], ["y", "z"], {"numSplits": 2}, 2), [_ints("axis", 2)]
    else:
        op, more = Op(kind, ["x"], ["y", "z"], {"num": 2, "axis": 2}, 2), []
    return build_model([*more, x, *outputs], [op], ["x"], ["y", "z"])


def arg(draw: Draw, kind: str) -> bytes:
    """ARG_MAX and ARG_MIN over the channels."""
    shape = [1, draw.integer(1, 4), draw.pick(CHANNELS)]
    x = activation(draw, "x", shape)
    tensors = [x, _ints("axis", 2), Tensor("y", shape[:2], "int32")]
    return build_model(tensors, [Op(kind, ["x", "axis"], ["y"], {"outputType": 2}, 2)], ["x"], ["y"])


def comparison(draw: Draw, kind: str) -> bytes:
    """EQUAL, LESS and their like, of two scales."""
    shape = _shape(draw)
    a, b = activation(draw, "a", shape), activation(draw, "b", draw.pick((shape, [1, 1, 1, shape[3]])))
    return build_model([a, b, Tensor("y", shape, "bool")], [Op(kind, ["a", "b"], ["y"], {}, 2)], ["a", "b"], ["y"])


def dequantize(draw: Draw, kind: str) -> bytes:
    """DEQUANTIZE to float, then QUANTIZE to another scale."""
    shape = _shape(draw)
    x, y = activation(draw, "x", shape), activation(draw, "y", shape)
    ops = [Op("DEQUANTIZE", ["x"], ["f"], {}, 2), Op("QUANTIZE", ["f"], ["y"], {}, 1)]
    return build_model([x, Tensor("f", shape), y], ops, ["x"], ["y"])


MOVING: dict[str, Callable[[Draw, str], bytes]] = {
    **dict.fromkeys(("RESHAPE", "SQUEEZE", "EXPAND_DIMS"), reshape),
    "TRANSPOSE": transpose,
    **dict.fromkeys(("STRIDED_SLICE", "SLICE"), slices),
    **dict.fromkeys(("SPACE_TO_DEPTH", "DEPTH_TO_SPACE", "SPACE_TO_BATCH_ND", "BATCH_TO_SPACE_ND"), blocks),
    **dict.fromkeys(("MIRROR_PAD", "PADV2"), mirror_pad),
    "GATHER": gather,
    **dict.fromkeys(("PACK", "ADD_N"), several),
    **dict.fromkeys(("SPLIT", "UNPACK"), split),
    **dict.fromkeys(("ARG_MAX", "ARG_MIN"), arg),
    **dict.fromkeys(("EQUAL", "NOT_EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL"), comparison),
    "DEQUANTIZE": dequantize,
}
