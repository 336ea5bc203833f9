"""cv2.resize of 8-bit pictures: no antialiasing, and values rounded to 8 bits.

Equal to its plain C code; its faster code for some processors rounds a few pixels of bicubic to the next value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from quantci.data.taps import Taps, resize_by

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ONE = 2048  # its weights are integers of 11 bits
_A = np.float32(-0.75)  # of the cubic; Pillow's and TensorFlow's is -0.5


def resize_opencv(pixels: NDArray[np.uint8], size: tuple[int, int], method: str) -> NDArray[np.uint8]:
    """`cv2.resize(pixels, (width, height), interpolation=...)`.

    Args:
        pixels: uint8 [height, width] or [height, width, channels].
        size: height and width to resize to.
        method: nearest, bilinear (INTER_LINEAR), bicubic (INTER_CUBIC) or area.
    """
    old = pixels.shape[:2]
    if method == "nearest":
        rows, columns = (_nearest(*sides) for sides in zip(old, size, strict=True))
        chosen: NDArray[np.uint8] = pixels[rows][:, columns]
        return chosen
    # OpenCV's own exceptions: halving by INTER_LINEAR is INTER_AREA, and INTER_AREA does not enlarge.
    is_half = old == (2 * size[0], 2 * size[1])
    if (method == "bilinear" and is_half) or (method == "area" and old[0] >= size[0] and old[1] >= size[1]):
        return _area(pixels, size)
    if method == "bicubic":
        down, across = (_cubic_taps(*sides) for sides in zip(old, size, strict=True))
        sums = resize_by(down, across, pixels)
        return np.asarray(np.clip((sums + (1 << 21)) >> 22, 0, 255), np.uint8)
    is_area = method == "area"
    return _linear(
        pixels,
        _linear_taps(old[0], size[0], is_area=is_area, is_row=False),
        _linear_taps(old[1], size[1], is_area=is_area, is_row=True),
    )


def _scale(old: int, new: int) -> float:
    return 1.0 / (new / old)  # not old / new, which may differ in the last bit


def _nearest(old: int, new: int) -> NDArray[np.intp]:
    return np.minimum(np.floor(np.arange(new) * _scale(old, new)).astype(np.intp), old - 1)


def _area(pixels: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    ratio = [old // new if old % new == 0 else 0 for old, new in zip(pixels.shape, size, strict=False)]
    if not all(ratio):
        down, across = (_area_taps(old, new) for old, new in zip(pixels.shape, size, strict=False))
        return np.rint(resize_by(down, across, pixels)).astype(np.uint8)
    whole = pixels.reshape(size[0], ratio[0], size[1], ratio[1], *pixels.shape[2:]).sum(axis=(1, 3), dtype=np.int32)
    if ratio == [2, 2]:
        return ((whole + 2) >> 2).astype(np.uint8)
    return np.rint(whole * np.float32(1 / (ratio[0] * ratio[1]))).astype(np.uint8)


def _area_taps(old: int, new: int) -> Taps:
    """What each new pixel covers; slivers of a thousandth are left out."""
    scale = _scale(old, new)
    start = np.arange(new) * scale
    end = start + scale
    cell = np.minimum(scale, old - start)
    last = np.minimum(np.floor(end).astype(np.intp), old - 1)
    first = np.minimum(np.ceil(start).astype(np.intp), last)
    index = first[:, np.newaxis] + np.arange(-1, int((last - first).max()) + 1)
    weight = np.where((index >= first[:, np.newaxis]) & (index < last[:, np.newaxis]), 1.0, 0.0)
    weight[:, 0] = np.where(first - start > 1e-3, first - start, 0.0)
    tail = np.minimum(np.minimum(end - last, 1.0), cell)
    rows = np.arange(new)
    weight[rows, last - first + 1] = np.where(end - last > 1e-3, tail, 0.0)
    return Taps(np.clip(index, 0, old - 1), (weight / cell[:, np.newaxis]).astype(np.float32))


def _linear_taps(old: int, new: int, *, is_area: bool, is_row: bool) -> Taps:
    if is_area:
        first = np.floor(np.arange(new) * _scale(old, new))
        part = ((np.arange(new) + 1) - (first + 1) * (new / old)).astype(np.float32)
        part = np.where(part <= 0, np.float32(0), part - np.floor(part))
    else:
        place = ((np.arange(new) + 0.5) * _scale(old, new) - 0.5).astype(np.float32)
        first = np.floor(place)
        part = place - first
    if is_row:  # between rows it keeps the weights beyond the edge, which then round the edge's own value
        part = np.where((first < 0) | (first >= old - 1), np.float32(0), part)
    index = first.astype(np.intp)[:, np.newaxis] + np.arange(2)
    return Taps(np.clip(index, 0, old - 1), _fixed(np.stack([1 - part, part], axis=1)))


def _linear(pixels: NDArray[np.uint8], down: Taps, across: Taps) -> NDArray[np.uint8]:
    total: Any = 2
    for rows, weight in down.lines(0, pixels.ndim):
        total = total + ((weight * (across.apply(pixels[rows], 1) >> 4)) >> 16)
    rounded: NDArray[np.uint8] = (total >> 2).astype(np.uint8)
    return rounded


def _cubic_taps(old: int, new: int) -> Taps:
    place = ((np.arange(new) + 0.5) * _scale(old, new) - 0.5).astype(np.float32)
    first = np.floor(place)
    x = place - first
    before = ((_A * (x + 1) - 5 * _A) * (x + 1) + 8 * _A) * (x + 1) - 4 * _A
    near = ((_A + 2) * x - (_A + 3)) * x * x + 1
    next_ = ((_A + 2) * (1 - x) - (_A + 3)) * (1 - x) * (1 - x) + 1
    weights = np.stack([before, near, next_, 1 - before - near - next_], axis=1)
    index = first.astype(np.intp)[:, np.newaxis] + np.arange(-1, 3)
    return Taps(np.clip(index, 0, old - 1), _fixed(weights))


def _fixed(weights: NDArray[np.float32]) -> NDArray[np.int32]:
    return np.rint(weights * np.float32(_ONE)).astype(np.int32)
