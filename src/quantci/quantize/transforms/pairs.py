"""Pairs of layers between which channels may be rescaled: what the first divides by, the second multiplies with.

What lies between them must not mind: f(s x) = s f(x) for s > 0, channel by channel.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from quantci.tflite.enums import dtype_name, enum_names, op_name
from quantci.tflite.verify.tensors import stored_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

# Of these, along which axis of the weights the channels of the output lie, and those of the input.
_AXES: Final = {"CONV_2D": (0, 3), "DEPTHWISE_CONV_2D": (3, 3), "FULLY_CONNECTED": (0, 1)}
_THROUGH: Final = frozenset({"AVERAGE_POOL_2D", "MAX_POOL_2D", "MEAN", "PAD", "RELU", "RESHAPE"})


class Pair(NamedTuple):
    """Two layers. Channels count modulo `channels`: after a RESHAPE, one feature map after the other.

    Attributes:
        first: weights of the layer before, index of the tensor.
        first_axis: of its output channels.
        bias: its bias, index of the tensor; -1 where it has none.
        second: weights of the layer behind, index of the tensor.
        second_axis: of its input channels.
        between: what the layer behind reads, index of the tensor.
        channels: how many there are.
    """

    first: int
    first_axis: int
    bias: int
    second: int
    second_axis: int
    between: int
    channels: int


def find_pairs(model: Any) -> list[Pair]:
    """All pairs of the main subgraph, in the order of its ops.

    Args:
        model: a ModelT.
    """
    graph = model.subgraphs[0]
    readers = Counter(int(index) for op in graph.operators for index in op.inputs)
    readers.update(map(int, graph.outputs))
    reader = {int(index): op for op in graph.operators for index in op.inputs}
    pairs = []
    for op in graph.operators:
        weights = _own_weights(model, op, readers)
        if weights is None or not _is_positive_homogeneous(op):
            continue
        axis = _AXES[_name(model, op)][0]
        channels = int(graph.tensors[weights].shape[axis])
        bias = int(op.inputs[2]) if len(op.inputs) > 2 else -1
        if bias >= 0 and (readers[bias] > 1 or not stored_bytes(graph.tensors[bias], model.buffers)):
            continue
        for between, behind in _followers(model, op, reader, readers, channels):
            second = _own_weights(model, behind, readers)
            second_axis = _AXES[_name(model, behind)][1]
            if second is not None and int(graph.tensors[second].shape[second_axis]) % channels == 0:
                pairs.append(Pair(weights, axis, bias, second, second_axis, between, channels))
    return pairs


def _followers(
    model: Any, op: Any, reader: dict[int, Any], readers: Counter[int], channels: int
) -> Iterator[tuple[int, Any]]:
    """The next layer, and what it reads; nothing where something else reads it or what is between minds."""
    tensors = model.subgraphs[0].tensors
    current = int(op.outputs[0])
    while readers[current] == 1 and current in reader:
        behind = reader[current]
        name = _name(model, behind)
        if name in _AXES:
            if int(behind.inputs[0]) == current and _takes_channels(model, behind, name, channels):
                yield current, behind
            return
        if name not in _THROUGH or int(behind.inputs[0]) != current or not _is_positive_homogeneous(behind):
            return
        if name == "MEAN" and not _keeps_last_axis(model, behind):
            return
        last = int(tensors[behind.outputs[0]].shape[-1])
        if last % channels or (last != channels and name != "RESHAPE" and last != tensors[current].shape[-1]):
            return
        current = int(behind.outputs[0])


def in_the_way(model: Any) -> Iterator[str]:
    """Of each layer but the last the op or activation behind it that no scale goes through; often there is none.

    Args:
        model: a ModelT.
    """
    graph = model.subgraphs[0]
    reader = {int(index): op for op in graph.operators for index in op.inputs}
    layers = [op for op in graph.operators if _name(model, op) in _AXES]
    for op in layers[:-1]:
        behind = op
        while _is_positive_homogeneous(behind) and int(behind.outputs[0]) in reader:
            behind = reader[int(behind.outputs[0])]
            if _name(model, behind) not in _THROUGH:
                break
        if behind is op or _name(model, behind) in _THROUGH:
            yield from () if _is_positive_homogeneous(behind) else (_activation(behind),)
        elif _name(model, behind) not in _AXES:
            yield _name(model, behind)


def _takes_channels(model: Any, op: Any, name: str, channels: int) -> bool:
    """Not a grouped convolution, nor a depthwise one of interleaved outputs: their input channels lie elsewhere."""
    tensors = model.subgraphs[0].tensors
    if name == "FULLY_CONNECTED":
        return True
    taken = int(tensors[op.inputs[0]].shape[-1])
    return taken == channels == int(tensors[op.inputs[1]].shape[3])


def _keeps_last_axis(model: Any, op: Any) -> bool:
    tensors = model.subgraphs[0].tensors
    data = model.buffers[tensors[op.inputs[1]].buffer].data
    rank = len(tensors[op.inputs[0]].shape)
    if data is None or not len(data):
        return False
    return all(int(axis) % rank != rank - 1 for axis in np.frombuffer(np.asarray(data, np.uint8).tobytes(), "<i4"))


def _own_weights(model: Any, op: Any, readers: Counter[int]) -> int | None:
    """The float weights of a layer that nothing else reads."""
    if _name(model, op) not in _AXES:
        return None
    index = int(op.inputs[1])
    tensor = model.subgraphs[0].tensors[index]
    is_own = readers[index] == 1 and stored_bytes(tensor, model.buffers) and dtype_name(tensor.type) == "float32"
    return index if is_own else None


def _is_positive_homogeneous(op: Any) -> bool:
    return _activation(op) in {"NONE", "RELU"}


def _activation(op: Any) -> str:
    return enum_names("ActivationFunctionType")[getattr(op.builtinOptions, "fusedActivationFunction", 0)]


def _name(model: Any, op: Any) -> str:
    return op_name(model.operatorCodes[op.opcodeIndex])


def peaks(values: NDArray[np.float32], axis: int, channels: int) -> NDArray[np.float64]:
    """The largest distance from 0 of each channel."""
    largest = np.abs(values.astype(np.float64)).max(axis=tuple(place for place in range(values.ndim) if place != axis))
    return np.asarray(largest.reshape(-1, channels).max(axis=0))


def rescale(model: Any, pair: Pair, scales: NDArray[np.float64]) -> None:
    """Divide what the first layer gives by these scales, and multiply what the second takes, in a draft."""
    for index, axis, factors in (
        (pair.first, pair.first_axis, 1 / scales),
        (pair.bias, 0, 1 / scales),
        (pair.second, pair.second_axis, scales),
    ):
        if index < 0:
            continue
        values = constant(model, index).astype(np.float64)
        shape = [1] * values.ndim
        shape[axis] = -1
        changed = values * np.tile(factors, values.shape[axis] // len(factors)).reshape(shape)
        buffer = model.buffers[model.subgraphs[0].tensors[index].buffer]
        buffer.data = np.frombuffer(changed.astype("<f4").tobytes(), np.uint8)


def constant(model: Any, index: int) -> NDArray[np.float32]:
    """The values of a float constant."""
    tensor = model.subgraphs[0].tensors[index]
    data = np.asarray(model.buffers[tensor.buffer].data, np.uint8).tobytes()
    return np.frombuffer(data, "<f4").reshape(tensor.shape)
