"""How long `quantci evaluate` looks whether the float model is any good: doubts, and the probe that they start.

Every check is timed where it runs. The workers are forks of this process, and write their times into memory that they
share with it. The seconds of all processes are added up, although workers run at the same time.
"""

from __future__ import annotations

import functools
import importlib
import mmap
import os
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

CHECKS = (
    ("quantci.evaluate.score", "look_at"),
    ("quantci.evaluate.reference", "first_layer_range"),
    ("quantci.evaluate.judge", "doubt_input"),
    ("quantci.tasks.classification", "Classification.doubts"),
    ("quantci.cli.probe", "advise"),
)
SLOTS = 1 << 16  # more than processes that a run has; their ids follow each other
SECONDS = memoryview(mmap.mmap(-1, 8 * SLOTS)).cast("d")


def timed(check: Callable[..., Any]) -> Callable[..., Any]:
    """The same, with its time added to those of this process."""

    @functools.wraps(check)
    def call(*given: Any, **named: Any) -> Any:
        started_s = time.perf_counter()
        try:
            return check(*given, **named)
        finally:
            SECONDS[os.getpid() % SLOTS] += time.perf_counter() - started_s

    return call


def main(arguments: list[str]) -> int:
    """Evaluate; the last line says the seconds of the checks, as measure.run() reads them."""
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as the command sets it: its threads would forbid the forks
    for module, path in CHECKS:
        *owner, name = path.split(".")
        place = functools.reduce(getattr, owner, importlib.import_module(module))
        setattr(place, name, timed(getattr(place, name)))
    from quantci.cli import main as quantci

    code = quantci(["evaluate", *arguments])
    print(f"done in {sum(SECONDS):.6f} s")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
