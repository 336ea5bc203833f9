"""What a float model will cost on the chip once it is INT8, before anything is quantized."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from quantci.chip.arena.estimate import estimate_arena
from quantci.chip.datasheet import load_chip
from quantci.chip.graph import read_graph
from quantci.chip.latency.coefficients import published_coefficients
from quantci.chip.latency.estimate import estimate_latency

if TYPE_CHECKING:
    from quantci.chip.graph import Graph
    from quantci.chip.op import Op, Tensor
    from quantci.tflite.model import Model

_PER_CHANNEL: Final = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": -1, "FULLY_CONNECTED": 0, "TRANSPOSE_CONV": 0}


class Cost(NamedTuple):
    """Ops, bytes of arena, and microseconds of one inference; `reason` says why one is None."""

    ops: int
    arena_bytes: int | None
    latency_us: float | None
    reason: str


def cost_of(float_model: Model, chip_name: str) -> Cost:
    """Estimate what the INT8 form of the model costs on this chip."""
    graph, chip = as_int8(read_graph(float_model)), load_chip(chip_name)
    arena = estimate_arena(graph, chip_name, chip, host_bytes=None)
    arena_bytes = arena.minimum_bytes if arena else None
    coefficients = published_coefficients()
    reasons = [] if arena else ["an op is not in the table of kernels"]
    if load_chip(coefficients.record.chip).kernel_set != chip.kernel_set:
        return Cost(len(graph.ops), arena_bytes, None, f"latency on {chip.name} is not estimated")
    latency = estimate_latency(
        graph.ops,
        float_model.summary.ops,
        coefficients,
        kernels=chip.kernels,
        memory="internal" if arena is None or arena.memory == "internal" else "psram",
    )
    reasons += [latency.reason] if latency.reason else []
    return Cost(len(graph.ops), arena_bytes, latency.total_us, "; ".join(reasons))


def as_int8(graph: Graph) -> Graph:
    """The same graph with the types of its INT8 form; which scales it will have changes neither arena nor latency."""
    biases = {op.inputs[2].index for op in graph.ops if op.name in _PER_CHANNEL and _is_bias(op)}  # type: ignore[union-attr]
    channels = {
        op.inputs[1].index: op.inputs[1].shape[axis]
        for op in graph.ops
        if (axis := _PER_CHANNEL.get(op.name)) is not None and len(op.inputs) > 1 and op.inputs[1] is not None
    }

    def typed(tensor: Tensor) -> Tensor:
        if tensor.dtype != "float32" or (not tensor.shape and not tensor.is_constant):
            return tensor
        is_bias = tensor.index in biases
        count = channels.get(tensor.index, 1)
        return replace(tensor, dtype="int32" if is_bias else "int8", scale=1.0, channels=count)

    tensors = [typed(tensor) for tensor in graph.tensors]
    ops = [
        replace(
            op,
            inputs=[None if tensor is None else tensors[tensor.index] for tensor in op.inputs],
            outputs=[tensors[tensor.index] for tensor in op.outputs],
        )
        for op in graph.ops
    ]
    return graph._replace(
        tensors=tensors,
        ops=ops,
        inputs=[tensors[tensor.index] for tensor in graph.inputs],
        outputs=[tensors[tensor.index] for tensor in graph.outputs],
    )


def _is_bias(op: Op) -> bool:
    return op.name != "TRANSPOSE_CONV" and op.input(2) is not None
