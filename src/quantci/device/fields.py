"""Reads the fields of a payload, one after the other."""

from __future__ import annotations

import struct
from typing import Any


class Fields:
    """A payload, and how far it was read. Whatever does not fit raises ValueError."""

    def __init__(self, payload: bytes) -> None:
        self._payload = payload
        self._place = 0

    def take(self, form: str) -> tuple[Any, ...]:
        """The next fields, in struct's form."""
        try:
            values = struct.unpack_from(form, self._payload, self._place)
        except struct.error:
            msg = f"a payload of {len(self._payload)} bytes is too short"
            raise ValueError(msg) from None
        self._place += struct.calcsize(form)
        return values

    def rest(self) -> bytes:
        """All that is left."""
        rest = self._payload[self._place :]
        self._place = len(self._payload)
        return rest

    def end(self) -> None:
        """Nothing may be left."""
        if self._place != len(self._payload):
            msg = f"a payload of {len(self._payload)} bytes is too long"
            raise ValueError(msg)
