"""The device's end of the line: text, or a frame between two zeros."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.device.packet import ZERO, Packet, line_bytes, packet_in

if TYPE_CHECKING:
    from collections.abc import Iterator

SILENCE_S: Final = 0.5  # a frame that goes on no longer is dropped after so long


class DeviceReceiver:
    """Takes bytes as they come.

    Args:
        max_payload: frames with more are dropped.

    Attributes:
        packets: that checked.
        dropped: frames that did not.
        is_in_frame: whether a frame has begun.
    """

    def __init__(self, max_payload: int) -> None:
        self._max_payload = max_payload
        self._max_frame = line_bytes(max_payload) - 2
        self._frame = bytearray()
        self._frame_bytes = 0
        self.packets = self.dropped = 0
        self.is_in_frame = False

    def feed(self, data: bytes) -> Iterator[Packet | bytes | None]:
        """Packets, text outside of frames, and None for each frame that was dropped, in their order."""
        pieces = data.split(ZERO)
        for number, piece in enumerate(pieces):
            if not self.is_in_frame:
                if piece:
                    yield piece
            elif piece:
                self._frame_bytes += len(piece)
                self._frame += piece[: self._max_frame + 1 - len(self._frame)]
            if number == len(pieces) - 1:
                return  # no zero after the last piece
            if not self.is_in_frame:
                self.is_in_frame = True
            elif self._frame:
                yield self._end()

    def silence(self) -> bool:
        """Nothing came for SILENCE_S: back to text. True if a frame was dropped."""
        had = bool(self._frame)
        self._clear()
        self.dropped += had
        return had

    def _end(self) -> Packet | None:
        packet = packet_in(bytes(self._frame)) if self._frame_bytes <= self._max_frame else None
        if packet is not None and len(packet.payload) > self._max_payload:
            packet = None
        self._clear()
        if packet is None:
            self.dropped += 1
        else:
            self.packets += 1
        return packet

    def _clear(self) -> None:
        self._frame.clear()
        self._frame_bytes = 0
        self.is_in_frame = False
