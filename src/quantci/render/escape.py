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
from typing import TYPE_CHECKING, Final

from quantci.render.visible import ELLIPSIS, NAME_LIMIT, visible

if TYPE_CHECKING:
    from collections.abc import Iterable

PROSE_LIMIT: Final = 800

_QUOTED: Final = re.compile(r"`([^`]+)`")
_SHAPE: Final = re.compile(r"\[-?[0-9]+(?:, -?[0-9]+)+\]")  # [1, 96, 96, 3]
_OPENING: Final = "\"'("
_CLOSING: Final = "\"').,;:!?"
# A word or a number that neither CommonMark nor GitHub reads anything into.
_PLAIN: Final = re.compile(r"[-+]?[0-9][0-9.,]*%?|[%→]|[A-Za-z][A-Za-z0-9]*(?:[-'][A-Za-z]+)*")
_COMMIT: Final = re.compile(r"[0-9a-fA-F]{7}")


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
