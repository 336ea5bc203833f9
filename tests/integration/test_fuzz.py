"""No damaged model that parse() lets through ends the process of an interpreter."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from quantci.tflite.tflm import tflm_available

if TYPE_CHECKING:
    from collections.abc import Callable

COUNT = 2_000
ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.skipif(not tflm_available(), reason="TFLM has no wheel for this machine")
def test_no_mutant_crashes_an_interpreter(record_property: Callable[[str, object], None]) -> None:
    results: Counter[str] = Counter()
    crashed: list[str] = []
    first = 0
    while first < COUNT:
        command = [sys.executable, "-m", "tests.integration.run_mutants", str(first), str(COUNT)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
        lines = [line.split() for line in done.stdout.splitlines()]
        assert lines, done.stderr
        results.update(line[1] for line in lines if len(line) == 2)
        assert done.returncode <= 0, done.stderr  # a Python error is a fault in the readers; a signal is a crash
        first = int(lines[-1][0]) + 1
        if done.returncode < 0:
            crashed.append(f"seed {lines[-1][0]}: signal {-done.returncode}")
    record_property("mutants", dict(results))
    assert not crashed
    assert results["ran"] > COUNT / 20, results
    assert results["rejected"] > COUNT / 3, results
