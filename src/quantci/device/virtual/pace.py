"""How fast a line is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_BYTES: Final = 65_536
_PIECE_S: Final = 0.005  # a piece comes at once, and then the line is busy for as long as it takes
_PIECE_BYTES: Final = 64
_LATE_S: Final = 0.2  # that the machine lets us wait while a line is busy: the line did not stand still meanwhile
_IDLE_S: Final = 0.003  # that an idle line may have been busy without our knowing, between two pieces


class Pace:
    """One direction of a line.

    Args:
        rate: bytes a second; None for no limit.
        clock: seconds that never go back.
    """

    def __init__(self, rate: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._clock = rate, clock
        self._piece = _MOST_BYTES if rate is None else max(_PIECE_BYTES, int(rate * _PIECE_S))
        self._free_s = clock()  # when the line has carried all that passed
        self._is_busy = False

    def may_pass(self) -> int:
        """How many bytes may pass now."""
        return 0 if self.wait_s() else self._piece

    def wait_s(self) -> float:
        """Until the line is free."""
        return 0.0 if self._rate is None else max(0.0, self._free_s - self._clock())

    def passed(self, count: int, most: int) -> None:
        """So many have, of as many as might; if all, there are more."""
        if self._rate is not None:
            late_s = _LATE_S if self._is_busy else _IDLE_S
            self._free_s = max(self._free_s, self._clock() - late_s) + count / self._rate
            self._is_busy = count >= most
