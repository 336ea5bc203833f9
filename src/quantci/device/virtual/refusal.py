"""What the device refuses, and what makes it start anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quantci.device.command import ErrorCode


class Refusal(Exception):
    """Answered with ERROR."""

    def __init__(self, code: ErrorCode, text: str = "") -> None:
        super().__init__(code, text)
        self.code, self.text = code, text


class Restart(Exception):
    """The device starts anew.

    Attributes:
        reason: reset_reason of the next HELLO.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
