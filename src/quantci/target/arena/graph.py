"""What the allocator reads off a model: tensors with their sizes, and ops with their options."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from quantci.tflite.enums import BITS, dtype_name, is_custom, op_name
from quantci.tflite.verify.tensors import shape_of, stored_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

OFFLINE_PLAN: Final = b"OfflineMemoryAllocation"  # metadata that fixes offsets; micro_allocation_info.cc


@dataclass(frozen=True, kw_only=True)
class Tensor:
    """A tensor of the main subgraph.

    Attributes:
        size: bytes of its data.
        channels: how many scales it has: none when it is not quantized, several when quantized per channel.
        is_constant: its data lies in the model's file, so that it takes no arena.
        is_variable: it keeps its value between inferences, so that it lies in the tail.
    """

    index: int
    name: str
    dtype: str
    shape: tuple[int, ...]
    size: int
    channels: int
    is_constant: bool
    is_variable: bool

    @property
    def is_planned(self) -> bool:
        """Whether the planner gives it a place in the head."""
        return self.size > 0 and not self.is_constant and not self.is_variable


@dataclass(frozen=True, kw_only=True)
class Op:
    """An op of the main subgraph, with the tensors themselves: None where an optional input is absent."""

    index: int
    name: str
    is_custom: bool
    inputs: Sequence[Tensor | None]
    outputs: Sequence[Tensor]
    options: Any

    def input(self, position: int) -> Tensor | None:
        """An input, None when it is absent."""
        return self.inputs[position] if position < len(self.inputs) else None


@dataclass(frozen=True, kw_only=True)
class Graph:
    """The main subgraph.

    Attributes:
        subgraphs: how many there are in all.
        obstacles: why the allocation cannot be simulated from this view alone, one phrase each.
    """

    tensors: Sequence[Tensor]
    ops: Sequence[Op]
    inputs: Sequence[Tensor]
    outputs: Sequence[Tensor]
    subgraphs: int
    obstacles: Sequence[str]


def read_graph(model: Any) -> Graph:
    """The view of a model that `parse` accepted."""
    main = model.subgraphs[0]
    tensors = [_tensor(tensor, index, model.buffers) for index, tensor in enumerate(main.tensors)]
    names = [(op_name(code), is_custom(code)) for code in model.operatorCodes]
    ops = [
        Op(
            index=index,
            name=names[op.opcodeIndex][0],
            is_custom=names[op.opcodeIndex][1],
            inputs=[tensors[place] if place >= 0 else None for place in _places(op.inputs)],
            outputs=[tensors[place] for place in _places(op.outputs)],
            options=op.builtinOptions,
        )
        for index, op in enumerate(main.operators)
    ]
    return Graph(
        tensors=tensors,
        ops=ops,
        inputs=[tensors[place] for place in _places(main.inputs)],
        outputs=[tensors[place] for place in _places(main.outputs)],
        subgraphs=len(model.subgraphs),
        obstacles=_obstacles(model),
    )


def _tensor(tensor: Any, index: int, buffers: Sequence[Any]) -> Tensor:
    dtype, shape = dtype_name(tensor.type), tuple(shape_of(tensor))
    quantization = tensor.quantization
    channels = 0
    # TFLM copies the scales only where there are zero points, too.
    if quantization is not None and quantization.zeroPoint is not None and len(quantization.zeroPoint):
        channels = 0 if quantization.scale is None else len(quantization.scale)
    return Tensor(
        index=index,
        name=(tensor.name or b"").decode(errors="replace"),
        dtype=dtype,
        shape=shape,
        size=(math.prod(shape) * BITS[dtype] + 7) // 8,
        channels=channels,
        is_constant=stored_bytes(tensor, buffers) > 0,
        is_variable=bool(tensor.isVariable),
    )


def _obstacles(model: Any) -> list[str]:
    found = []
    if len(model.subgraphs) > 1:
        found.append(f"it has {len(model.subgraphs)} subgraphs")
    if any(entry.name == OFFLINE_PLAN for entry in model.metadata or ()):
        found.append("it brings a memory plan of its own")
    return found


def _places(indices: Iterable[int] | None) -> list[int]:
    return [] if indices is None else [int(index) for index in indices]
