"""The arena in words: where it fits, when it is fullest, how full it is otherwise, and which tensors to shrink."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.render.escape import code
from quantci.report.tables import Section, Table
from quantci.report.wording import NBSP, size, size_change

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from quantci.records.arena import Arena, ArenaPiece

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
_BAR: Final = 16  # characters of the longest, so that a phone shows it beside its figure
_EIGHTHS: Final = ("", *"▏▎▍▌▋▊▉")


def section(arena: Arena, ops: Sequence[str]) -> Section:
    """Used, minimum, recommended; the peak; what is alive there; a bar for each op.

    Args:
        arena: what embed found.
        ops: the op of each place in the model; may be empty where the model is not known.
    """
    facts = [
        ("Chip", code(arena.chip)),
        ("Recommended", f"{size(arena.recommended_bytes)}, {PLACES[arena.memory]}"),
        ("Smallest that allocates", size(arena.minimum_bytes)),
        ("Used", size(arena.used_bytes)),
    ]
    if arena.head_bytes is not None and arena.tail_bytes is not None:
        facts.append(("Activations and scratch", size(arena.head_bytes)))
        facts.append(("TFLM's own structures", size(arena.tail_bytes)))
    if arena.host_used_bytes is not None:
        facts.append(("TFLM on the host", f"{size(arena.host_used_bytes)}, measured"))
    facts.append(("Room in internal SRAM", f"{size(arena.internal_room_bytes)}, assumed: what a usual firmware leaves"))
    if arena.psram_room_bytes:
        facts.append((f"Room in{NBSP}PSRAM", size(arena.psram_room_bytes)))
    if arena.peak is not None:
        peak = arena.peak
        at = f"{code(peak.name)}<br>{code(peak.op)}, op{NBSP}{peak.op_index:,}"
        facts.append(("Fullest during", f"{at}<br>{size(peak.bytes_in_use)} in use"))
    rows = (
        (
            _piece(piece),
            size(piece.piece_bytes),
            "not tried" if piece.gain_bytes is None else size_change(-piece.gain_bytes),
        )
        for piece in arena.alive
    )
    tables = [
        Table.of(("Tensor arena", "Bytes"), facts, len(facts)),
        Table.of(
            ("Alive when it is fullest", "Bytes", "Change of the smallest arena if it were half as large"),
            rows,
            len(arena.alive),
        ),
        _timeline(arena.timeline, ops),
    ]
    return Section("Memory", KINDS[arena.kind], tables)


def _piece(piece: ArenaPiece) -> str:
    return code(piece.name) if piece.tensor is not None else f"scratch of {code(piece.name)}"


def _timeline(in_use: Sequence[int], ops: Sequence[str]) -> Table:
    """Bars in a table: they need no image and no script, and show in an e-mail and on a terminal, too.

    Whether one op stands out or many are as full says what shrinking its tensors can gain.
    """
    rows = list(_bars(in_use, ops))
    return Table.of(("During op", "In use", "Of the fullest"), rows, len(rows))


def _bars(in_use: Sequence[int], ops: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """A row for each op, or for as many neighbours as keep it to MOST_BARS; of these the fullest counts."""
    top = max(in_use, default=0)
    step = -(-len(in_use) // MOST_BARS) or 1
    for first in range(0, len(in_use), step):
        last = min(first + step, len(in_use)) - 1
        fullest = max(range(first, last + 1), key=in_use.__getitem__)
        places = f"{first:,}" if first == last else f"{first:,} to {last:,}"
        kind = f" {code(ops[fullest])}" if fullest < len(ops) else ""
        eighths = max(1, 8 * _BAR * in_use[fullest] // (top or 1))
        bar = code("█" * (eighths // 8) + _EIGHTHS[eighths % 8])
        yield places + kind, f"{in_use[fullest]:,}{NBSP}B", f"{bar} fullest" if in_use[fullest] == top else bar
