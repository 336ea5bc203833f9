"""What a worker does: it makes calls until its parent is gone."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import traceback
from typing import TYPE_CHECKING, Any

from quantci.errors import QuantciError
from quantci.workers.limits import limit_resources

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection


def serve(connection: Connection[Any, Any], initializer: Callable[..., None] | None, initargs: tuple[Any, ...]) -> None:
    """Make one call after the other, in a separate process."""
    _let_only_the_parent_stop_it()
    _end_even_if_stuck()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    limit_resources()
    if initializer is not None:
        initializer(*initargs)
    with contextlib.suppress(EOFError, OSError):  # the parent is gone
        while True:
            connection.send_bytes(_outcome(connection.recv_bytes()))


def _outcome(call: bytes) -> bytes:
    """Make a call: what it returned and what it raised. Reading it and what came of it are a part of that."""
    try:
        function, args = pickle.loads(call)  # noqa: S301  from quantci itself, never from a model
        return pickle.dumps((function(*args), None), pickle.HIGHEST_PROTOCOL)
    except BaseException as error:  # noqa: BLE001  the caller shall have it
        return pickle.dumps((None, _portable(error)), pickle.HIGHEST_PROTOCOL)


def _portable(error: BaseException) -> Exception:
    """The error as it can be sent, with what Python says of the place where it was raised."""
    if not isinstance(error, QuantciError):  # these say where themselves
        error.add_note(f"In a worker:\n{''.join(traceback.format_exception(error))}")
    with contextlib.suppress(Exception):
        sent = pickle.loads(pickle.dumps(error))  # noqa: S301  our own, of the line before
        if isinstance(sent, Exception):  # SystemExit would end the caller
            return sent
    return RuntimeError(f"{type(error).__name__}: {error}")


def _let_only_the_parent_stop_it() -> None:
    """Ctrl-C is for the parent, which then kills its workers. SIGTERM does here what it does to most programs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):  # not on Windows
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})


def _end_even_if_stuck() -> None:
    """Let Linux kill this worker when quantci is gone: native code can keep the thread below from running.

    Not by PR_SET_PDEATHSIG: a fork server is between the two, and lives as long as one of its workers.
    """
    parent = multiprocessing.parent_process()
    if sys.platform == "linux" and parent is not None:
        import fcntl

        pipe = parent.sentinel  # which quantci holds the other end of
        fcntl.fcntl(pipe, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(pipe, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(pipe, fcntl.F_SETFL, fcntl.fcntl(pipe, fcntl.F_GETFL) | os.O_ASYNC)


def _end_with_parent() -> None:
    """End this worker when quantci is gone, however it went."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)
