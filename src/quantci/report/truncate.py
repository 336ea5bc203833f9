"""Cut a comment to the length that GitHub takes: at row boundaries, and at those of the longest tables first."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantci.report.tables import Table

COMMENT_LIMIT: Final = 60_000  # GitHub refuses more than 65,536; the rest is for the hidden marker and links
_NOTE: Final = 60  # "9,999 rows more in report.json" under a table that was cut, with its blank lines


def length(text: str) -> int:
    """Characters as GitHub may count them: UTF-16 units, so that an emoji is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


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
