"""The arena in words: where it fits, when it is fullest, how full it is otherwise, and which tensors to shrink."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.render.cells import Bar, Folded, Name, Paragraph, table
from quantci.render.numbers import NBSP, Number, size, size_change

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from quantci.records.arena import Arena, ArenaPiece
    from quantci.render.cells import Cell, Rows

# A simulation is a model of the chip, so it is an estimate, however exact.
KINDS: Final = {
    "simulated": "Estimated: simulated to the byte, not measured on a chip.",
    "estimated": "Estimated, with a margin: not every op could be simulated, and nothing was measured on a chip.",
}
PLACES: Final = {
    "internal": f"fits into internal{NBSP}SRAM",
    "psram": f"fits only into{NBSP}PSRAM",
    "none": "⚠️ fits into no memory",
}
MOST_BARS: Final = 20


def section(arena: Arena, ops: Sequence[str]) -> Folded:
    """Used, minimum, recommended; the peak; what is alive there; a bar for each op.

    Args:
        arena: what embed found.
        ops: the op of each place in the model; may be empty where the model is not known.
    """
    facts: list[tuple[Cell, Cell]] = [
        ("Chip", Name(arena.chip)),
        ("Recommended", size(arena.recommended_bytes)),
        ("Smallest that allocates", size(arena.minimum_bytes)),
        ("Used", size(arena.used_bytes)),
    ]
    if arena.head_bytes is not None and arena.tail_bytes is not None:
        facts.append(("Activations and scratch", size(arena.head_bytes)))
        facts.append(("TFLM's own structures", size(arena.tail_bytes)))
    if arena.host_used_bytes is not None:
        facts.append(("TFLM on the host", (size(arena.host_used_bytes), ", measured")))
    room = (size(arena.internal_room_bytes), ", assumed: what a typical firmware leaves")
    facts.append(("Room in internal SRAM", room))
    if arena.psram_room_bytes:
        facts.append((f"Room in{NBSP}PSRAM", size(arena.psram_room_bytes)))
    if arena.peak is not None:
        peak = arena.peak
        at = (Name(peak.name), "\n", Name(peak.op), f", op{NBSP}{peak.op_index:,}\n")
        facts.append(("Fullest during", (*at, size(peak.bytes_in_use), " in use")))
    rows = (
        (
            _piece(piece),
            size(piece.piece_bytes),
            "not tried" if piece.gain_bytes is None else size_change(-piece.gain_bytes),
        )
        for piece in arena.alive
    )
    tables = [
        table(("Tensor arena", "Bytes"), facts, len(facts)),
        table(
            ("Alive when it is fullest", "Bytes", "Change of the smallest arena if it were half as large"),
            rows,
            len(arena.alive),
        ),
        _timeline(arena.timeline, ops),
    ]
    return Folded("Memory", [Paragraph(KINDS[arena.kind]), *tables])


def _piece(piece: ArenaPiece) -> Cell:
    return Name(piece.name) if piece.tensor is not None else ("scratch of ", Name(piece.name))


def _timeline(in_use: Sequence[int], ops: Sequence[str]) -> Rows:
    """Bars in a table: they need no image and no script, and show in an e-mail and on a terminal, too.

    Whether one op stands out or many are as full says what shrinking its tensors can gain.
    """
    rows = list(_bars(in_use, ops))
    return table(("During op", "In use", "Of the fullest"), rows, len(rows))


def _bars(in_use: Sequence[int], ops: Sequence[str]) -> Iterator[tuple[Cell, Cell, Cell]]:
    """A row for each op, or for as many neighbours as keep it to MOST_BARS; of these the fullest counts."""
    top = max(in_use, default=0)
    step = -(-len(in_use) // MOST_BARS) or 1
    for first in range(0, len(in_use), step):
        last = min(first + step, len(in_use)) - 1
        fullest = max(range(first, last + 1), key=in_use.__getitem__)
        places = f"{first:,}" if first == last else f"{first:,} to {last:,}"
        during = (places, " ", Name(ops[fullest])) if fullest < len(ops) else places
        bar = Bar(in_use[fullest], top)
        yield during, Number(in_use[fullest], "B exactly"), (bar, " fullest") if in_use[fullest] == top else bar
