"""The folded part about rewrites of the float model: what each changed, and what that saves on the chip."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.render.cells import Folded, Name, Paragraph, Sentence, bullets, joined, table
from quantci.render.numbers import Number, rough_time, size_change

if TYPE_CHECKING:
    from quantci.records.quantize import QuantizeResult
    from quantci.records.rewrite import Rewrite
    from quantci.render.cells import Cell

_SHOWN: Final = 3
_UNKNOWN: Final = "not known"


def section(quantize: QuantizeResult) -> Folded:
    """Each kind of rewrite in the order in which they applied."""
    rewrites = quantize.rewrites
    note = (
        "The float model computes the same after each of them; docs/rewrites.md says what they do. Ops are counted, "
        "arena and time are those of the INT8 form, estimated before it was made."
    )
    rows = ((_name(one), *_saved(one)) for one in rewrites)
    shown = table(("Rewrite", "Ops", "Arena", "Latency"), rows, len(rewrites))
    reasons = dict.fromkeys(one.reason for one in rewrites if one.reason)
    return Folded("Rewrites of the float model", [Paragraph(note), shown, bullets([*map(Sentence, reasons)])])


def _name(rewrite: Rewrite) -> Cell:
    named = [layer for layer in rewrite.layers if layer]
    layers: list[Cell] = [Name(layer) for layer in named[:_SHOWN]]
    if len(named) > _SHOWN:
        layers.append(f"and {len(named) - _SHOWN:,} more")
    return joined("\n", (Name(rewrite.name), *layers))


def _saved(rewrite: Rewrite) -> tuple[Cell, ...]:
    arena, latency = rewrite.arena_saved_bytes, rewrite.latency_saved_us
    return (
        Number(-rewrite.ops_saved, "change"),
        _UNKNOWN if arena is None else size_change(-arena),
        _UNKNOWN if latency is None else _time(latency),
    )


def _time(saved_us: float) -> Cell:
    if abs(saved_us) < 1:
        return "no change"
    return (rough_time(abs(saved_us)), " less" if saved_us > 0 else " more")
