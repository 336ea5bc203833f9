"""Naming what is at fault: the first few by name, all of them by number."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_NAMED = 5
_LONGEST_NAME = 160


def first_of(names: Sequence[str]) -> str:
    """``a, b, c, d, e and 7 more``. Names come from strangers: they are cut, and control characters are escaped."""
    rest = len(names) - _NAMED
    return ", ".join(printable(name) for name in names[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def counted(names: Sequence[str]) -> str:
    """``(12): a, b, c, d, e and 7 more``, to follow a plural noun."""
    return f"({len(names)}): {first_of(names)}"


def plural(count: int, noun: str) -> str:
    """``1 sample``, ``2 samples``, ``1,000 samples``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def printable(text: str, longest: int = _LONGEST_NAME) -> str:
    """A stranger's text with control characters escaped, cut after `longest` characters."""
    if not text.isprintable():
        text = text.encode("unicode_escape").decode("ascii")
    return text if len(text) <= longest else f"{text[:longest]}..."
