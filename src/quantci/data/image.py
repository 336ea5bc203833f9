"""Image files: from any mode that Pillow reads to 8-bit grey or RGB pixels."""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from quantci.data.fit import in_colour, in_grey
from quantci.errors import DataRejected
from quantci.git_lfs import IS_POINTER, is_pointer
from quantci.records.dataset import ImageCounts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray
    from PIL import Image

    from quantci.records.input_config import Alpha, Exif

MAX_PIXELS = 64 * 1024**2
_AT_ONCE = 1024**2  # pixels that are widened in one go: a whole image as 64-bit integers would fill the memory
# Photographs and drawings only: others of Pillow's formats start programs (EPS) or read what no camera writes.
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM")
_ORIENTATION = 0x0112  # EXIF tag


@dataclass(frozen=True)
class Decoding:
    """What becomes of transparency and of the orientation that a camera noted.

    Attributes:
        alpha: composite: transparent pixels lie on the background; drop: their stored colours are shown.
        background: grey, or R, G, B.
        exif: apply or ignore the orientation. A TIFF is turned by Pillow itself, always.
    """

    alpha: Alpha = "composite"
    background: tuple[int, ...] = (0,)
    exif: Exif = "apply"


AS_SEEN = Decoding()


@dataclass(frozen=True)
class DecodedImage:
    """An image as it is used.

    Attributes:
        pixels: uint8 [height, width] for grey, [height, width, 3] for RGB.
        counts: what this file needed, each 0 or 1.
        content_sha256: digest over size and RGB pixels: the same picture has it in every format and mode.
    """

    pixels: NDArray[np.uint8]
    counts: ImageCounts
    content_sha256: str


def decode_image(path: Path, decoding: Decoding = AS_SEEN) -> DecodedImage:
    """Decode the first frame of an image file.

    Raises:
        DataRejected: `unreadable-image`: not an image, cut off, too large, or of pixels without a known range.
    """
    from PIL import Image

    try:
        # Pillow warns of odd EXIF, palettes and sizes: what matters of it is counted or refused here.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Image.draft is never called: it lets JPEG skip details, and the accuracy would follow.
            with Image.open(path, formats=_FORMATS) as image:
                return _decode(image, decoding)
    except _UnfitError as error:
        raise _unreadable(path, str(error)) from None
    except Exception as error:  # on a damaged file Pillow's parsers raise whatever they stumble over
        raise _unreadable(path, _reason(path, error)) from error


def to_rgb(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grey [height, width] as RGB [height, width, 3]; RGB as it is."""
    return np.repeat(pixels[:, :, np.newaxis], 3, axis=2) if pixels.ndim == 2 else pixels


class _UnfitError(Exception):
    """Pillow reads the file, but its pixels cannot be used."""


def _decode(image: Image.Image, decoding: Decoding) -> DecodedImage:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise _UnfitError(f"it has {width} x {height} pixels, and {MAX_PIXELS} are the most that are decoded")
    # Before anything else: the tiles that tell how pixels are stored are gone once they are loaded.
    sixteen_bit = image.mode.startswith("I") or any(";16" in str(tile[3]) for tile in getattr(image, "tile", ()))
    before = image.getexif().get(_ORIENTATION)
    image.load()
    # Read again: TIFF turns itself while loading, and a PNG may hold its EXIF behind the pixels.
    after = image.getexif().get(_ORIENTATION)
    palette = image.mode in {"P", "PA"}
    cmyk = image.mode == "CMYK"
    alpha = image.has_transparency_data and not image.mode.startswith("I")
    pixels = _to_pixels(image, decoding if alpha else None)
    is_turned = decoding.exif == "apply" and (before in range(2, 9) or after in range(2, 9))
    if decoding.exif == "apply":
        pixels = _turn(pixels, after)
    return DecodedImage(
        pixels=pixels,
        counts=ImageCounts(
            exif_rotated=int(is_turned),
            palette=int(palette),
            alpha=int(alpha),
            cmyk=int(cmyk),
            sixteen_bit=int(sixteen_bit),
        ),
        content_sha256=_digest(pixels),
    )


def _digest(pixels: NDArray[np.uint8]) -> str:
    digest = hashlib.sha256(f"{pixels.shape[1]}x{pixels.shape[0]}\n".encode())
    for strip in _strips(pixels):
        digest.update(np.ascontiguousarray(to_rgb(strip)))
    return digest.hexdigest()


def _strips(pixels: NDArray[Any]) -> Iterator[NDArray[Any]]:
    rows = max(1, _AT_ONCE // max(1, pixels.shape[1]))
    return (pixels[first : first + rows] for first in range(0, pixels.shape[0], rows))


def _to_pixels(image: Image.Image, transparent: Decoding | None) -> NDArray[np.uint8]:
    """`transparent`: what to do about transparency, for an image that has some."""
    from PIL import Image

    if image.mode.startswith("I"):
        return _to_8_bit(np.asarray(image))
    if image.mode == "F":
        raise _UnfitError("its pixels are floating-point numbers of unknown range; save them as .npy")
    grey = image.mode in {"1", "L", "LA", "La"}
    if transparent is not None and transparent.alpha == "composite":
        colour = in_colour(transparent.background)
        grey = grey and len(set(colour)) == 1
        layer = image.convert("RGBA" if not grey else "LA")
        below = Image.new("L", image.size, in_grey(colour)) if grey else Image.new("RGB", image.size, colour)
        below.paste(layer.convert(below.mode), mask=layer.getchannel("A"))
        return np.array(below, dtype=np.uint8)
    mode = "L" if grey else "RGB"
    return np.asarray(image if image.mode == mode else image.convert(mode), dtype=np.uint8)


def _to_8_bit(values: NDArray[Any]) -> NDArray[np.uint8]:
    """16-bit grey to 8 bits: 65535 is 255, so a step is 257. Pillow's own conversion would clip all above 255."""
    if values.dtype != np.uint16 and values.size and (values.min() < 0 or values.max() > 65535):
        raise _UnfitError("its pixels are 32-bit integers of unknown range; save them as .npy")
    narrow = np.empty(values.shape, np.uint8)
    for strip, target in zip(_strips(values), _strips(narrow), strict=True):
        target[...] = (strip.astype(np.uint32) + 128) // 257
    return narrow


def _turn(pixels: NDArray[np.uint8], orientation: object) -> NDArray[np.uint8]:
    """Upright pixels [height, width, ...] from those stored in this EXIF orientation (1 to 8)."""
    if orientation in {5, 6, 7, 8}:
        pixels = pixels.swapaxes(0, 1)
    if orientation in {3, 4, 7, 8}:
        pixels = pixels[::-1]
    if orientation in {2, 3, 6, 7}:
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def _reason(path: Path, error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if not path.stat().st_size:
        return "it is empty"
    if is_pointer(path):
        return IS_POINTER
    text = str(error).replace(str(path), path.name).strip().rstrip(".")
    return f"Pillow says: {text or type(error).__name__}"


def _unreadable(path: Path, reason: str) -> DataRejected:
    return DataRejected(
        "unreadable-image",
        f"This image cannot be read: {reason}.",
        where=str(path),
        remedy="Save it again or take it out of the set.",
    )
