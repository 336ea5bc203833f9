"""Bias correction: what quantization adds to the mean of each channel, its bias takes away again.

Source: Nagel, van Baalen, Blankevoort, Welling, "Data-Free Quantization Through Weight Equalization and Bias
Correction" (arXiv:1906.04721, ICCV 2019), section 4.2 and, with data, appendix D: layer by layer, each seeing the
inputs that those before it give after their correction.
"""

from __future__ import annotations

import copy
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from quantci.errors import ModelRejected
from quantci.tflite.enums import dtype_name, enum_names, op_name
from quantci.tflite.lite_rt import open_preserved
from quantci.tflite.verify.tensors import stored_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from quantci.tflite.model import Model

_LAYERS: Final = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"})


class _Layer(NamedTuple):
    """A layer of weights, and what its mean needs."""

    kind: str
    op: Any
    tensors: Any


def correct_biases(float_model: Model, quantized: Model, samples: Sequence[NDArray[np.float32]]) -> Model:
    """The INT8 model with biases that make each channel's mean before the activation that of the float model.

    Args:
        float_model: what it was made from.
        quantized: as the engine wrote it.
        samples: as the float model takes them, [1, ...] each.

    Raises:
        ModelRejected: `recipe`: its layers are not those of the float model.
    """
    ours, theirs = _layers(quantized.tree), _layers(float_model.tree)
    if [_identity(layer) for layer in ours] != [_identity(layer) for layer in theirs]:
        raise ModelRejected(
            "recipe",
            "The layers of the quantized model are not those of the float model, so their biases cannot be corrected.",
            where=quantized.where,
            remedy="Leave bias-correction out of quantization.recipe.",
        )
    wanted = _mean_inputs(float_model, [int(layer.op.inputs[0]) for layer in theirs], samples)
    draft = quantized.draft()
    readers = Counter(int(index) for op in draft.subgraphs[0].operators for index in op.inputs)
    for layer, theirs_layer in zip(_layers(draft), theirs, strict=True):
        if len(layer.op.inputs) < 3 or layer.op.inputs[2] < 0 or readers[int(layer.op.inputs[2])] > 1:
            continue
        current = quantized.changed(draft)
        taken = int(layer.op.inputs[0])
        given = _mean_inputs(current, [taken], samples)[taken]
        expected = mean_output(float_model.tree, theirs_layer, wanted[int(theirs_layer.op.inputs[0])])
        _add(draft, layer, expected - mean_output(draft, layer, given))
    return quantized.changed(draft)


def _layers(model: Any) -> list[_Layer]:
    graph = model.subgraphs[0]
    found = [_Layer(op_name(model.operatorCodes[op.opcodeIndex]), op, graph.tensors) for op in graph.operators]
    return [
        layer
        for layer in found
        if layer.kind in _LAYERS and stored_bytes(graph.tensors[layer.op.inputs[1]], model.buffers)
    ]


def _identity(layer: _Layer) -> tuple[str, tuple[int, ...]]:
    return layer.kind, tuple(map(int, layer.tensors[layer.op.inputs[1]].shape))


def _mean_inputs(
    model: Model, tensors: Sequence[int], samples: Sequence[NDArray[np.float32]]
) -> dict[int, NDArray[np.float64]]:
    """The mean of each of these activations over the samples, as real values."""
    runner = open_preserved(model, "builtin")
    port = runner.inputs[0]
    found = dict.fromkeys(tensors)
    total: dict[int, Any] = dict.fromkeys(found, 0.0)
    for sample in samples:
        runner.run([port.from_real(sample)])
        for index in found:
            total[index] = total[index] + runner.tensor(index).astype(np.float64)
    every = model.tree.subgraphs[0].tensors
    return {index: _real(every[index], values / len(samples)) for index, values in total.items()}


