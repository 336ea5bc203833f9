"""A model as the chip sees it: tensors with their sizes and scales, ops with the geometry of their windows.

Arena, kernels, known faults and latency all follow from this one view, which is read once from a parsed model.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from quantci.target.window import Slide, Window, same_padding
from quantci.tflite.enums import BITS, dtype_name, is_custom, op_name
from quantci.tflite.verify.tensors import open_shape, shape_of, stored_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from quantci.target.window import Pair

OFFLINE_PLAN: Final = b"OfflineMemoryAllocation"  # metadata that fixes offsets; micro_allocation_info.cc
_CONVOLUTIONS: Final = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D"})
_POOLS: Final = frozenset({"AVERAGE_POOL_2D", "MAX_POOL_2D"})


@dataclass(frozen=True, kw_only=True)
class Tensor:
    """A tensor.

    Attributes:
        index: its place among the tensors of its subgraph.
        shape: as TFLM reads it; empty for a scalar.
        is_open: a size stands in the file as not fixed, whatever `shape` says.
        scale: 0.0 where it is not quantized, the first one where it is quantized per channel; zero_point alike.
        channels: how many scales it has: none when it is not quantized, several when quantized per channel.
        is_constant: its data lies in the model's file, so that it takes no arena.
        is_variable: it keeps its value between inferences, so that it lies in the tail of the arena.
    """

    index: int = 0
    name: str = ""
    dtype: str
    shape: tuple[int, ...]
    is_open: bool = False
    scale: float = 0.0
    zero_point: int = 0
    channels: int = 0
    is_constant: bool = False
    is_variable: bool = False

    @property
    def elements(self) -> int:
        """How many values it has."""
        return math.prod(self.shape)

    @property
    def size(self) -> int:
        """Bytes of its data."""
        return (self.elements * BITS[self.dtype] + 7) // 8

    @property
    def is_planned(self) -> bool:
        """Whether the planner gives it a place in the head of the arena."""
        return not self.is_constant and not self.is_variable and self.size > 0


@dataclass(frozen=True, kw_only=True)
class Op:
    """An op with the tensors themselves: None where an input is absent.

    A model from a stranger may give an op that no interpreter checks any number of inputs.

    Attributes:
        subgraph, index: its subgraph, and its place there.
        name: of the builtin op, or the custom op's own.
        slide: None for an op that slides over nothing.
    """

    subgraph: int = 0
    index: int = 0
    name: str
    is_custom: bool = False
    inputs: Sequence[Tensor | None]
    outputs: Sequence[Tensor]
    slide: Slide | None = None

    def input(self, position: int) -> Tensor | None:
        """The input at this position, None where the op has none there."""
        return self.inputs[position] if position < len(self.inputs) else None

    @property
    def tensors(self) -> Iterator[Tensor]:
        """Inputs that are there, then outputs."""
        return (tensor for tensor in (*self.inputs, *self.outputs) if tensor is not None)

    @cached_property
    def dtype(self) -> str:
        """Type of the first input that is no constant, else of the first output; empty without any."""
        return next((tensor.dtype for tensor in self.tensors if not tensor.is_constant), "")

    @property
    def is_static(self) -> bool:
        """Whether every shape is fixed."""
        return not any(tensor.is_open for tensor in self.tensors)

    @cached_property
    def window(self) -> Window | None:
        """The geometry of a convolution or a pool; None for other ops, and where the shapes do not make one."""
        x, slide = self.input(0), self.slide
        weights = self.input(1) if self.name in _CONVOLUTIONS else x if self.name in _POOLS else None
        if x is None or weights is None or slide is None or not self.outputs:
            return None
        y = self.outputs[0]
        if any(len(tensor.shape) != 4 or 0 in tensor.shape for tensor in (x, weights, y)):
            return None
        size, taps, out = _plane(x), _plane(weights) if self.name in _CONVOLUTIONS else slide.pool, _plane(y)
        pads = [
            same_padding(size[axis], taps[axis], out[axis], slide.stride[axis], slide.dilation[axis])
            if slide.is_same
            else (0, 0)
            for axis in (0, 1)
        ]
        return Window(
            input=size,
            channels=x.shape[3],
            filter=taps,
            filter_channels=weights.shape[3],
            output=out,
            output_channels=y.shape[3],
            stride=slide.stride,
            dilation=slide.dilation,
            leading=(pads[0][0], pads[1][0]),
            trailing=(pads[0][1], pads[1][1]),
            multiplier=slide.multiplier,
        )


class Graph(NamedTuple):
    """The main subgraph.

    Attributes:
        other_ops: ops of the other subgraphs.
        subgraphs: how many there are in all.
        obstacles: why the allocation cannot be simulated from this view alone, one phrase each.
    """

    tensors: Sequence[Tensor]
    ops: Sequence[Op]
    inputs: Sequence[Tensor]
    outputs: Sequence[Tensor]
    other_ops: Sequence[Op]
    subgraphs: int
    obstacles: Sequence[str]


def read_graph(model: Any, names: Sequence[str] = ()) -> Graph:
    """The view of a model.

    Args:
        model: the schema's ModelT, as `quantci.tflite.flatbuffer.parse` gives it.
        names: names of the main subgraph's tensors, for a model that was stripped of them.
    """
    subgraphs = [
        _subgraph(model, number, names if number == 0 and len(names) == len(graph.tensors) else ())
        for number, graph in enumerate(model.subgraphs)
    ]
    (tensors, ops), main = subgraphs[0], model.subgraphs[0]
    return Graph(
        tensors=tensors,
        ops=ops,
        inputs=[tensors[place] for place in main.inputs.tolist()],
        outputs=[tensors[place] for place in main.outputs.tolist()],
        other_ops=[op for _, other in subgraphs[1:] for op in other],
        subgraphs=len(subgraphs),
        obstacles=_obstacles(model),
    )


def _subgraph(model: Any, number: int, names: Sequence[str]) -> tuple[list[Tensor], list[Op]]:
    graph = model.subgraphs[number]
    kinds = [(op_name(code), is_custom(code)) for code in model.operatorCodes or ()]
    tensors = [_tensor(index, tensor, model.buffers) for index, tensor in enumerate(graph.tensors)]
    if names:
        tensors = [replace(tensor, name=name) for tensor, name in zip(tensors, names, strict=True)]
    ops = [
        Op(
            subgraph=number,
            index=index,
            name=kinds[op.opcodeIndex][0],
            is_custom=kinds[op.opcodeIndex][1],
            inputs=[tensors[place] if place >= 0 else None for place in op.inputs.tolist()],
            outputs=[tensors[place] for place in op.outputs.tolist()],
            slide=_slide(op.builtinOptions),
        )
        for index, op in enumerate(graph.operators)
    ]
    return tensors, ops


def _tensor(index: int, tensor: Any, buffers: Sequence[Any]) -> Tensor:
    quantization = tensor.quantization
    scales = _numbers(quantization and quantization.scale)
    zero_points = _numbers(quantization and quantization.zeroPoint)
    return Tensor(
        index=index,
        name=(tensor.name or b"").decode(errors="replace"),
        dtype=dtype_name(tensor.type),
        shape=tuple(shape_of(tensor)),
        is_open=-1 in open_shape(tensor),
        scale=scales[0] if scales else 0.0,
        zero_point=zero_points[0] if zero_points else 0,
        channels=len(scales) if zero_points else 0,  # TFLM copies the scales only where there are zero points, too
        is_constant=stored_bytes(tensor, buffers) > 0,
        is_variable=bool(tensor.isVariable),
    )


def _numbers(values: NDArray[Any] | None) -> list[Any]:
    return [] if values is None else values.tolist()


def _slide(options: Any) -> Slide | None:
    if not hasattr(options, "strideW"):
        return None
    return Slide(
        stride=(options.strideW, options.strideH),
        dilation=(getattr(options, "dilationWFactor", 1), getattr(options, "dilationHFactor", 1)),
        is_same=options.padding == 0,  # 0 is SAME; VALID, 1, pads nothing
        pool=(getattr(options, "filterWidth", 1), getattr(options, "filterHeight", 1)),
        multiplier=getattr(options, "depthMultiplier", 1),
    )


def _plane(tensor: Tensor) -> Pair:
    return tensor.shape[2], tensor.shape[1]


def _obstacles(model: Any) -> list[str]:
    found = []
    if len(model.subgraphs) > 1:
        found.append(f"it has {len(model.subgraphs)} subgraphs")
    if any(entry.name == OFFLINE_PLAN for entry in model.metadata or ()):
        found.append("it brings a memory plan of its own")
    return found
