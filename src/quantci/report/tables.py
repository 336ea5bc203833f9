"""What the folded parts of the comment are made of. A table holds finished Markdown rows: truncate.py can cut it."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Final

from quantci.report.escape import row
from quantci.report.truncate import COMMENT_LIMIT, length

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MOST_ROWS: Final = 1500  # more never fit into a comment


@dataclass
class Table:
    """Rows under a head. `hidden` counts the rows that only report.json holds; a head of nothing makes a list."""

    head: Sequence[str]
    rows: list[str]
    hidden: int = 0

    @classmethod
    def of(cls, head: Sequence[str], cells: Iterable[Sequence[str]], total: int) -> Table:
        """A table of as many of `total` rows as may fit into a comment; give `cells` lazily: the rest is not made."""
        rows = _first(row(line) for line in cells)
        return cls(head, rows, total - len(rows))

    @classmethod
    def bullets(cls, lines: Iterable[str], total: int | None = None) -> Table:
        """A list; `total` for one whose lines are made lazily."""
        if total is None:
            lines = list(lines)
            total = len(lines)
        rows = _first(f"- {line}" for line in lines)
        return cls((), rows, total - len(rows))


def _first(rows: Iterable[str]) -> list[str]:
    """The rows until they are as long as a whole comment. A report may name a million, and escaping takes its time."""
    kept: list[str] = []
    taken = 0
    for line in islice(rows, MOST_ROWS):
        kept.append(line)
        taken += length(line) + 1
        if taken > COMMENT_LIMIT:
            break
    return kept


@dataclass
class Section:
    """One folded part: a summary of fixed words (it stands inside HTML), a line of explanation, tables."""

    title: str
    note: str = ""
    tables: list[Table] = field(default_factory=list)
