"""The server that workers are forked from, with the interpreters imported already.

Kept apart from the pool, so that the command line can start it before anything else is imported.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import multiprocessing
import os
import signal
import sys
from multiprocessing import util
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from multiprocessing.context import BaseContext

_INTERPRETERS = "quantci.tflite.preload"


def warm(*modules: str) -> None:
    """Import the interpreters and these modules, and start a fork server that has them; for the start of a command.

    On Linux the server is a fork of this process, which needs most of them, too: they are imported, and stay in memory,
    once. Elsewhere it imports them itself, on another core.
    """
    names = [_INTERPRETERS, *modules]
    context().set_forkserver_preload(names)
    if sys.platform != "linux":
        start()
        return
    _start_tracker()  # now, so that it does not share a core with the workers later
    with _held_back(signal.SIGINT, signal.SIGTERM):  # in the middle of an import, Python may lose them
        for name in names:
            with contextlib.suppress(ImportError):  # who needs it says what is missing
                importlib.import_module(name)
    gc.freeze()  # none of this is ever garbage: a collection would only copy the pages that processes share
    start(by_fork=True)


def context() -> BaseContext:
    """How workers are started here."""
    return multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")


def start(*, by_fork: bool = False) -> None:
    """Start the fork server if there is to be one.

    Ctrl-C reaches the whole process group: it is held back from the server's birth on, and here until the server runs.
    """
    if context().get_start_method() != "forkserver":
        return
    from multiprocessing import forkserver

    _start_tracker()
    with _held_back(signal.SIGINT), _forking() if by_fork else contextlib.nullcontext():
        forkserver.ensure_running()


def _start_tracker() -> None:
    """Start multiprocessing's resource tracker, a process of its own, which lets signals through when it starts."""
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()


@contextlib.contextmanager
def _held_back(*signals: signal.Signals) -> Iterator[None]:
    """Let these signals through at the end only."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _forking() -> Iterator[None]:
    """Within it the fork server is a fork of this process instead of a new one, unless this one has other threads.

    Python's or native ones: one of them may hold a lock that nobody in the child would ever release.
    """
    try:
        threads = len(list(Path("/proc/self/task").iterdir()))
    except OSError:  # there is no /proc here: who knows
        threads = 2
    if threads > 1:
        yield
        return
    spawn = util.spawnv_passfds
    util.spawnv_passfds = _fork
    try:
        yield
    finally:
        util.spawnv_passfds = spawn


def _fork(path: bytes, args: Sequence[Any], passfds: Sequence[int]) -> int:
    """Fork, and do in the child what `python -c ...` would do; stands in for multiprocessing.util.spawnv_passfds."""
    del path
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child:
        return child
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        kept = sorted({0, 1, 2, *passfds})
        for low, high in zip(kept, [*kept[1:], os.sysconf("SC_OPEN_MAX")], strict=True):
            os.closerange(low + 1, high)
        exec(args[-1], {})  # noqa: S102  the line that multiprocessing itself made
    finally:
        os._exit(0)
