"""The arena in words: where it fits, when it is fullest, and which tensors to shrink."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.report.escape import code
from quantci.report.tables import Section, Table
from quantci.report.wording import NBSP, size, size_change

if TYPE_CHECKING:
    from quantci.records.arena import Arena, ArenaPiece

# A simulation is a model of the chip, so it is an estimate, however exact.
KINDS: Final = {
    "simulated": "Estimated: simulated to the byte, not measured on a chip.",
    "estimated": "Estimated, with a margin: not every op could be simulated, and nothing was measured on a chip.",
}
PLACES: Final = {
    "internal": f"fits into internal{NBSP}SRAM",
    "psram": f"fits only into{NBSP}PSRAM",
    "none": "fits into no memory",
}


def section(arena: Arena) -> Section:
    """Used, minimum, recommended; the peak; what is alive there."""
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
    facts.append(("Room in internal SRAM", f"{size(arena.internal_room_bytes)}, beside a usual firmware"))
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
            ("Alive when it is fullest", "Bytes", "Smallest arena if it were half as large"), rows, len(arena.alive)
        ),
    ]
    return Section("Memory", KINDS[arena.kind], tables)


def _piece(piece: ArenaPiece) -> str:
    return code(piece.name) if piece.tensor is not None else f"scratch of {code(piece.name)}"
