"""How a stage says what it does; the command line shows it as a bar or as plain lines."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called with what is going on, how many are done, and how many there are; total 0 means unknown."""

    def __call__(self, what: str, done: int = 0, total: int = 0) -> None: ...


def silent(what: str, done: int = 0, total: int = 0) -> None:
    """Show nothing."""
    del what, done, total
