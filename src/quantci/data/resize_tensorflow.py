"""tf.image.resize without antialiasing, as Keras resizes: float values, not rounded; bicubic may leave 0..255."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from quantci.data.taps import Taps, resize_by

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TABLE = 1024  # its cubic weights are read from a table of so many steps
_A = -0.5


def resize_tensorflow(pixels: NDArray[np.uint8], size: tuple[int, int], method: str) -> NDArray[Any]:
    """`tf.image.resize(pixels, size, method)`: float32, but nearest keeps uint8.

    Args:
        pixels: uint8 [height, width] or [height, width, channels].
        size: height and width to resize to.
        method: nearest, bilinear, bicubic or area.
    """
    sides = list(zip(pixels.shape, size, strict=False))
    if method == "nearest":
        rows, columns = (np.clip(_centres(*one, 0).astype(np.intp), 0, one[0] - 1) for one in sides)
        return pixels[rows][:, columns]
    if method == "bilinear":
        return _bilinear(pixels, _neighbours(*sides[0]), _neighbours(*sides[1]))
    if method == "bicubic":
        return _cubic_taps(*sides[1]).apply(_cubic_taps(*sides[0]).apply(pixels, 0), 1)
    scale = np.float32(1) / (_step(*sides[0]) * _step(*sides[1]))
    result: NDArray[np.float32] = resize_by(_area_taps(*sides[0]), _area_taps(*sides[1]), pixels) * scale
    return result


def _step(old: int, new: int) -> np.float32:
    return np.float32(old) / np.float32(new)


def _centres(old: int, new: int, shift: float) -> NDArray[np.float32]:
    return (np.arange(new, dtype=np.float32) + np.float32(0.5)) * _step(old, new) - np.float32(shift)


def _neighbours(old: int, new: int) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """The old pixels before and after each new one, and how far it is from the first to the second."""
    place = _centres(old, new, 0.5)
    before = np.floor(place)
    first = np.maximum(before.astype(np.intp), 0)
    return first, np.minimum(np.ceil(place).astype(np.intp), old - 1), place - before


def _bilinear(
    pixels: NDArray[np.uint8],
    rows: tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]],
    columns: tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]],
) -> NDArray[np.float32]:
    left, right, across = columns
    top, bottom, down = rows
    across = across.reshape(1, -1, *[1] * (pixels.ndim - 2))
    down = down.reshape(-1, *[1] * (pixels.ndim - 1))

    def line(index: NDArray[np.intp]) -> NDArray[np.float32]:
        chosen = pixels[index]
        first = chosen[:, left].astype(np.float32)
        result: NDArray[np.float32] = first + (chosen[:, right] - first) * across
        return result

    upper = line(top)
    result: NDArray[np.float32] = upper + (line(bottom) - upper) * down
    return result


def _cubic_taps(old: int, new: int) -> Taps:
    """Neighbours beyond the edge have no weight; the others' are scaled to a sum of 1."""
    place = _centres(old, new, 0.5)
    before = np.floor(place)
    index = before.astype(np.intp)[:, np.newaxis] + np.arange(-1, 3)
    step = np.rint((place - before) * np.float32(_TABLE)).astype(np.intp)
    inner, outer = _table()
    weight = np.stack([outer[step], inner[step], inner[_TABLE - step], outer[_TABLE - step]], axis=1)
    weight[(index < 0) | (index >= old)] = 0
    total = weight[:, 0] + weight[:, 1] + weight[:, 2] + weight[:, 3]
    return Taps(np.clip(index, 0, old - 1), weight * (np.float32(1) / total)[:, np.newaxis])


def _table() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Weights of the near and of the far neighbours by the distance in 1024ths."""
    x = np.arange(_TABLE + 1) / _TABLE
    inner = ((_A + 2) * x - (_A + 3)) * x * x + 1
    x += 1
    outer = ((_A * x - 5 * _A) * x + 8 * _A) * x - 4 * _A
    return inner.astype(np.float32), outer.astype(np.float32)


def _area_taps(old: int, new: int) -> Taps:
    """How much each new pixel covers of each old one."""
    edges = np.arange(new + 1, dtype=np.float32) * _step(old, new)
    start, end = edges[:-1], edges[1:]
    first, last = np.floor(start).astype(np.intp), np.ceil(end).astype(np.intp)
    index = first[:, np.newaxis] + np.arange(int((last - first).max()))
    near = np.maximum(index.astype(np.float32), start[:, np.newaxis])
    far = np.minimum((index + 1).astype(np.float32), end[:, np.newaxis])
    inside = (index < start[:, np.newaxis]) & (index + 1 > end[:, np.newaxis])
    weight = np.where(inside, _step(old, new), np.maximum(far - near, np.float32(0)))
    return Taps(np.clip(index, 0, old - 1), weight)
