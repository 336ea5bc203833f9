"""What a check of the structure raises before the file's name is known; `parse` turns it into ModelRejected."""

from __future__ import annotations

EXPORT_AGAIN = "Export or download the model again: this file is damaged."


class Damage(Exception):
    """Why the bytes cannot be given to an interpreter.

    Attributes:
        code: stable code word of the ModelRejected that follows.
        cause: one sentence.
        remedy: one sentence.
    """

    def __init__(self, cause: str, *, code: str = "malformed", remedy: str = EXPORT_AGAIN) -> None:
        super().__init__(cause)
        self.code = code
        self.cause = cause
        self.remedy = remedy


def require(condition: object, cause: str) -> None:
    """Raise Damage with this cause unless the condition holds."""
    if not condition:
        raise Damage(cause)
