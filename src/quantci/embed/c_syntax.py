"""Values as C++ source text. Names and labels come from strangers: whatever they hold, they end where they should."""

from __future__ import annotations

import math
import re
import struct
from typing import Final

BYTES_PER_LINE: Final = 12

# Printable ASCII as it is; everything else in octal: three digits at most, so no digit that follows is swallowed.
_IN_STRING: Final = [chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}" for byte in range(256)]
for _character in '"\\?':  # with no bare question mark there is no trigraph
    _IN_STRING[ord(_character)] = "\\" + _character

_NOT_IN_COMMENT: Final = re.compile(r"[^A-Za-z0-9 .,:;=+()\[\]_/'#<>%-]")

# What cannot be a namespace, and names that belong to the compiler, ESP-IDF and TFLM.
RESERVED: Final = frozenset(
    """
    alignas alignof and and_eq asm auto bitand bitor bool break case catch char char16_t char32_t char8_t class
    co_await co_return co_yield compl concept const const_cast consteval constexpr constinit continue decltype
    default delete do double dynamic_cast else enum explicit export extern false float for friend goto if inline
    int long mutable namespace new noexcept not not_eq nullptr operator or or_eq private protected public
    reflexpr register reinterpret_cast requires return short signed sizeof static static_assert static_cast
    struct switch synchronized template this thread_local throw true try typedef typeid typename typeof union
    unsigned using virtual void volatile wchar_t while xor xor_eq linux main std tflite unix
    """.split()  # noqa: SIM905  a list of words is read as one
)


def c_string(text: str) -> str:
    """A string literal of the text in UTF-8, quotes included."""
    return '"' + "".join(_IN_STRING[byte] for byte in text.encode("utf-8", "backslashreplace")) + '"'


def c_comment(text: str) -> str:
    """The text, fit for a // comment: one line, with nothing that continues it or opens another comment."""
    return _NOT_IN_COMMENT.sub("_", text)


def c_float(value: float) -> str:
    """The nearest 32-bit float, as a literal that a compiler reads back as the same.

    Raises:
        ValueError: there is none.
    """
    if not math.isfinite(value) or abs(value) > 3.4028234663852886e38:
        msg = f"{value} is not a finite 32-bit float"
        raise ValueError(msg)
    return f"{struct.unpack('f', struct.pack('f', value))[0]!r}f"


def hex_rows(data: bytes) -> list[str]:
    """The bytes as rows of an array initializer."""
    text = "0x" + data.hex(" ").replace(" ", ", 0x") + ","
    width = 6 * BYTES_PER_LINE
    return [text[start : start + width].rstrip() for start in range(0, len(text), width)] if data else []


def identifier(text: str) -> str:
    """The text with everything that cannot stand in a C identifier replaced by an underscore."""
    return re.sub(r"[^A-Za-z0-9_]", "_", text)
