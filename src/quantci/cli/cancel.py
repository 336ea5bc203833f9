"""Ctrl-C and SIGTERM become one exception, so that the record of a stopped run says `cancelled`."""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import TYPE_CHECKING

from quantci.errors import Cancelled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


@contextlib.contextmanager
def cancellable() -> Iterator[None]:
    """Raise Cancelled where the code is when SIGINT or SIGTERM comes. CI services send both, seconds apart."""

    def stop(number: int, frame: FrameType | None) -> None:
        del frame
        # A second signal must not interrupt the writing of the record.
        for signal_number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signal_number, signal.SIG_IGN)
        raise Cancelled(
            "cancelled", f"Stopped by {signal.Signals(number).name}.", remedy="Run the command again to start over."
        )

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
