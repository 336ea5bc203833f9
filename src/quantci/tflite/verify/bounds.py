"""The walk over every table, vector and string of the flatbuffer, before anything is decoded.

The generated decoder trusts the file: a string may claim 4 GB, a vector may list one subgraph a million times. Native
readers follow the same offsets without a look. So each reference is checked here against the file's end, its
alignment, and a budget that no honest file reaches. Scalars need no check here: decoding reads each of them, and Python
raises where one lies outside.
"""

from __future__ import annotations

import struct
from typing import Final

from quantci.tflite.verify.damage import Damage, require

MAX_TABLES: Final = 500_000
# Vectors may overlap in a hostile file: what is decoded in all stays within a multiple of the file's size.
MAX_VECTOR_SHARE: Final = 8

# Slot of each field that refers to something: a number is a vector of elements of that many bytes, "string" a string,
# "Name" a table and "[Name]" a vector of tables. A union's type stands in the slot before it.
_FIELDS: Final[dict[str, dict[int, int | str]]] = {
    "Model": {
        1: "[OperatorCode]",
        2: "[SubGraph]",
        3: "string",
        4: "[Buffer]",
        5: 4,
        6: "[Metadata]",
        7: "[SignatureDef]",
        8: "[ExternalBufferGroup]",
        9: "[ExternalBuffer]",
    },
    "OperatorCode": {1: "string"},
    "SubGraph": {0: "[Tensor]", 1: 4, 2: 4, 3: "[Operator]", 4: "string"},
    "Tensor": {0: 4, 3: "string", 4: "QuantizationParameters", 6: "SparsityParameters", 7: 4, 9: "[VariantSubType]"},
    "QuantizationParameters": {0: 4, 1: 4, 2: 4, 3: 8, 5: "details"},
    "SparsityParameters": {0: 4, 1: 4, 2: "[DimensionMetadata]"},
    "Operator": {1: 4, 2: 4, 4: "options", 5: 1, 7: 1, 8: 4, 12: "options2"},
    "Buffer": {0: 1},
    "Metadata": {0: "string"},
    "SignatureDef": {0: "[TensorMap]", 1: "[TensorMap]", 2: "string"},
    "TensorMap": {0: "string"},
    "ExternalBufferGroup": {0: "string"},
    "ExternalBuffer": {4: "string"},
    "VariantSubType": {0: 4},
    "DimensionMetadata": {},
    # Members of unions that refer to something; all others hold scalars only.
    "details1": {0: 1},
    "options3": {1: 4, 2: 4},
    "options17": {0: 4},
    "options30": {0: 4},
    "options111": {0: "string", 1: "string"},
    "options115": {0: 4},
}
_UNIONS: Final = frozenset({"details", "options", "options2"})

_U8 = struct.Struct("<B").unpack_from
_U16 = struct.Struct("<H").unpack_from
_U32 = struct.Struct("<I").unpack_from
_I32 = struct.Struct("<i").unpack_from


def check_bounds(data: bytes) -> None:
    """Follow every reference of the model in `data`.

    Raises:
        Damage: something lies outside of the file, is misaligned, or refers to more than the file could hold.
    """
    _Walk(data).model()


class _Walk:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._size = len(data)
        self._tables = 0
        self._vector_bytes = 0
        self._vtables: dict[int, tuple[int, tuple[int, ...]]] = {}

    def model(self) -> None:
        self._table(self._target(0), "Model")

    def _target(self, at: int) -> int:
        """Where the offset stored at `at` leads: at least four bytes, aligned to four."""
        require(at % 4 == 0 and at + 4 <= self._size, "an offset lies outside of the file")
        target = int(at + _U32(self._data, at)[0])
        require(target % 4 == 0 and target + 4 <= self._size, "an offset leads out of the file")
        return target

    def _table(self, at: int, kind: str) -> None:
        self._tables += 1
        if self._tables > MAX_TABLES:
            raise Damage(
                f"it holds more than {MAX_TABLES:,} tables",
                code="too-large",
                remedy="Use a model that is meant for a microcontroller.",
            )
        object_size, offsets = self._vtable(at - _I32(self._data, at)[0])
        require(at + object_size <= self._size, "a table is cut off")
        for slot, what in _FIELDS.get(kind, {}).items():
            if slot < len(offsets) and offsets[slot]:
                name = what
                if what in _UNIONS:
                    type_offset = offsets[slot - 1]
                    name = f"{what}{_U8(self._data, at + type_offset)[0] if type_offset else 0}"
                self._follow(at + offsets[slot], name)

    def _vtable(self, at: int) -> tuple[int, tuple[int, ...]]:
        """Size of the table and the offset of each field; many tables share one vtable."""
        known = self._vtables.get(at)
        if known is None:
            require(0 <= at <= self._size - 4 and at % 2 == 0, "a table's layout lies outside of the file")
            size, object_size = _U16(self._data, at)[0], _U16(self._data, at + 2)[0]
            require(size >= 4 and size % 2 == 0 and at + size <= self._size, "a table's layout is cut off")
            offsets = struct.unpack_from(f"<{(size - 4) // 2}H", self._data, at + 4)
            require(
                all(offset == 0 or 4 <= offset < object_size for offset in offsets), "a field lies outside its table"
            )
            known = self._vtables[at] = (object_size, offsets)
        return known

    def _follow(self, at: int, what: int | str) -> None:
        target = self._target(at)
        if isinstance(what, int):
            self._vector(target, what)
        elif what == "string":
            end = self._vector(target, 1)
            require(end < self._size and self._data[end] == 0, "a string has no end")
            self._text(target + 4, end)
        elif what.startswith("["):
            end = self._vector(target, 4)
            for element in range(target + 4, end, 4):
                self._table(self._target(element), what[1:-1])
        else:
            self._table(target, what)

    def _text(self, start: int, end: int) -> None:
        try:
            self._data[start:end].decode()
        except UnicodeDecodeError:  # LiteRT's Python bindings raise it for every look at such a tensor
            raise Damage("a name is not UTF-8") from None

    def _vector(self, at: int, element_bytes: int) -> int:
        """The end of the vector at `at`."""
        size = int(_U32(self._data, at)[0]) * element_bytes
        require(at + 4 + size <= self._size, "a vector is longer than the file")
        require((at + 4) % element_bytes == 0 or size == 0, "a vector is misaligned")
        self._vector_bytes += size
        require(self._vector_bytes <= MAX_VECTOR_SHARE * self._size, "its vectors overlap")
        return at + 4 + size
