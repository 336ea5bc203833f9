"""Text from strangers (labels, layers, files, paths) as literal text in GitHub's Markdown.

Every name becomes a code span, because that is the one place where GitHub itself promises to leave text alone:

- cmark-gfm reads no escapes, entities, HTML, links, emphasis or headings inside a code span, and its autolink
  extension (www., http://, e-mail) skips it. Entities such as ``&#64;`` outside of one are no way out: e-mail
  autolinks are found after decoding.
- The filters that run on the finished HTML (mentions, issues, commits, emoji, custom autolinks, mathematics) skip
  ``<code>``. Raw ``<code>`` tags would stop only these, not the parser.

What remains is the span's own fence (longer than any run of backticks inside), the pipe (escaped for the whole row by
`row`, because only tables read that escape), and characters that nobody can see (shown as symbols). A name that is
a CSS colour may get a colour swatch behind it; its text is the same.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

NAME_LIMIT: Final = 60
PROSE_LIMIT: Final = 800
ELLIPSIS: Final = "…"

_SPACE: Final = "\N{SYMBOL FOR SPACE}"
# Control, format (bidi, zero-width), surrogate, private use, line and paragraph separator.
_UNSEEN_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
# Letters and marks that fonts draw as nothing: joiners, Hangul fillers, variation selectors.
_UNSEEN_LETTERS: Final = frozenset({0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0})
_UNSEEN_RANGES: Final = (range(0x180B, 0x1810), range(0xFE00, 0xFE10), range(0xFFF0, 0xFFF9), range(0xE0000, 0xE1000))

_QUOTED: Final = re.compile(r"`([^`]+)`")
_SHAPE: Final = re.compile(r"\[-?[0-9]+(?:, -?[0-9]+)+\]")  # [1, 96, 96, 3]
_OPENING: Final = "\"'("
_CLOSING: Final = "\"').,;:!?"
# A word or a number that neither CommonMark nor GitHub reads anything into.
_PLAIN: Final = re.compile(r"[-+]?[0-9][0-9.,]*%?|%|[A-Za-z][A-Za-z0-9]*(?:[-'][A-Za-z]+)*")
_COMMIT: Final = re.compile(r"[0-9a-fA-F]{7}")


def visible(name: str, limit: int = NAME_LIMIT) -> str:
    """The name with every unseen character shown, cut in its middle to `limit` characters.

    Control characters become their Unicode pictures, other unseen ones ``⟨U+202E⟩``; spaces that HTML would drop
    (at an edge, or after another one) become ``␠``.
    """
    if len(name) > limit:
        head = (limit - 1) * 2 // 3
        tail = limit - 1 - head
        name = f"{name[:head]}{ELLIPSIS}{name[len(name) - tail :]}"
    if name.isascii() and name.isprintable() and "  " not in name and name == name.strip():
        return name
    shown = [_shown(character) for character in name]
    return "".join(
        _SPACE if piece == " " and (index in {0, len(shown) - 1} or shown[index - 1] == " ") else piece
        for index, piece in enumerate(shown)
    )


def code(name: str, limit: int = NAME_LIMIT) -> str:
    """A stranger's name as a code span; the span's text is ``visible(name)``."""
    text = visible(name, limit)
    if not text:
        return "(no name)"
    runs = [len(run) for run in re.findall(r"`+", text)]
    fence = "`" * (max(runs, default=0) + 1)
    pad = " " if text[0] == "`" or text[-1] == "`" else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def prose(sentence: str, limit: int = PROSE_LIMIT) -> str:
    """A sentence that may hold names: plain words stay words, anything else becomes a code span."""
    cut = len(sentence) > limit
    pieces: list[str] = []
    for index, part in enumerate(_QUOTED.split(_SHAPE.sub(_quoted, sentence[:limit]))):
        if index % 2 == 1:
            piece = code(part, limit)
        else:
            text = " ".join(_words(part.split(), limit))
            piece = f"{' ' * part[:1].isspace()}{text}{' ' * part[-1:].isspace()}"
        touching = piece.startswith("`") and "".join(pieces[-1:]).endswith("`")
        pieces.append(f" {piece}" if touching else piece)  # two fences side by side would be one
    return "".join(pieces).strip() + ELLIPSIS * cut


def _quoted(shape: re.Match[str]) -> str:
    """A shape is one word, unless it stands in a span already: an odd number of backticks is before it."""
    return shape[0] if shape.string.count("`", 0, shape.start()) % 2 else f"`{shape[0]}`"


def row(cells: Iterable[str]) -> str:
    """A table row of finished cells; a pipe inside a cell, in a code span too, is escaped here and nowhere else."""
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _words(words: list[str], limit: int) -> Iterable[str]:
    odd: list[str] = []  # neighbours that need a code span share one
    for word in words:
        start = word.lstrip(_OPENING)
        core = start.rstrip(_CLOSING)
        plain = core == "" or (_PLAIN.fullmatch(core) is not None and _COMMIT.search(core) is None)
        opened = max(core.count("(") - core.count(")"), 0)
        core = start[: len(core) + opened]  # a call keeps its brackets: f()
        opening, closing = word[: len(word) - len(start)], start[len(core) :]
        if odd and (plain or opening):
            yield code(" ".join(odd), limit)
            odd = []
        if plain:
            yield word
        elif closing or opening:
            yield f"{opening}{code(' '.join([*odd, core]), limit)}{closing}"
            odd = []
        else:
            odd.append(core)
    if odd:
        yield code(" ".join(odd), limit)


def _shown(character: str) -> str:
    point = ord(character)
    if point < 0x20:
        return chr(0x2400 + point)
    if point == 0x7F:
        return "\N{SYMBOL FOR DELETE}"
    unseen = (
        unicodedata.category(character) in _UNSEEN_CATEGORIES
        or point in _UNSEEN_LETTERS
        or point & 0xFFFE == 0xFFFE
        or (character.isspace() and character != " ")
        or any(point in block for block in _UNSEEN_RANGES)
    )
    return f"⟨U+{point:04X}⟩" if unseen else character
