"""Typed content in GitHub's Markdown, cut at row boundaries to the length that GitHub takes."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from quantci.render.cells import (
    MARKS,
    Bar,
    Emphasis,
    Folded,
    Heading,
    Interval,
    Link,
    Mark,
    Name,
    Rows,
    Sentence,
    Strong,
)
from quantci.render.escape import code, prose, row
from quantci.render.numbers import Number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from quantci.render.cells import Block, Cell

COMMENT_LIMIT: Final = 60_000  # GitHub refuses more than 65,536; the rest is for the hidden marker and links
_NOTE: Final = 60  # "9,999 rows more in report.json" under a table that was cut, with its blank lines
_ALIGN: Final = {"left": ":--", "right": "--:"}


class _Lines(Struct):
    """A table or a list as lines of Markdown."""

    head: list[str]
    lines: list[str]
    hidden: int
    rest: str


class _Part(Struct):
    """What is folded."""

    title: str
    blocks: list[_Part | _Lines | str]


def render(blocks: Iterable[Block], limit: int = COMMENT_LIMIT) -> str:
    """The blocks as text, of at most `limit` characters if shorter tables in the folded parts are enough for that."""
    laid = [_lay(block) for block in blocks]
    text = _join(laid)
    if length(text) > limit:
        tables = [
            block for part in laid if isinstance(part, _Part) for block in part.blocks if isinstance(block, _Lines)
        ]
        rows = sum(length(line) + 1 for table in tables for line in table.lines)
        _cut(tables, limit - (length(text) - rows))
        text = _join(laid)
    return text


def length(text: str) -> int:
    """Characters as GitHub may count them: UTF-16 units, so that an emoji is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


_SPANS: Final[dict[type, Callable[[Any], str]]] = {
    str: lambda text: text.replace("\n", "<br>"),
    tuple: lambda cells: "".join(map(inline, cells)),
    Name: lambda name: code(name.text, name.limit),
    Sentence: lambda sentence: prose(sentence.text),
    Number: str,
    Interval: lambda interval: f"({interval})",
    Strong: lambda words: f"**{words.text}**",
    Emphasis: lambda word: f"*{word.text}*",
    Mark: lambda mark: f"**{MARKS[mark.verdict]} {mark.text}**" if mark.text else MARKS[mark.verdict],
    Link: lambda link: f"[{link.text}]({link.address})",
    Bar: lambda bar: code(str(bar)),
}


def inline(cell: Cell) -> str:
    """A cell or a line of text."""
    return _SPANS[type(cell)](cell)


def _lay(block: Block) -> _Part | _Lines | str:
    match block:
        case Rows(columns, rows, hidden, rest):
            head = [row(column.title for column in columns), row(_ALIGN[column.align] for column in columns)]
            made = (row(map(inline, line)) if columns else f"- {inline(line[0])}" for line in rows)
            lines = _first(made)
            return _Lines(head if columns else [], lines, hidden + len(rows) - len(lines), rest)
        case Folded(title, blocks):
            return _Part(title, [_lay(inner) for inner in blocks])
        case Heading(content):
            return f"#### {inline(content)}"
        case paragraph:
            return inline(paragraph.content)


def _join(laid: Iterable[_Part | _Lines | str]) -> str:
    """The text; an empty line stands between blocks, as Markdown asks."""
    return "".join(map(_shown, laid))


def _shown(block: _Part | _Lines | str) -> str:
    match block:
        case str():
            return f"{block}\n\n"
        case _Part(title, blocks):
            return f"<details><summary>{title}</summary>\n\n{_join(blocks)}</details>\n"
        case _Lines(head, lines, hidden, rest):
            more = f"\n{hidden:,} {'row' if hidden == 1 else 'rows'} more in {rest}\n" if hidden else ""
            text = "".join(f"{line}\n" for line in head + lines) + more
            return f"{text}\n" if lines or hidden else ""


def _first(rows: Iterable[str]) -> list[str]:
    """The rows until they are as long as a whole comment. A report may name a million, and escaping takes its time."""
    kept: list[str] = []
    taken = 0
    for line in rows:
        kept.append(line)
        taken += length(line) + 1
        if taken > COMMENT_LIMIT:
            break
    return kept


def _cut(tables: Sequence[_Lines], room: int) -> None:
    """Shorten the tables in place until their rows take at most `room` characters.

    One bound holds for all: a table shorter than it stays whole, so what is lost is lost by the longest.
    """
    sums = [list(accumulate(length(line) + 1 for line in table.lines)) for table in tables]
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
        table.hidden += len(table.lines) - keep
        del table.lines[keep:]


def _taken(totals: list[int], bound: int) -> int:
    kept = bisect_right(totals, bound)
    return (totals[kept - 1] if kept else 0) + _NOTE
