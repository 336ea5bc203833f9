"""What each op of a float flatbuffer computes, in torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import torch
from torch.nn import functional

from quantci.quantize.qat.network import layout, window

if TYPE_CHECKING:
    from quantci.quantize.qat.graph import FloatGraph, Node

# Takes the graph, the op and its inputs (tensors of torch, or arrays where they are integers), gives its outputs.
Operator = Callable[["FloatGraph", "Node", list[Any]], Any]

ACTIVATIONS: Final[dict[str, Callable[[Any], Any]]] = {
    "NONE": lambda x: x,
    "RELU": torch.relu,
    "RELU6": functional.relu6,
    "RELU_N1_TO_1": lambda x: x.clamp(-1, 1),
    "TANH": torch.tanh,
}


def _dense(node: Node, x: Any, weights: Any) -> Any:
    """FULLY_CONNECTED: without `keepNumDims` the output has two axes."""
    made = x.reshape(-1, weights.shape[1]) @ weights.T
    return made.reshape(*x.shape[:-1], weights.shape[0]) if node.options.keepNumDims else made


def weighted(graph: FloatGraph, node: Node, inputs: list[Any], weights: Any) -> Any:
    """An op with weights, without its bias and activation."""
    match node.op:
        case "CONV_2D":
            return window.convolve(node, inputs[0], weights)
        case "DEPTHWISE_CONV_2D":
            return window.convolve_depthwise(node, inputs[0], weights)
        case "TRANSPOSE_CONV":
            return window.convolve_transposed(node, inputs[2], weights, window.output_shape(graph, node))
        case _:
            return _dense(node, inputs[0], weights)


def _reduced(compute: Callable[..., Any]) -> Operator:
    def operator(graph: FloatGraph, node: Node, inputs: list[Any]) -> Any:
        axes = sorted({int(axis) % inputs[0].ndim for axis in inputs[1].ravel()})
        return compute(inputs[0], dim=axes, keepdim=bool(node.options.keepDims))

    return operator


def _unary(compute: Callable[[Any], Any]) -> Operator:
    return lambda graph, node, inputs: compute(inputs[0])


def _binary(compute: Callable[[Any, Any], Any]) -> Operator:
    return lambda graph, node, inputs: compute(inputs[0], inputs[1])


def _multiply(graph: FloatGraph, node: Node, inputs: list[Any]) -> Any:
    left = inputs[0].transpose(-1, -2) if node.options.adjX else inputs[0]
    right = inputs[1].transpose(-1, -2) if node.options.adjY else inputs[1]
    return left @ right


def _gather(graph: FloatGraph, node: Node, inputs: list[Any]) -> Any:
    axis = int(node.options.axis) % inputs[0].ndim
    places = torch.from_numpy(inputs[1].astype("int64").ravel())
    return inputs[0].index_select(axis, places).reshape(-1, *graph.shapes[node.outputs[0]][1:])


def _of_one_batch(inputs: list[Any]) -> list[Any]:
    """A constant is there once, and wanted once for each sample."""
    count = max(x.shape[0] for x in inputs)
    return [x.expand(count, *x.shape[1:]) for x in inputs]


def _to_depth(graph: FloatGraph, node: Node, inputs: list[Any]) -> Any:
    x, size = inputs[0], node.options.blockSize
    count, height, width, channels = x.shape
    cells = x.reshape(count, height // size, size, width // size, size, channels)
    return cells.permute(0, 1, 3, 2, 4, 5).reshape(count, height // size, width // size, size * size * channels)


def _to_space(graph: FloatGraph, node: Node, inputs: list[Any]) -> Any:
    x, size = inputs[0], node.options.blockSize
    count, height, width, channels = x.shape
    cells = x.reshape(count, height, width, size, size, channels // size**2)
    return cells.permute(0, 1, 3, 2, 4, 5).reshape(count, height * size, width * size, channels // size**2)


OPERATORS: Final[dict[str, Operator]] = {
    "ADD": _binary(torch.add),
    "SUB": _binary(torch.sub),
    "MUL": _binary(torch.mul),
    "DIV": _binary(torch.div),
    "MAXIMUM": _binary(torch.maximum),
    "MINIMUM": _binary(torch.minimum),
    "SQUARED_DIFFERENCE": _binary(lambda x, y: (x - y) ** 2),
    "PRELU": _binary(lambda x, slope: torch.relu(x) - slope * torch.relu(-x)),
    "RELU": _unary(torch.relu),
    "RELU6": _unary(functional.relu6),
    "RELU_N1_TO_1": _unary(ACTIVATIONS["RELU_N1_TO_1"]),
    "LOGISTIC": _unary(torch.sigmoid),
    "TANH": _unary(torch.tanh),
    "HARD_SWISH": _unary(functional.hardswish),
    "ELU": _unary(functional.elu),
    "ABS": _unary(torch.abs),
    "NEG": _unary(torch.neg),
    "SQRT": _unary(torch.sqrt),
    "RSQRT": _unary(torch.rsqrt),
    "SQUARE": _unary(torch.square),
    "EXP": _unary(torch.exp),
    "LOG": _unary(torch.log),
    "LOG_SOFTMAX": _unary(lambda x: torch.log_softmax(x, -1)),
    "L2_NORMALIZATION": _unary(lambda x: functional.normalize(x, dim=-1, eps=1e-6)),
    "SOFTMAX": lambda _, node, inputs: torch.softmax(inputs[0] * node.options.beta, -1),
    "LEAKY_RELU": lambda _, node, inputs: functional.leaky_relu(inputs[0], node.options.alpha),
    "GELU": lambda _, node, inputs: functional.gelu(
        inputs[0], approximate="tanh" if node.options.approximate else "none"
    ),
    "AVERAGE_POOL_2D": lambda _, node, inputs: window.average(node, inputs[0]),
    "MAX_POOL_2D": lambda _, node, inputs: window.largest(node, inputs[0]),
    "MEAN": _reduced(torch.mean),
    "SUM": _reduced(torch.sum),
    "REDUCE_MAX": _reduced(torch.amax),
    "REDUCE_MIN": _reduced(torch.amin),
    "RESHAPE": lambda graph, node, inputs: layout.reshape(graph, node, inputs[0]),
    "SQUEEZE": lambda graph, node, inputs: layout.reshape(graph, node, inputs[0]),
    "EXPAND_DIMS": lambda graph, node, inputs: layout.reshape(graph, node, inputs[0]),
    "TRANSPOSE": lambda _, __, inputs: inputs[0].permute(*inputs[1].tolist()),
    "PAD": lambda _, __, inputs: layout.pad(inputs[0], inputs[1]),
    "PADV2": lambda _, __, inputs: layout.pad(inputs[0], inputs[1], float(inputs[2])),
    "MIRROR_PAD": lambda _, node, inputs: layout.pad_mirrored(node, inputs[0], inputs[1]),
    "CONCATENATION": lambda _, node, inputs: torch.cat(_of_one_batch(inputs), dim=node.options.axis),
    "PACK": lambda _, node, inputs: torch.stack(_of_one_batch(inputs), dim=node.options.axis),
    "UNPACK": lambda _, node, inputs: list(torch.unbind(inputs[0], dim=node.options.axis)),
    "SPLIT": lambda graph, node, inputs: layout.split(graph, node, inputs[1], int(inputs[0])),
    "SPLIT_V": lambda graph, node, inputs: layout.split(graph, node, inputs[0], int(inputs[2])),
    "SLICE": lambda graph, node, inputs: layout.cut(graph, node, *inputs),
    "STRIDED_SLICE": lambda graph, node, inputs: layout.cut_strided(graph, node, *inputs),
    "GATHER": _gather,
    "SPACE_TO_DEPTH": _to_depth,
    "DEPTH_TO_SPACE": _to_space,
    "RESIZE_BILINEAR": lambda _, node, inputs: layout.resize(node, inputs[0], inputs[1]),
    "RESIZE_NEAREST_NEIGHBOR": lambda _, node, inputs: layout.resize(node, inputs[0], inputs[1]),
    "BATCH_MATMUL": _multiply,
    "TILE": lambda _, __, inputs: inputs[0].repeat(*inputs[1].tolist()),
}
