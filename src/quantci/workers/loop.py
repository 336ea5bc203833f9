"""What a worker does: it makes calls until its parent is gone."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
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
    threading.Thread(target=_end_with_parent, daemon=True).start()
    limit_resources()
    if initializer is not None:
        initializer(*initargs)
    while True:
        try:
            function, args = connection.recv()
        except EOFError:
            return
        outcome: tuple[Any, Exception | None]
        try:
            outcome = function(*args), None
        except BaseException as error:  # noqa: BLE001  the caller shall have it
            outcome = None, _portable(error)
        try:
            connection.send(outcome)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            connection.send((None, _portable(error)))


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


def _end_with_parent() -> None:
    """End this worker when quantci is gone, however it went."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)
