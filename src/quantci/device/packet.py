"""A packet of firmware/PROTOCOL.md, and the frame that carries it on the line."""

from __future__ import annotations

import struct
import zlib
from typing import Final, NamedTuple

from quantci.device.cobs import decode, encode

_HEAD: Final = struct.Struct("<BxHI")
_CRC: Final = struct.Struct("<I")
OVERHEAD_BYTES: Final = _HEAD.size + _CRC.size
ZERO: Final = b"\0"


class Packet(NamedTuple):
    """One request, reply or event.

    Attributes:
        type: a Command; bit 7 is set in its reply.
        sequence: number of the request, 0 to 65,535.
        nonce: number of the host's run.
        payload: what the command says.
    """

    type: int
    sequence: int
    nonce: int
    payload: bytes = b""

    def to_line(self) -> bytes:
        """The frame, with the zeros at both ends."""
        body = _HEAD.pack(self.type, self.sequence, self.nonce) + self.payload
        return ZERO + encode(body + _CRC.pack(zlib.crc32(body))) + ZERO


def packet_in(piece: bytes) -> Packet | None:
    """The packet that stood between two zeros; None if it does not check."""
    body = decode(piece)
    if body is None or len(body) < OVERHEAD_BYTES:
        return None
    end = len(body) - _CRC.size
    if zlib.crc32(memoryview(body)[:end]) != _CRC.unpack_from(body, end)[0]:
        return None
    kind, sequence, nonce = _HEAD.unpack_from(body)
    return Packet(kind, sequence, nonce, body[_HEAD.size : end])


def line_bytes(payload_bytes: int) -> int:
    """Bytes on the line of a packet with so much payload, at most."""
    packet = payload_bytes + OVERHEAD_BYTES
    return packet + (packet + 253) // 254 + 2
