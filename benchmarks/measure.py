"""Time and memory of whole processes, in pairs: A, B, A, B, so that a machine whose speed drifts does not lie."""

from __future__ import annotations

import contextlib
import os
import re
import statistics
import subprocess
import time
from pathlib import Path
from typing import NamedTuple


class Cost(NamedTuple):
    """Medians over the runs.

    Attributes:
        wall_s: time from start to end.
        inner_s: what the command itself says its work took, after its imports; 0.0 where it says nothing.
    """

    wall_s: float
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
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    wall_s = time.perf_counter() - started_s
    if done.returncode not in {0, 3}:  # 3: a gate failed, which is a result
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}")
    inner = re.findall(r"done in ([0-9.]+) s", done.stdout)
    return Cost(wall_s, float(inner[-1]) if inner else 0.0)


def peak_mb(command: list[str]) -> float:
    """Peak memory of a command and all processes that it starts, in 1,000,000 bytes.

    The sum of their proportional set sizes, so that pages which processes share count once, looked at every 20 ms in a
    run of its own: looking costs time. They are found by their session, which workers of a fork server keep.
    """
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, close_fds=True
    )
    peak = 0
    while process.poll() is None:
        peak = max(peak, sum(_pss_bytes(pid) for pid in _session(process.pid)))
        time.sleep(0.02)
    if process.returncode not in {0, 3}:
        raise SystemExit(f"{' '.join(command)} failed")
    return peak / 1e6


def _session(leader: int) -> list[int]:
    members = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if os.getsid(int(entry.name)) == leader:
                    members.append(int(entry.name))
    return members


def _pss_bytes(pid: int) -> int:
    with contextlib.suppress(OSError):  # it has ended meanwhile
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return 1024 * int(line.split()[1])
    return 0


def pair(first: list[str], second: list[str], runs: int) -> tuple[Cost, Cost]:
    """Medians of both commands after one uncounted run of each."""
    run(first), run(second)
    costs = [(run(first), run(second)) for _ in range(runs)]
    return median([a for a, _ in costs]), median([b for _, b in costs])


def median(costs: list[Cost]) -> Cost:
    """Of each part by itself."""
    return Cost(*(statistics.median(values) for values in zip(*costs, strict=True)))
