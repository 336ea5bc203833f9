"""Typed content on a terminal, and as plain lines for a log or a pipe: there a row is one line, and nothing is cut."""

from __future__ import annotations

import shutil
import sys
import unicodedata
from typing import TYPE_CHECKING, Final, TextIO

from quantci.render.cells import MARKS, Emphasis, Folded, Heading, Interval, Link, Mark, Name, Rows, Sentence, Strong
from quantci.render.numbers import NBSP
from quantci.render.visible import NAME_LIMIT, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import RenderableType

    from quantci.records.report import Verdict
    from quantci.render.cells import Block, Cell

_STYLES: Final[dict[Verdict, str]] = {"pass": "bold green", "fail": "bold red", "inconclusive": "bold yellow"}
_LONG: Final = 1000
_GAP: Final = "   "


def show(blocks: Iterable[Block], file: TextIO | None = None) -> None:
    """Write the blocks to `file` or the standard output, whichever way that can show it."""
    stream = file or sys.stdout
    stream.write(render(blocks, shutil.get_terminal_size((100, 24)).columns if stream.isatty() else None))


def render(blocks: Iterable[Block], width: int | None = None) -> str:
    """The blocks for a terminal of that width; plain lines without any."""
    if width is None:
        return "".join(f"{line.rstrip()}\n" for block in blocks for line in _lines(block)).removeprefix("\n")
    from rich.console import Console
    from rich.table import Table

    console = Console(force_terminal=True, width=width, highlight=False, legacy_windows=False)
    with console.capture() as capture:
        for block in blocks:
            for shown in _shown(block):
                console.print(shown, soft_wrap=not isinstance(shown, Table))
    return capture.get().removeprefix("\n")


def _shown(block: Block) -> Iterator[RenderableType]:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    match block:
        case Rows(columns, rows) if columns:
            table = Table(box=box.SIMPLE, pad_edge=False)
            for column in columns:
                table.add_column(Text(column.title), justify=column.align, overflow="fold")
            for line in rows:
                table.add_row(*(Text.assemble(*_spans(cell)) for cell in line))
            yield table
            yield from map(Text, _hidden(block))
        case Rows(_, rows):
            for (item,) in rows:
                yield Text.assemble("- ", *_spans(item))
            yield from map(Text, _hidden(block))
        case Folded(title, blocks):
            yield Text(f"\n{title}", style="bold")
            for inner in blocks:
                yield from _shown(inner)
        case Heading(content):
            yield Text.assemble("\n", *_spans(content), style="bold")
        case paragraph:
            yield Text.assemble(*_spans(paragraph.content))


def _lines(block: Block) -> Iterator[str]:
    match block:
        case Rows(columns, rows) if columns:
            lines = [[_plain(cell) for cell in line] for line in rows]
            lines.insert(0, [column.title for column in columns])
            widths = [max(map(_width, texts)) for texts in zip(*lines, strict=True)]
            for line in lines:
                gaps = [" " * (width - _width(text)) for text, width in zip(line, widths, strict=True)]
                yield _GAP.join(
                    gap + text if column.align == "right" else text + gap
                    for text, gap, column in zip(line, gaps, columns, strict=True)
                )
            yield from _hidden(block)
        case Rows(_, rows):
            yield from (f"- {_plain(item)}" for (item,) in rows)
            yield from _hidden(block)
        case Folded(title, blocks):
            yield f"\n{title}"
            for inner in blocks:
                yield from _lines(inner)
        case Heading(content):
            yield f"\n{_plain(content)}"
        case paragraph:
            yield _plain(paragraph.content)


def _hidden(block: Rows) -> Iterator[str]:
    if block.hidden:
        yield f"{block.hidden:,} {'row' if block.hidden == 1 else 'rows'} more in {block.rest}"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _plain(cell: Cell) -> str:
    """A cell in one line and without styles; a verdict is a word."""
    if isinstance(cell, tuple):
        return "".join(map(_plain, cell))
    if isinstance(cell, Mark):
        return cell.text or f"[{cell.verdict}]"
    return "".join(text for text, _ in _spans(cell)).replace("\n", ", ")


def _spans(cell: Cell) -> Iterator[tuple[str, str]]:
    """Texts with their styles; what is unseen is shown in them, so that no name can steer the terminal."""
    match cell:
        case tuple():
            for part in cell:
                yield from _spans(part)
        case Name(text, limit):
            yield visible(text, max(limit, NAME_LIMIT)) or "(no name)", ""  # a terminal is wider than a phone
        case Sentence(text):
            yield visible(text, _LONG), ""
        case Strong(text):
            yield text, "bold"
        case Emphasis(text):
            yield text, "italic"
        case Mark(verdict, text):
            yield f"{MARKS[verdict]} {text}".rstrip(), _STYLES[verdict]
        case Link(text, address):
            yield f"{text}: {address}", ""
        case Interval():
            yield f"({cell})".replace(NBSP, " "), ""
        case other:
            yield str(other).replace(NBSP, " "), ""
