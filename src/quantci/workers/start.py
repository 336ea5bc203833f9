"""How workers start: as forks of this process where that is safe, elsewhere as forks of multiprocessing's server.

A fork has at once what this process has imported. With another thread, Python's or native, it is not safe: that one may
hold a lock which nothing in the child would ever release. And macOS' own libraries do not survive a fork.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import socket
import struct
import sys
from collections import deque
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from quantci.workers.loop import serve
from quantci.workers.signals import held_back

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from multiprocessing.context import BaseContext
    from multiprocessing.process import BaseProcess

    from quantci.workers.call import Call


STUCK_S: Final = 300  # in the middle of a message; also as long as a worker may take until it reads its first one
DYING_S: Final = 10.0


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
        """Wait for a process that is dying, and free what it took here.

        Returns:
            Its exit code; None if it did not die by itself, and was killed.
        """
        self.connection.close()
        self.process.join(DYING_S)
        code = self.process.exitcode
        if code is None:
            self.process.kill()
            self.process.join(DYING_S)
        with contextlib.suppress(ValueError):  # the kernel itself cannot end it now
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
    _give_up_in_time(connection)
    return Worker(process=process, connection=connection, is_served=is_served)


def _give_up_in_time(connection: Connection[Any, Any]) -> None:
    """Let sending and receiving raise BlockingIOError where the other side has moved nothing for so long."""
    if sys.platform != "win32":  # there it is no socket
        with socket.socket(fileno=os.dup(connection.fileno())) as same:
            for option in (socket.SO_SNDTIMEO, socket.SO_RCVTIMEO):
                same.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", STUCK_S, 0))


def _context() -> BaseContext:
    if sys.platform == "win32":
        return multiprocessing.get_context("spawn")
    return multiprocessing.get_context("fork" if sys.platform == "linux" and _thread_count() == 1 else "forkserver")


def _thread_count() -> int:
    try:
        return len(list(Path("/proc/self/task").iterdir()))
    except OSError:  # there is no /proc here: who knows
        return 2
