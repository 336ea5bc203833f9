"""How far the output channels of each layer's weights reach: one far beyond the others decides the layer's range."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from quantci.records.diagnose import WeightChannels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from quantci.tflite.model import Model

# A channel that training has switched off keeps weights like 1e-30, which are no range to compare with.
DEAD: Final = 1e-6
# Axis of the output channel in the weights, which are each op's second input (tflite kernels' own layouts).
CHANNEL_AXIS: Final = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 0, "TRANSPOSE_CONV": 0}


class Spread(NamedTuple):
    """Figures of one weight tensor, as in WeightChannels."""

    channels: int
    largest_to_median: float
    largest_to_smallest: float
    largest_channel: int


def weight_channels(model: Model, per_channel: Mapping[int, bool]) -> list[WeightChannels]:
    """The channels of every layer whose weights are float constants.

    Args:
        model: the float model.
        per_channel: by its op, whether the INT8 weights have a scale a channel.
    """
    summary, tree = model.summary, model.tree
    tensors = tree.subgraphs[0].tensors
    found = []
    for op in summary.ops:
        axis = CHANNEL_AXIS.get(op.op)
        if axis is None or len(op.inputs) < 2 or op.inputs[1] < 0:
            continue
        tensor = summary.tensors[op.inputs[1]]
        if tensor.dtype != "float32" or not tensor.constant_bytes or axis >= len(tensor.shape):
            continue
        stored: Any = tree.buffers[tensors[tensor.index].buffer].data
        spread = spread_of(np.frombuffer(bytes(stored), np.float32).reshape(tensor.shape), axis)
        if spread is not None:
            found.append(
                WeightChannels(
                    op_index=op.index,
                    op=op.op,
                    name=op.output_name,
                    is_per_channel=per_channel.get(op.index),
                    **spread._asdict(),
                )
            )
    return found


def spread_of(weights: NDArray[np.float32], axis: int) -> Spread | None:
    """The ranges (largest absolute value) of the channels along an axis; None where all weights are zero.

    A channel of (next to) zeros has no range and is left out.
    """
    ranges = np.abs(np.moveaxis(weights, axis, 0).reshape(weights.shape[axis], -1)).max(axis=1).astype(np.float64)
    largest = float(ranges.max(initial=0.0))
    if largest == 0:
        return None
    used = ranges[ranges > DEAD * largest]
    return Spread(
        len(used),
        largest / float(np.median(used)),
        largest / float(used.min()),
        int(ranges.argmax()),
    )
