"""What the folded parts of the comment are made of, cut to the length that GitHub takes: at row boundaries."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate, islice
from typing import TYPE_CHECKING, Final

from quantci.render.escape import row

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

COMMENT_LIMIT: Final = 60_000  # GitHub refuses more than 65,536; the rest is for the hidden marker and links
_NOTE: Final = 60  # "9,999 rows more in report.json" under a table that was cut, with its blank lines

MOST_ROWS: Final = 1500  # more never fit into a comment


def length(text: str) -> int:
    """Characters as GitHub may count them: UTF-16 units, so that an emoji is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


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


def cut(tables: Sequence[Table], room: int) -> None:
    """Shorten the tables in place until their rows take at most `room` characters.

    One bound holds for all: a table shorter than it stays whole, so what is lost is lost by the longest.
    """
    sums = [list(accumulate(length(row) + 1 for row in table.rows)) for table in tables]
    if sum(totals[-1] for totals in sums if totals) + _NOTE * sum(table.hidden > 0 for table in tables) <= room:
        return
    low, high = 0, max((totals[-1] for totals in sums if totals), default=0)
    while low < high:
        bound = (low + high + 1) // 2
        if sum(_taken(totals, bound) for totals in sums) <= room:
            low = bound
        else:
            high = bound - 1
    for table, totals in zip(tables, sums, strict=True):
        keep = bisect_right(totals, low)
        table.hidden += len(table.rows) - keep
        del table.rows[keep:]


def _taken(totals: list[int], bound: int) -> int:
    kept = bisect_right(totals, bound)
    return (totals[kept - 1] if kept else 0) + _NOTE