def mean_output(model: Any, layer: _Layer, mean_input: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of each output channel before the activation: a layer is linear, so that of its mean input."""
    op, tensors = layer.op, layer.tensors
    weights = _values(model, tensors[op.inputs[1]])
    if layer.kind == "FULLY_CONNECTED":
        channels = weights @ mean_input.reshape(-1, weights.shape[1]).mean(axis=0)
    else:
        patch = mean_patch(mean_input, op.builtinOptions, weights.shape[1:3], tensors[op.outputs[0]].shape[1:3])
        if layer.kind == "DEPTHWISE_CONV_2D":
            patch = np.repeat(patch, weights.shape[3] // patch.shape[2], axis=2)
            channels = (weights[0] * patch).sum(axis=(0, 1))
        else:
            groups = patch.shape[2] // weights.shape[3]
            of_group = np.repeat(patch.reshape(*patch.shape[:2], groups, -1), weights.shape[0] // groups, axis=2)
            channels = np.einsum("ohwi,hwoi->o", weights, of_group)
    has_bias = len(op.inputs) > 2 and op.inputs[2] >= 0
    return channels + (_values(model, tensors[op.inputs[2]]) if has_bias else 0.0)


def mean_patch(
    image: NDArray[np.float64], options: Any, kernel: Sequence[int], positions: Sequence[int]
) -> NDArray[np.float64]:
    """What a window sees on average as it moves over an image [..., height, width, channels]: [*kernel, channels]."""
    image = image.reshape(-1, *image.shape[-3:]).mean(axis=0)
    strides, dilations = (options.strideH, options.strideW), (options.dilationHFactor, options.dilationWFactor)
    is_same = enum_names("Padding")[options.padding] == "SAME"
    before, after = [], []
    for size, count, stride, dilation, width in zip(image.shape, positions, strides, dilations, kernel, strict=False):
        needed = (int(count) - 1) * stride + (width - 1) * dilation + 1
        padding = max(needed - size, 0) if is_same else 0
        before.append(padding // 2)
        after.append(max(needed - size - padding // 2, 0))
    padded = np.pad(image, ((before[0], after[0]), (before[1], after[1]), (0, 0)))
    patch = np.empty((*kernel, image.shape[2]))
    for row in range(kernel[0]):
        for column in range(kernel[1]):
            top, left = row * dilations[0], column * dilations[1]
            seen = padded[top :: strides[0], left :: strides[1]][: positions[0], : positions[1]]
            patch[row, column] = seen.mean(axis=(0, 1))
    return patch


def _add(draft: Any, layer: _Layer, difference: NDArray[np.float64]) -> None:
    """Add to the biases, in whole steps of theirs."""
    tensor = layer.tensors[layer.op.inputs[2]]
    stored = draft.buffers[tensor.buffer].data
    kind = np.dtype(dtype_name(tensor.type))
    steps = np.rint(difference / np.asarray(tensor.quantization.scale, np.float64))
    biases = np.frombuffer(np.asarray(stored, np.uint8).tobytes(), kind) + steps
    limits = np.iinfo(np.int32)  # also of a bias of 64 bits: nobody's is larger
    tensor.buffer = len(draft.buffers)  # one of its own: equal biases may lie in one
    buffer = copy.copy(draft.buffers[0])
    buffer.data = np.frombuffer(np.clip(biases, limits.min, limits.max).astype(kind).tobytes(), np.uint8)
    draft.buffers.append(buffer)


def _values(model: Any, tensor: Any) -> NDArray[np.float64]:
    """A constant as real values."""
    data = np.asarray(model.buffers[tensor.buffer].data, np.uint8).tobytes()
    stored = np.frombuffer(data, np.dtype(dtype_name(tensor.type))).reshape(tensor.shape).astype(np.float64)
    return _real(tensor, stored)


def _real(tensor: Any, stored: NDArray[np.float64]) -> NDArray[np.float64]:
    """Real values of what is stored."""
    quantization = tensor.quantization
    if quantization is None or quantization.scale is None or not len(quantization.scale):
        return stored
    shape = [1] * stored.ndim
    if len(quantization.scale) > 1:
        shape[quantization.quantizedDimension] = -1
    scale = np.asarray(quantization.scale, np.float64).reshape(shape)
    return (stored - np.asarray(quantization.zeroPoint, np.float64).reshape(shape)) * scale
