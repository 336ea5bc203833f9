"""The host's end of the line: splits at zeros, keeps what is a packet, and hands the rest to the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.device.packet import ZERO, packet_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantci.device.packet import Packet

MAX_PENDING_BYTES: Final = 64 * 1024


class Receiver:
    """Takes bytes as they come. What it holds back is never larger than MAX_PENDING_BYTES.

    Args:
        log: called with everything that is not a packet: boot log, replies in text, frames that do not check.
    """

    def __init__(self, log: Callable[[bytes], None]) -> None:
        self._log = log
        self._pending = bytearray()
        self._is_lost = False  # what is coming now began more than MAX_PENDING_BYTES ago: it is no packet

    def feed(self, data: bytes) -> list[Packet]:
        """The packets that these bytes complete."""
        *whole, rest = data.split(ZERO)
        packets = [packet for piece in whole if (packet := self._end(piece)) is not None]
        for start in range(0, len(rest), MAX_PENDING_BYTES):
            self._hold(rest[start : start + MAX_PENDING_BYTES])
        return packets

    def flush(self) -> None:
        """Give what is held back to the log: nobody will read on."""
        if self._pending:
            self._log(bytes(self._pending))
            self._pending.clear()

    def _hold(self, piece: bytes) -> None:
        if len(self._pending) + len(piece) > MAX_PENDING_BYTES:
            self.flush()
            self._is_lost = True
        self._pending += piece

    def _end(self, piece: bytes) -> Packet | None:
        """What a zero ends."""
        held = bytes(self._pending) + piece
        self._pending.clear()
        packet = None if self._is_lost or len(held) > MAX_PENDING_BYTES else packet_in(held)
        self._is_lost = False
        if packet is None and held:
            self._log(held)
        return packet
