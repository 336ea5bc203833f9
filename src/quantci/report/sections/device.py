"""The folded parts about the device: what it is, how long it took, and op by op."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Final

from quantci.render.cells import Folded, Name, Paragraph, Sentence, joined, table
from quantci.render.numbers import Number, percent, size
from quantci.report.wording import DEVICES

if TYPE_CHECKING:
    from quantci.records.bench import BenchResult, MeasuredLatency
    from quantci.render.cells import Cell

MOST_OPS: Final = 10
_NOTES: Final = {
    "board": "A board ran the model.",
    "emulated": "An emulator ran the firmware: outputs and arena count, and there is no latency.",
    "virtual": "The virtual device, a process on the host, took the place of a board: nothing here is the chip's.",
}


def sections(bench: BenchResult | None) -> list[Folded]:
    """What the device is and did, and its ops by their time; nothing where none took part."""
    return [] if bench is None else [device(bench), ops(bench)]


def device(bench: BenchResult) -> Folded:
    """Who answered, with which build, and what the session took."""
    found, arena, link = bench.device, bench.arena, bench.link
    kind = {"board": "board", "emulated": "emulated", "virtual": "virtual: not a chip"}[found.kind]
    facts: list[tuple[str, Cell]] = [("Kind", kind), ("Port", Name(found.port)), ("Firmware", Name(found.firmware))]
    facts += [("Board", Name(found.board_id))] if found.board_id else []
    facts += [("Firmware's SHA-256", Name(found.firmware_id[:12]))] if found.firmware_id else []
    build = [(Name(key), " ", Name(value)) for key, value in found.fingerprint.items() if key != "firmware_id"]
    facts += [("Build", joined(", ", build)), ("Golden model", "right before and after")]
    has_estimate = arena.estimated_bytes is not None and found.kind != "virtual"  # which is for the chip, not this host
    estimate: Cell = (", estimated ", size(arena.estimated_bytes or 0)) if has_estimate else ""
    facts.append(("Tensor arena", (size(arena.used_bytes), " used in ", arena.region, estimate)))
    facts += _latency(bench.latency) if bench.latency else [("Latency", Sentence(bench.latency_reason))]
    if (against := bench.against_base) is not None:
        facts.append(
            (
                "Against the base",
                (
                    Number(against.change, "ratio change"),
                    f": {against.verdict}; a change counts from ",
                    Number(against.least_change, "ratio"),
                    " on",
                ),
            )
        )
    phases = joined(", ", [f"{phase.name} {phase.duration_s:.1f} s" for phase in bench.phases])
    facts += [("Session", phases), ("Link", f"{link.requests:,} requests, {link.repeated:,} sent again")]
    return Folded("Device", [Paragraph(_NOTES[found.kind]), table(("What", "Which"), facts, len(facts))])


def _latency(latency: MeasuredLatency) -> list[tuple[str, Cell]]:
    spread = f"median deviation {latency.mad_us:,.1f} µs, 90 % within {latency.p90_us:,.0f} µs"
    counted = f"{len(latency.windows)} windows of {latency.iterations} inferences, {latency.warm_up} before each"
    cycles: Cell = f", {latency.median_cycles:,.0f} cycles" if latency.median_cycles is not None else ""
    stable = "" if latency.is_stable else f"; unstable: {100 * latency.instability:.0f} % apart"
    return [("Latency", (Number(latency.median_us, "µs"), cycles, f"; {spread}{stable}")), ("Measured", counted)]


def ops(bench: BenchResult) -> Folded:
    """The most expensive ops, measured."""
    largest = heapq.nsmallest(MOST_OPS, bench.ops, key=lambda op: (-op.cycles, op.index))
    rows = [(f"{op.index}", Name(op.op), f"{op.cycles:,.0f}", percent(op.share)) for op in largest]
    note = f"Measured on {DEVICES[bench.device.kind]}, in a run of its own."
    return Folded(
        "Time on the chip (measured)", [Paragraph(note), table(("#", "Op", "Cycles", "Share"), rows, len(rows))]
    )
