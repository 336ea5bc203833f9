"""What a device printed beside its packets: kept for whoever must find out what happened, and safe to show."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

_TAIL_LINES: Final = 200
_LINE_BYTES: Final = 4096


def escape(data: bytes) -> str:
    """The bytes as one line of text: control characters and what is not UTF-8 escaped, other alphabets as they are."""
    text = data.decode("utf-8", errors="backslashreplace")
    return "".join(part if part.isprintable() else part.encode("unicode_escape").decode() for part in text)


class SerialLog:
    """Lines with the seconds since its start; the last of them are kept, all of them go to a file.

    Args:
        file: where the lines are written; None keeps the last ones only.
        clock: seconds that never go back.
    """

    def __init__(self, file: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._file, self._clock, self._start = file, clock, clock()
        self._tail: deque[str] = deque(maxlen=_TAIL_LINES)
        self.received_bytes = 0

    def received(self, data: bytes) -> None:
        """Keep what the device sent."""
        self.received_bytes += len(data)
        for line in data.replace(b"\r\n", b"\n").split(b"\n"):
            for start in range(0, len(line), _LINE_BYTES):
                self._add(escape(line[start : start + _LINE_BYTES]))

    def note(self, text: str) -> None:
        """Keep what we did, marked as ours."""
        self._add(f"-- {text}")

    def tail(self, lines: int = 3) -> str:
        """The last lines, without their times."""
        return "\n".join(line.split("] ", 1)[1] for line in list(self._tail)[-lines:])

    def _add(self, text: str) -> None:
        line = f"[{self._clock() - self._start:10.3f}] {text}"
        self._tail.append(line)
        if self._file is not None:
            self._file.write(line + "\n")
