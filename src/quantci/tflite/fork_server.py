"""The server that workers are forked from: it imports the interpreters once, on another core, while quantci starts.

Kept apart from the pool, so that the command line can start it before anything else is imported.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multiprocessing.context import BaseContext

_PRELOAD = "quantci.tflite.preload"


def warm(*modules: str) -> None:
    """Start the fork server, so that it imports the interpreters and these modules while this process goes on."""
    context().set_forkserver_preload([*modules, _PRELOAD])
    start()


def context() -> BaseContext:
    """How workers are started here."""
    return multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")


def start() -> None:
    """Start the fork server if there is to be one. Ctrl-C reaches the whole process group: it ignores it from birth."""
    if context().get_start_method() != "forkserver":
        return
    from multiprocessing import forkserver

    if threading.current_thread() is not threading.main_thread():
        forkserver.ensure_running()
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        forkserver.ensure_running()
    finally:
        signal.signal(signal.SIGINT, before)
