"""Limits that can be told without an evaluation set: size, memory and time on the chip."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quantci.records.gates_config import GatesConfig
    from quantci.records.ladder import LadderTry


def misses(tried: LadderTry, first: LadderTry, gates: GatesConfig) -> list[str]:
    """What a try breaks for certain, one phrase each.

    Args:
        tried: the try.
        first: the first one that gave a model: where it keeps its arena, others should.
        gates: the limits.
    """
    limits = (
        ("the file", tried.file_bytes, gates.max_model_bytes, "bytes"),
        ("the arena", tried.arena_bytes, gates.max_arena_bytes, "bytes"),
        ("the estimated latency", tried.latency_us, gates.max_latency_us, "µs"),
    )
    found = [
        f"{what} has {value:,.0f} {unit}, and {limit:,.0f} are allowed"
        for what, value, limit, unit in limits
        if value is not None and limit is not None and value > limit
    ]
    if tried.arena_memory == "none":
        found.append("the arena fits nowhere on the chip")
    elif tried.arena_memory == "psram" and first.arena_memory == "internal":
        found.append("the arena no longer fits into internal memory")
    return found
