"""SIGTERM ends a run as Ctrl-C does, and neither can interrupt the writing of the record."""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


@contextlib.contextmanager
def cancellable() -> Iterator[None]:
    """Raise KeyboardInterrupt where the code is when the first SIGINT or SIGTERM comes.

    CI services send both, seconds apart: the second one is ignored, to the end of the process. KeyboardInterrupt,
    because no `except Exception` on the way takes it for something else; `fault_of()` says what it becomes.
    """
    stopped = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopped
        del number, frame
        stopped = True
        for signal_number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signal_number, signal.SIG_IGN)
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except Exception:
        if stopped:  # native code that imports a module makes an ImportError of it
            raise KeyboardInterrupt from None
        raise
    finally:
        if not stopped:
            for number, handler in before.items():
                signal.signal(number, handler)
