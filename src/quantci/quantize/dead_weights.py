"""Weights that are all 0, or too small to move an output by one step, get a scale that kernels can hold.

Pruned and dead channels are common, and PReLU starts with zeros. An engine gives them the scale 0, or one that no
multiplier can hold, and interpreters refuse the model or stop the process. As zeros of an ordinary scale they do what
they did: nothing. Their bias is 0 too: an accumulator of 32 bits that is full of it moves no output by half a step.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from quantci.errors import ModelRejected
from quantci.tflite.decode import decode
from quantci.tflite.enums import dtype_name, op_name
from quantci.tflite.verify.tensors import stored_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from quantci.tflite.model import Model

# Of these, where the input, the weights and the bias stand among the inputs.
_PLACES: Final = {
    "CONV_2D": (0, 1, 2),
    "DEPTHWISE_CONV_2D": (0, 1, 2),
    "FULLY_CONNECTED": (0, 1, 2),
    "TRANSPOSE_CONV": (2, 1, 3),
}
_LEAST: Final = 2.0**-32  # of a multiplier: what XNNPACK takes
_VANISHING: Final = 1e-25  # scale of any other constant


def give_scales(model: Model) -> Model:
    """The INT8 model of an engine with usable scales for dead weights; the same object where there are none.

    Raises:
        ModelRejected: what `parse` refuses.
    """
    try:
        dead = [*_dead(model.tree)]
    except ModelRejected as error:
        if error.code != "degenerate" or not [*_dead(decode(model.data))]:
            raise
    else:
        if not dead:
            return model
    draft = decode(model.data)
    for op, weights, channels, scale in [*_dead(draft)]:
        _silence(draft, weights, channels, scale)
        places = _PLACES.get(op_name(draft.operatorCodes[op.opcodeIndex]))
        if places is not None and len(op.inputs) > places[2] and op.inputs[places[2]] >= 0:
            tensors = draft.subgraphs[0].tensors
            taken, bias = _scale(tensors[op.inputs[places[0]]]), tensors[op.inputs[places[2]]]
            _zero(draft.buffers[bias.buffer], "<i4", channels)
            bias.quantization.scale = np.where(channels, taken * _scale(weights), _scale(bias)).astype(np.float32)
    return model.changed(draft)


def _dead(tree: Any) -> Iterator[tuple[Any, Any, NDArray[np.bool_], float]]:
    """An op, a constant that it alone reads, which of its scales are unusable, and what they may be instead."""
    graph = tree.subgraphs[0]
    readers = Counter(int(index) for op in graph.operators for index in op.inputs)
    for op in graph.operators:
        out = [float(scale) for index in op.outputs[:1] for scale in _scale(graph.tensors[index])]
        if len(out) != 1 or out[0] <= 0:
            continue
        places = _PLACES.get(op_name(tree.operatorCodes[op.opcodeIndex]))
        for place, index in enumerate(op.inputs):
            tensor = graph.tensors[index] if index >= 0 else None
            if tensor is None or not _is_constant(tensor, tree.buffers) or readers[int(index)] > 1:
                continue
            scale = _scale(tensor)
            if places is None:
                dead, instead = scale < _VANISHING, out[0]
            elif place == places[1]:
                (taken,) = _scale(graph.tensors[op.inputs[places[0]]]).tolist()
                dead, instead = taken * scale.astype(np.float64) / out[0] < _LEAST, out[0] / taken
            else:
                continue
            if dead.any():
                yield op, tensor, dead, instead


def _scale(tensor: Any) -> NDArray[np.float32]:
    quantization = tensor.quantization
    return np.asarray([] if quantization is None or quantization.scale is None else quantization.scale, np.float32)


def _is_constant(tensor: Any, buffers: list[Any]) -> bool:
    return dtype_name(tensor.type) == "int8" and bool(stored_bytes(tensor, buffers)) and bool(len(_scale(tensor)))


def _silence(draft: Any, tensor: Any, channels: NDArray[np.bool_], scale: float) -> None:
    """Zeros in these channels, of this scale."""
    quantization = tensor.quantization
    axes = [1] * len(tensor.shape)
    if len(channels) > 1:
        axes[int(quantization.quantizedDimension)] = len(channels)
    is_dead = np.broadcast_to(channels.reshape(axes), tensor.shape)
    zero_points = np.broadcast_to(np.asarray(quantization.zeroPoint, np.int64).reshape(axes), tensor.shape)
    _zero(draft.buffers[tensor.buffer], "i1", is_dead.ravel(), zero_points.ravel())
    quantization.scale = np.where(channels, np.float32(scale), _scale(tensor)).astype(np.float32)


def _zero(buffer: Any, dtype: str, places: NDArray[np.bool_], zeros: NDArray[np.int64] | int = 0) -> None:
    values = np.frombuffer(np.asarray(buffer.data, np.uint8).tobytes(), dtype)
    buffer.data = np.frombuffer(np.where(places, zeros, values).astype(dtype).tobytes(), np.uint8)
