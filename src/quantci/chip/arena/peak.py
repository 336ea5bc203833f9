"""When the head of the arena is fullest, what fills it then, and what it would help to halve."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Final

from quantci.chip.arena.layout import align
from quantci.chip.arena.memory_planner import height, is_crowded, plan
from quantci.records.arena import ArenaPeak, ArenaPiece

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantci.chip.arena.lifetimes import Planned
    from quantci.chip.arena.simulate import Simulation
    from quantci.chip.graph import Graph
    from quantci.chip.op import Op

MOST_GAINS: Final = 5  # pieces for which a smaller plan is tried
MOST_PLANNED: Final = 1000  # buffers of a crowded model up to which plans are tried again: each takes a second beyond
MOST_PIECES: Final = 50  # pieces that a record lists


def timeline(planned: Sequence[Planned], ops: int) -> list[int]:
    """Bytes of the head in use during each op: the sum of what is alive, gaps not counted."""
    change = [0] * (ops + 2)
    for piece in planned:
        size, first, last = piece.buffer
        if last >= 0:  # what no op touches lives at no time
            change[max(first, 0)] += size
            change[last + 1] -= size
    return list(accumulate(change))[1 : ops + 1]


def find_peak(graph: Graph, planned: Sequence[Planned]) -> ArenaPeak | None:
    """The first op during which most is in use; None when there is no op."""
    in_use = timeline(planned, len(graph.ops))
    if not in_use:
        return None
    index = max(range(len(in_use)), key=lambda step: in_use[step])
    op = graph.ops[index]
    return ArenaPeak(op_index=index, op=op.name, name=_output_name(op), bytes_in_use=in_use[index])


def alive_at(
    graph: Graph,
    planned: Sequence[Planned],
    peak: ArenaPeak,
    simulation: Simulation | None,
) -> list[ArenaPiece]:
    """What is alive at the peak, largest first; with gains where there is a simulation to try them in."""
    step = peak.op_index + 1
    found = [place for place, piece in enumerate(planned) if piece.buffer.first <= step <= piece.buffer.last]
    found.sort(key=lambda place: -planned[place].buffer.size)
    crowded = len(planned) > MOST_PLANNED and is_crowded([piece.buffer for piece in planned])
    tried = MOST_GAINS if simulation is not None and not crowded else 0
    pieces = []
    for rank, place in enumerate(found[:MOST_PIECES]):
        piece = planned[place]
        name = _output_name(graph.ops[piece.op]) if piece.op is not None else ""
        if piece.tensor is not None:
            name = graph.tensors[piece.tensor].name
        gain = gain_of_half(simulation, place) if simulation is not None and rank < tried else None
        pieces.append(ArenaPiece(tensor=piece.tensor, name=name, piece_bytes=piece.buffer.size, gain_bytes=gain))
    return pieces


def gain_of_half(simulation: Simulation, place: int) -> int:
    """How much smaller the smallest arena is when one planned buffer is half as large: computed by planning again."""
    buffers = [piece.buffer for piece in simulation.planned]
    buffers[place] = buffers[place]._replace(size=align(-(-buffers[place].size // 2)))
    head = height(buffers, plan(buffers))
    return simulation.minimum - align(max(head + simulation.tail, simulation.transient))


def _output_name(op: Op) -> str:
    return op.outputs[0].name if op.outputs else ""
