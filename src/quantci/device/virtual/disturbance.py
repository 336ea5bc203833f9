"""What a bad line does to bytes: it drops, flips, doubles them, and swaps two."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from quantci.device.virtual.script import Script

_KINDS: Final = ("drop", "flip", "duplicate", "reorder")
_NOISE: Final = (
    b"I (4711) wifi: state: run -> init (0)\r\n",
    b"W (815) task_wdt: \xff\xfe\xc3( \x1b[0m\r\n",
    b"printf without a line end",
    b"E (42) spi: \xe2\x82\xac\r\n",
)


class Disturbance:
    """One direction of a line."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._rates = [script.rate(kind) for kind in _KINDS]
        self._total = min(1.0, sum(self._rates))
        self._noise = script.rate("noise")
        self._wait = self._next()

    def pass_on(self, data: bytes) -> bytes:
        """What arrives of these bytes."""
        if self._total == 0:
            return data
        out, start = bytearray(), 0
        while start + self._wait < len(data):
            place = start + self._wait
            out += data[start:place]
            start = place + 1 + self._hit(data, place, out)
            self._wait = self._next()
        out += data[start:]
        self._wait -= max(0, len(data) - start)
        return bytes(out)

    def noise(self) -> bytes:
        """What is printed before a reply: nothing, as a rule."""
        return self._script.random.choice(_NOISE) if self._script.random.random() < self._noise else b""

    def _hit(self, data: bytes, place: int, out: bytearray) -> int:
        """Spoil the byte at this place; returns how many more were used up."""
        (kind,) = self._script.random.choices(_KINDS, self._rates)
        byte = data[place]
        if kind == "flip":
            out.append(byte ^ 1 << self._script.random.randrange(8))
        elif kind == "duplicate":
            out += bytes([byte, byte])
        elif kind == "reorder":
            out += data[place + 1 : place + 2] + bytes([byte])
            return 1
        return 0

    def _next(self) -> int:
        """Bytes that pass before the next one suffers."""
        if self._total in {0.0, 1.0}:
            return 0
        return int(math.log(1.0 - self._script.random.random()) / math.log(1.0 - self._total))
