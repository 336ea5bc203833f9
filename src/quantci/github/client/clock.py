"""Time, as something that is passed in: a test's clock never waits."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """What the comment's client knows about time. All of it is in seconds."""

    def monotonic_s(self) -> float:
        """Seconds since some moment; never goes back."""
        ...

    def epoch_s(self) -> float:
        """Seconds since 1970, as `x-ratelimit-reset` counts them."""
        ...

    def sleep(self, duration_s: float) -> None:
        """Return after so many seconds."""
        ...


class SystemClock:
    """The machine's own time."""

    def monotonic_s(self) -> float:
        """Seconds since some moment; never goes back."""
        return time.monotonic()

    def epoch_s(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def sleep(self, duration_s: float) -> None:
        """Return after so many seconds."""
        time.sleep(duration_s)
