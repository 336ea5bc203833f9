"""Text from strangers without invisible characters: what a person reads is what is there."""

from __future__ import annotations

import unicodedata
from typing import Final

NAME_LIMIT: Final = 60
ELLIPSIS: Final = "…"

_SPACE: Final = "\N{SYMBOL FOR SPACE}"
# Control, format (bidi, zero-width), surrogate, private use, line and paragraph separator.
_UNSEEN_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
# Letters and marks that fonts draw as nothing: joiners, Hangul fillers, variation selectors.
_UNSEEN_LETTERS: Final = frozenset({0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0})
_UNSEEN_RANGES: Final = (range(0x180B, 0x1810), range(0xFE00, 0xFE10), range(0xFFF0, 0xFFF9), range(0xE0000, 0xE1000))


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
