"""What is shown, before it is known where: cells of words, names and numbers, and the blocks that they stand in.

A plain str is our own words, where a line break is a line break of the cell. What strangers wrote is a Name or a
Sentence; each renderer makes it literal in its own way. Nothing in here knows Markdown, a terminal or HTML.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from msgspec import Struct

from quantci.records.report import Verdict
from quantci.render.numbers import NBSP, Number, signed
from quantci.render.visible import NAME_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterable


MARKS: Final[dict[Verdict, str]] = {"pass": "✅", "fail": "❌", "inconclusive": "⚠️"}
MOST_ROWS: Final = 1500  # more never fit into a comment, and nobody reads them
_BAR: Final = 16  # characters of the longest, so that a phone shows it beside its figure
_EIGHTHS: Final = " ▏▎▍▌▋▊▉"


class Name(Struct, frozen=True):
    """What a stranger calls something: a label, a layer, a file."""

    text: str
    limit: int = NAME_LIMIT


class Sentence(Struct, frozen=True):
    """A sentence of a record; it may hold names."""

    text: str


class Strong(Struct, frozen=True):
    """Our own words that lead the eye."""

    text: str


class Emphasis(Struct, frozen=True):
    """A word of ours that is explained."""

    text: str


class Mark(Struct, frozen=True):
    """A verdict's sign, with words that belong to it or alone."""

    verdict: Verdict
    text: str = ""


class Link(Struct, frozen=True):
    """To an address of our own, never to one from a record."""

    text: str
    address: str


class Interval(Struct, frozen=True):
    """Where a difference of two ratios lies."""

    low: float
    high: float
    level: float

    def __str__(self) -> str:
        """As ``95 %: +0.5 to +2.0``, in percentage points."""
        bounds = f"{signed(100 * self.low, 1)} to{NBSP}{signed(100 * self.high, 1)}"
        return f"{100 * self.level:.0f}{NBSP}%: {bounds}"


class Bar(Struct, frozen=True):
    """A number beside others, drawn."""

    value: int
    largest: int

    def __str__(self) -> str:
        """The bar, as long as `value` is of the largest."""
        eighths = max(1, 8 * _BAR * self.value // (self.largest or 1))
        return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8]).rstrip()


Span: TypeAlias = str | Name | Sentence | Number | Interval | Strong | Emphasis | Mark | Link | Bar
Cell: TypeAlias = "Span | tuple[Cell, ...]"


def joined(separator: str, cells: Iterable[Cell]) -> Cell:
    """The cells that are not empty, one after the other."""
    return tuple(chain.from_iterable((separator, cell) for cell in cells if cell))[1:]


class Paragraph(Struct, frozen=True):
    """A line of text."""

    content: Cell


class Heading(Struct, frozen=True):
    """A line above others."""

    content: Cell


class Column(Struct, frozen=True):
    """The head of a column."""

    title: str
    align: Literal["left", "right"] = "left"


class Rows(Struct, frozen=True):
    """Rows under the heads of their columns; without any it is a list. `hidden` counts those that only `rest` holds."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    hidden: int = 0
    rest: str = "report.json"


class Folded(Struct, frozen=True):
    """A part that is opened by who wants to know; its title is fixed words."""

    title: str
    blocks: list[Block]


Block: TypeAlias = Paragraph | Heading | Rows | Folded


def table(
    heads: Sequence[str | Column], rows: Iterable[Sequence[Cell]], total: int | None = None, rest: str = "report.json"
) -> Rows:
    """A table; with `total` of as many of its rows as anybody may see: give them lazily, the others are not made."""
    kept = list(rows if total is None else islice(rows, MOST_ROWS))
    columns = [Column(head) if isinstance(head, str) else head for head in heads]
    return Rows(columns, kept, (total or len(kept)) - len(kept), rest)


def bullets(items: Sequence[Cell]) -> Rows:
    """A list."""
    kept = items[:MOST_ROWS]
    return Rows((), [(item,) for item in kept], len(items) - len(kept))
