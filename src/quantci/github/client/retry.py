"""How long to wait before asking again, as GitHub's own best practices have it, and when to give up."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from quantci.github.client.api_errors import complaint

if TYPE_CHECKING:
    from quantci.errors import ToolError
    from quantci.github.client.clock import Clock
    from quantci.github.client.transport import Answer

TRIES: Final = 5  # of one request that fails on the way or with an error of the server's own
_FIRST_BACKOFF_S: Final = 1.0
_UNSAID_LIMIT_S: Final = 60.0  # what to wait when a limit does not say how long it lasts; doubled each time


def is_limited(answer: Answer) -> bool:
    """Whether this is a rate limit. A 403 is one only if it says so: otherwise the token may not do this."""
    if answer.status == 429:
        return True
    if answer.status != 403:
        return False
    headers = answer.headers
    return (
        "retry-after" in headers
        or headers.get("x-ratelimit-remaining") == "0"
        or "rate limit" in complaint(answer).lower()
    )


def limit_s(answer: Answer, epoch_s: float) -> float | None:
    """Seconds that this limit says it lasts; None if it says nothing."""
    after = answer.headers.get("retry-after", "")
    if re.fullmatch(r"[0-9]{1,9}", after):
        return max(1.0, float(after))
    reset = answer.headers.get("x-ratelimit-reset", "")
    if answer.headers.get("x-ratelimit-remaining") == "0" and re.fullmatch(r"[0-9]{1,12}", reset):
        return max(1.0, float(reset) - epoch_s + 1.0)  # a second more: clocks differ
    return None


def backoff_s(failures: int) -> float:
    """Seconds before the next try after so many failures."""
    return _FIRST_BACKOFF_S * 2.0 ** (failures - 1)


class Patience:
    """The time that the whole command may take."""

    def __init__(self, clock: Clock, timeout_s: float) -> None:
        self._clock = clock
        self._end_s = clock.monotonic_s() + timeout_s
        self._unsaid_limits = 0

    def left_s(self) -> float:
        """Seconds that are left; may be negative."""
        return self._end_s - self._clock.monotonic_s()

    def wait(self, duration_s: float, otherwise: ToolError) -> None:
        """Wait.

        Raises:
            ToolError: `otherwise`, at once, when the time would be over before.
        """
        if duration_s >= self.left_s():
            raise otherwise
        self._clock.sleep(duration_s)

    def limit_s(self, answer: Answer) -> float:
        """Seconds to wait for this limit to end."""
        said_s = limit_s(answer, self._clock.epoch_s())
        if said_s is not None:
            return said_s
        self._unsaid_limits += 1
        return _UNSAID_LIMIT_S * 2.0 ** (self._unsaid_limits - 1)
