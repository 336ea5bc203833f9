"""How workers start: as forks of this process where that is safe, elsewhere as forks of multiprocessing's server.

A fork has at once what this process has imported. With another thread, Python's or native, it is not safe: that one may
hold a lock which nothing in the child would ever release. And macOS' own libraries do not survive a fork.
"""

from __future__ import annotations

import multiprocessing
import sys
from collections import deque
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quantci.workers.loop import serve
from quantci.workers.signals import held_back

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from multiprocessing.context import BaseContext
    from multiprocessing.process import BaseProcess

    from quantci.workers.call import Call


@dataclass(kw_only=True, eq=False)
class Worker:
    """A process, as its parent sees it.

    Attributes:
        process: the process.
        connection: calls go out, results come in.
        is_served: whether a fork server stands between it and this process.
        calls: what was sent to it and has not come back; it works on the first.
    """

    process: BaseProcess
    connection: Connection[Any, Any]
    is_served: bool
    calls: deque[Call[Any]] = field(default_factory=deque)

    def end(self) -> int | None:
        """Wait for a process that is dying; returns its exit code, and frees what it took here."""
        self.connection.close()
        self.process.join()
        code = self.process.exitcode
        self.process.close()
        return code


def start_worker(initializer: Callable[..., None] | None, initargs: tuple[Any, ...]) -> Worker:
    """Start one."""
    context = _context()
    is_served = context.get_start_method() == "forkserver"
    if is_served:
        resource_tracker.ensure_running()  # the server needs it; starting, it lets signals through that were held back
    connection, theirs = context.Pipe()
    process: BaseProcess = context.Process(  # type: ignore[attr-defined]  # every context has it; typeshed's base has not
        target=serve, args=(theirs, initializer, initargs), daemon=True
    )
    with held_back():  # Ctrl-C reaches the whole process group: cut off there, a process prints a traceback of its own
        process.start()
    theirs.close()
    return Worker(process=process, connection=connection, is_served=is_served)


def _context() -> BaseContext:
    if sys.platform == "win32":
        return multiprocessing.get_context("spawn")
    return multiprocessing.get_context("fork" if sys.platform == "linux" and _thread_count() == 1 else "forkserver")


def _thread_count() -> int:
    try:
        return len(list(Path("/proc/self/task").iterdir()))
    except OSError:  # there is no /proc here: who knows
        return 2
