"""Ops that move values: shapes, slices, padding, and resizing. The first axis is the batch, 1 in the flatbuffer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from quantci.quantize.qat.graph import FloatGraph, Node


def reshape(graph: FloatGraph, node: Node, x: Any) -> Any:
    """RESHAPE, SQUEEZE, EXPAND_DIMS: to the output's shape in the flatbuffer, for a batch of any size."""
    return x.reshape(-1, *graph.shapes[node.outputs[0]][1:])


def pad(x: Any, amounts: Any, value: float = 0.0) -> Any:
    """PAD and PADV2."""
    flat = [int(one) for before, behind in reversed(amounts.tolist()) for one in (before, behind)]
    return torch.nn.functional.pad(x, flat, value=value)


def pad_mirrored(node: Node, x: Any, amounts: Any) -> Any:
    """MIRROR_PAD: mode 0 leaves the edge itself out, 1 repeats it."""
    for axis, (before, behind) in enumerate(amounts.tolist()):
        if before or behind:
            mode = "symmetric" if node.options.mode else "reflect"
            places = np.pad(np.arange(x.shape[axis]), (before, behind), mode=mode)  # type: ignore[call-overload]
            x = x.index_select(axis, torch.from_numpy(places))
    return x


def cut(graph: FloatGraph, node: Node, x: Any, begin: Any, size: Any) -> Any:
    """SLICE."""
    for axis, (start, length) in enumerate(zip(begin.tolist(), size.tolist(), strict=True)):
        if axis:
            x = x.narrow(axis, start, length if length >= 0 else x.shape[axis] - start)
    return x.reshape(-1, *graph.shapes[node.outputs[0]][1:])


def cut_strided(graph: FloatGraph, node: Node, x: Any, begin: Any, end: Any, strides: Any) -> Any:
    """STRIDED_SLICE, without an ellipsis or new axes. The batch stays whole."""
    options = node.options
    for axis in range(1, len(begin)):
        bit, step, size = 1 << axis, int(strides[axis]), x.shape[axis]
        given = slice(
            None if options.beginMask & bit else int(begin[axis]),
            None if options.endMask & bit else int(end[axis]),
            step,
        )
        if options.shrinkAxisMask & bit:
            start = int(begin[axis])
            given = slice(start, start + 1 if start != -1 else None, 1)
        places = range(*given.indices(size))
        if places != range(size):
            x = x.index_select(axis, torch.tensor(list(places)))
    return x.reshape(-1, *graph.shapes[node.outputs[0]][1:])


def split(graph: FloatGraph, node: Node, x: Any, axis: int) -> list[Any]:
    """SPLIT and SPLIT_V, into what the outputs are in the flatbuffer."""
    sizes = [graph.shapes[output][axis] for output in node.outputs]
    return list(torch.split(x, sizes, dim=axis))


def resize(node: Node, x: Any, size: Any) -> Any:
    """RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR: first the rows, then the columns."""
    for axis in (1, 2):
        weights = torch.from_numpy(_weights(node, x.shape[axis], int(size[axis - 1])))
        x = torch.tensordot(x, weights, dims=([axis], [1])).movedim(-1, axis)
    return x


def _weights(node: Node, old: int, new: int) -> Any:
    """What share of each old place each new one has, [new, old]."""
    options = node.options
    scale = (old - 1) / (new - 1) if options.alignCorners and new > 1 else old / new
    places = np.arange(new, dtype=np.float64)
    half = bool(options.halfPixelCenters)
    weights = np.zeros((new, old), np.float32)
    if node.op == "RESIZE_NEAREST_NEIGHBOR":
        exact = (places + 0.5 * half) * scale
        nearest = np.floor(exact + 0.5) if options.alignCorners else np.floor(exact)
        weights[np.arange(new), np.clip(nearest, 0, old - 1).astype(int)] = 1
        return weights
    exact = (places + 0.5) * scale - 0.5 if half else places * scale
    below = np.floor(exact)
    share = (exact - below).astype(np.float32)
    low = np.clip(below, 0, old - 1).astype(int)
    high = np.clip(below + 1, 0, old - 1).astype(int)
    np.add.at(weights, (np.arange(new), low), 1 - share)
    np.add.at(weights, (np.arange(new), high), share)
    return weights
