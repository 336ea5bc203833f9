"""From real numbers to integers and back, in the arithmetic that TFLM's C code uses on the chip: float32."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def quantize(values: NDArray[Any], scale: float, zero_point: int, dtype: str) -> NDArray[Any]:
    """round(values / scale) + zero_point, clipped to `dtype`, in the shape of `values`.

    Divides in float32 and rounds half away from zero, as C's roundf does; NumPy's own rint would round half to even.

    Args:
        values: finite real numbers, taken as float32.
        scale: real value of one step, above 0.
        zero_point: integer that stands for 0.0.
        dtype: NumPy's name of an integer type, such as `int8`.

    Raises:
        ValueError: a value is not finite: no integer stands for it.
    """
    real = np.asarray(values, np.float32)
    if not np.isfinite(real).all():
        raise ValueError("only finite values can be quantized")
    limits = np.iinfo(dtype)
    with np.errstate(over="ignore"):  # a quotient beyond float32 is infinite, and clipped below like any other
        quotient = np.divide(real, np.float32(scale), dtype=np.float32).astype(np.float64)
    # In float32 the sum would carry 0.49999997 to 1; float64 holds it, and every integer that is not clipped.
    rounded = np.trunc(quotient + np.copysign(0.5, quotient)) + zero_point
    return np.asarray(np.clip(rounded, limits.min, limits.max).astype(dtype))


def dequantize(values: NDArray[Any], scale: float, zero_point: int) -> NDArray[np.float32]:
    """(values - zero_point) * scale as float32, in the shape of `values`: exact difference, one rounding."""
    difference = np.asarray(values, np.int64) - zero_point
    return np.asarray(np.multiply(difference.astype(np.float32), np.float32(scale), dtype=np.float32))
