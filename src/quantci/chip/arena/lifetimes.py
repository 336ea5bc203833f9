"""What lies in the head of the arena, and when: tensors from the op that writes them to the last that reads them.

Source: esp-tflite-micro 1.4.0, tensorflow/lite/micro/micro_allocation_info.cc.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantci.chip.arena.layout import align
from quantci.chip.arena.memory_planner import Buffer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quantci.chip.graph import Graph
    from quantci.chip.op import Tensor


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A buffer of the head: a tensor's, or the scratch of one op.

    Attributes:
        tensor: index of the tensor; None for scratch.
        op: index of the op whose scratch it is; None for a tensor.
    """

    tensor: int | None
    op: int | None
    buffer: Buffer


def lifetimes(graph: Graph, scratch: Iterable[tuple[int, int]]) -> list[Planned]:
    """When each planned buffer is in use: from the op that writes it to the last that reads it; op 0 is step 1."""
    count = len(graph.tensors)
    first, last = [-1] * count, [-1] * count

    def live(tensors: Iterable[Tensor | None], step: int, *, starts: bool) -> None:
        for tensor in tensors:
            if tensor is not None:
                last[tensor.index] = step
                if starts and first[tensor.index] < 0:
                    first[tensor.index] = step

    live(graph.inputs, 0, starts=True)
    for op in graph.ops:
        live(op.inputs, op.index + 1, starts=False)
        live(op.outputs, op.index + 1, starts=True)
    live(graph.outputs, len(graph.ops), starts=True)
    tensors = [
        Planned(tensor=tensor.index, op=None, buffer=Buffer(align(tensor.size), first[index], last[index]))
        for index, tensor in enumerate(graph.tensors)
        if tensor.is_planned
    ]
    return tensors + [Planned(tensor=None, op=op, buffer=Buffer(align(size), op + 1, op + 1)) for op, size in scratch]
