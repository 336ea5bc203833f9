"""Time and memory of whole processes, in pairs: A, B, A, B, so that a machine whose speed drifts does not lie."""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import time
from typing import NamedTuple


class Cost(NamedTuple):
    """Medians over the runs.

    Attributes:
        wall_s: time from start to end.
        peak_mb: resident memory of the largest process of the family, in 1,000,000 bytes.
        inner_s: what the command itself says its work took, after its imports; 0.0 where it says nothing.
    """

    wall_s: float
    peak_mb: float
    inner_s: float


class Row(NamedTuple):
    """One line of the table; `ratio` is what the goal is about."""

    name: str
    ours: str
    other: str
    ratio: float
    goal: str
    is_met: bool


def run(command: list[str]) -> Cost:
    """Run one command to its end."""
    started_s = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert process.stdout is not None
    said = process.stdout.read().decode(errors="replace")
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in {0, 3}:  # 3: a gate failed, which is a result
        raise SystemExit(f"{' '.join(command)} failed:\n{said[-2000:]}")
    inner = re.findall(r"done in ([0-9.]+) s", said)
    wall_s = time.perf_counter() - started_s
    return Cost(wall_s, usage.ru_maxrss * 1024 / 1e6, float(inner[-1]) if inner else 0.0)


def pair(first: list[str], second: list[str], runs: int = 5) -> tuple[Cost, Cost]:
    """Medians of both commands after one uncounted run of each."""
    run(first), run(second)
    costs = [(run(first), run(second)) for _ in range(runs)]
    return _median([a for a, _ in costs]), _median([b for _, b in costs])


def _median(costs: list[Cost]) -> Cost:
    return Cost(*(statistics.median(values) for values in zip(*costs, strict=True)))
