"""Pictures for the tests, small enough to be checked by hand."""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

# Asymmetric in every way: no two of its eight turns are alike.
ARROW = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]], [[9, 99, 199], [50, 60, 70], [200, 100, 0]]], dtype=np.uint8)


def gradient(height: int = 16, width: int = 24) -> NDArray[np.uint8]:
    """A coloured gradient [height, width, 3] that survives JPEG."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x * 255 // max(width - 1, 1), y * 255 // max(height - 1, 1), (x + y) * 3], axis=2).astype(np.uint8)


def save(path: Path, pixels: NDArray[np.generic], **options: object) -> Path:
    Image.fromarray(pixels).save(path, **options)  # type: ignore[arg-type]
    return path


def png_with_header(width: int, height: int, *, depth: int = 8, rows: bytes = bytes(1000)) -> bytes:
    """An RGB PNG by hand: its header may promise a size that has hardly any pixels behind it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0)
    pixels = zlib.compress(rows)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def jpeg_bytes(pixels: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=90)
    return file.getvalue()
