"""What the folded parts of the comment are made of. A table holds finished Markdown rows, so that fit.py can cut it."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Final

from quantci.report.escape import row

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
        """A table of at most MOST_ROWS rows out of `total`."""
        rows = [row(line) for line in islice(cells, MOST_ROWS)]
        return cls(head, rows, total - len(rows))

    @classmethod
    def bullets(cls, lines: Iterable[str]) -> Table:
        """A list."""
        rows = [f"- {line}" for line in lines]
        return cls((), rows[:MOST_ROWS], max(len(rows) - MOST_ROWS, 0))


@dataclass
class Section:
    """One folded part: a summary of fixed words (it stands inside HTML), a line of explanation, tables."""

    title: str
    note: str = ""
    tables: list[Table] = field(default_factory=list)
