"""From the bytes of a flatbuffer to the schema's object tree, with each reference checked before it is followed.

The generated decoder trusts the file: a string may claim 4 GB, a vector may list one subgraph a million times. Native
readers follow the same offsets without a look. So each reference is checked here against the file's end, its
alignment, and a budget that no honest file reaches. It takes a fifth of the generated decoder's time, too: tables of
one layout are read alike, where that one asks for the layout again at every field.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from quantci.tflite.enums import enum_names
from quantci.tflite.fields import REFERENCES, maker, numbers
from quantci.tflite.verify.damage import Damage, require

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

MAX_TABLES: Final = 500_000
MAX_SLOTS: Final = 64  # more than any table of the schema has: what stands behind them, nobody reads
# Vectors may overlap in a hostile file: what is decoded in all stays within a multiple of the file's size.
MAX_VECTOR_SHARE: Final = 8

_U16 = struct.Struct("<H").unpack_from
_U32 = struct.Struct("<I").unpack_from
_I32 = struct.Struct("<i").unpack_from


def decode(data: bytes) -> Any:
    """The schema's ModelT, with all that hangs on it.

    Vectors of numbers are read-only NumPy views into `data`; names are bytes.

    Raises:
        Damage: something lies outside of the file, is misaligned, or refers to more than the file could hold.
    """
    return _Reader(data).model()


class _Layout(NamedTuple):
    """How to read the tables of one kind that share a vtable. Offsets are in bytes from the table's start."""

    make: Callable[[], Any] | None  # None for a member of a union that the schema does not know
    size: int
    scalars: list[tuple[str, int, struct.Struct]]
    references: list[tuple[str, int, str]]


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._size = len(data)
        self._tables = 0
        self._vector_bytes = 0
        self._layouts: dict[tuple[str, int], _Layout] = {}

    def model(self) -> Any:
        return self._table(self._target(0), "Model")

    def _target(self, at: int) -> int:
        """Where the offset stored at `at` leads: at least four bytes, aligned to four."""
        require(at % 4 == 0 and at + 4 <= self._size, "an offset lies outside of the file")
        target = int(at + _U32(self._data, at)[0])
        require(target % 4 == 0 and target + 4 <= self._size, "an offset leads out of the file")
        return target

    def _table(self, at: int, kind: str) -> Any:
        self._tables += 1
        if self._tables > MAX_TABLES:
            raise Damage(
                f"it holds more than {MAX_TABLES:,} tables",
                code="too-large",
                remedy="Use a model that is meant for a microcontroller.",
            )
        vtable = at - _I32(self._data, at)[0]
        layout = self._layouts.get((kind, vtable)) or self._layout(kind, vtable)
        require(at + layout.size <= self._size, "a table is cut off")
        if layout.make is None:
            return None
        made = layout.make()
        fields = vars(made)
        for name, offset, number in layout.scalars:
            fields[name] = number.unpack_from(self._data, at + offset)[0]
        for name, offset, what in layout.references:
            member = enum_names(what[1:]).get(fields[f"{name}Type"], "") if what[0] == "|" else what
            fields[name] = self._follow(self._target(at + offset), member)
        return made

    def _layout(self, kind: str, vtable: int) -> _Layout:
        require(0 <= vtable <= self._size - 4 and vtable % 2 == 0, "a table's layout lies outside of the file")
        length, size = _U16(self._data, vtable)[0], _U16(self._data, vtable + 2)[0]
        require(length >= 4 and length % 2 == 0 and vtable + length <= self._size, "a table's layout is cut off")
        offsets = struct.unpack_from(f"<{min(MAX_SLOTS, (length - 4) // 2)}H", self._data, vtable + 4)
        require(all(offset == 0 or 4 <= offset < size for offset in offsets), "a field lies outside its table")
        given = {slot: offset for slot, offset in enumerate(offsets) if offset}
        make = maker(kind)
        scalars = [(name, given[slot], number) for slot, name, number in numbers(kind) if slot in given]
        require(all(at + number.size <= size for _, at, number in scalars), "a number lies outside its table")
        references = [(name, given[slot], what) for slot, name, what in REFERENCES.get(kind, ()) if slot in given]
        return self._layouts.setdefault((kind, vtable), _Layout(make, size, scalars, references))

    def _follow(self, at: int, what: str) -> Any:
        if what.startswith("<"):
            return self._vector(at, what)
        if what == "string":
            return self._string(at)
        if what.startswith("["):
            return [self._table(self._target(element), what[1:-1]) for element in self._elements(at, 4)]
        return self._table(at, what)

    def _string(self, at: int) -> bytes:
        content = self._elements(at, 1)
        require(content.stop < self._size and self._data[content.stop] == 0, "a string has no end")
        text = self._data[content.start : content.stop]
        try:
            text.decode()
        except UnicodeDecodeError:  # LiteRT's Python bindings raise it for every look at such a tensor
            raise Damage("a name is not UTF-8") from None
        return text

    def _vector(self, at: int, dtype: str) -> NDArray[Any]:
        places = self._elements(at, int(dtype[2:]))
        return np.frombuffer(self._data, dtype, len(places), places.start)

    def _elements(self, at: int, element_bytes: int) -> range:
        """Where each element of the vector at `at` starts."""
        size = int(_U32(self._data, at)[0]) * element_bytes
        require(at + 4 + size <= self._size, "a vector is longer than the file")
        require((at + 4) % element_bytes == 0 or size == 0, "a vector is misaligned")
        self._vector_bytes += size
        require(self._vector_bytes <= MAX_VECTOR_SHARE * self._size, "its vectors overlap")
        return range(at + 4, at + 4 + size, element_bytes)
