"""The arena's simulation on models far larger than any chip takes: bounded, and growing with the number of ops."""

from __future__ import annotations

import statistics
import time

from benchmarks.arena_models import deep_model
from benchmarks.measure import Row


def arena() -> list[Row]:
    """10,000 ops against 1,000: a chain, and a model whose tensors all live until its end."""
    rows = []
    for name, crowded in (("arena of 10,000 ops / 1,000", False), ("the same, all tensors alive", True)):
        few, many = _seconds(1_000, crowded=crowded), _seconds(10_000, crowded=crowded)
        goal = "" if crowded else "< 2 s, <= 20"
        rows.append(
            Row(name, f"{many:.2f} s", f"{few:.3f} s", many / few, goal, is_met=_is_met(many, few, crowded=crowded))
        )
    return rows


def _is_met(many_s: float, few_s: float, *, crowded: bool) -> bool:
    return crowded or (many_s < 2 and many_s / few_s <= 20)


def _seconds(ops: int, *, crowded: bool) -> float:
    """Median of three simulations, without reading the file."""
    from quantci.target.arena.graph import read_graph
    from quantci.target.arena.scratch import scratch_of
    from quantci.target.arena.simulate import simulate
    from quantci.tflite.flatbuffer import parse

    tree = parse(deep_model(ops, crowded=crowded), "model")
    times = []
    for _ in range(3):
        started = time.perf_counter()
        simulate(read_graph(tree), "esp-nn", scratch_of("esp32s3"))
        times.append(time.perf_counter() - started)
    return statistics.median(times)
