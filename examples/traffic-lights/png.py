"""Write an RGB image as a PNG whose bytes depend on the pixels alone."""

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

SIGNATURE = b"\x89PNG\r\n\x1a\n"
STORED_BLOCK_LIMIT = 65535


def encode(pixels: NDArray[np.uint8]) -> bytes:
    """Return the PNG file of a [height, width, 3] image."""
    height, width, _ = pixels.shape
    bits, rgb = 8, 2
    header = struct.pack(">IIBBBBB", width, height, bits, rgb, 0, 0, 0)  # the only compression and filter; no interlace
    rows = np.zeros((height, 1 + 3 * width), np.uint8)  # each row starts with filter type 0 (none)
    rows[:, 1:] = pixels.reshape(height, 3 * width)
    data = _zlib_stored(rows.tobytes())
    return SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _zlib_stored(raw: bytes) -> bytes:
    """Wrap bytes as zlib data without compressing: compressors differ between zlib, zlib-ng and their versions."""
    blocks = [raw[start : start + STORED_BLOCK_LIMIT] for start in range(0, len(raw), STORED_BLOCK_LIMIT)]
    stream = b"\x78\x01"
    for number, block in enumerate(blocks, 1):
        is_last = number == len(blocks)
        stream += struct.pack("<BHH", is_last, len(block), len(block) ^ 0xFFFF) + block
    return stream + struct.pack(">I", zlib.adler32(raw))
