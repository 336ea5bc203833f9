"""The arithmetic of the chip: float32 division, half away from zero, clipped."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from quantci.tflite.fixed_point import dequantize, quantize

FLOATS = st.floats(-1e6, 1e6, width=32)
SCALES = st.floats(2**-20, 2**10, width=32)


def test_half_goes_away_from_zero() -> None:
    values = np.array([0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.49999997, -0.49999997], np.float32)
    assert quantize(values, 1.0, 0, "int8").tolist() == [1, 2, 3, -1, -2, -3, 0, 0]


def test_hand_worked() -> None:
    # 1.0 / 0.25 = 4, plus -3 is 1; 100 / 0.25 = 400 is clipped to 127; -100 to -128.
    result = quantize(np.array([[1.0, 100.0, -100.0]], np.float32), 0.25, -3, "int8")
    assert result.tolist() == [[1, 127, -128]]
    assert result.dtype == np.int8
    assert dequantize(result, 0.25, -3).tolist() == [[1.0, 32.5, -31.25]]


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int32"])
def test_clips_to_the_type(dtype: str) -> None:
    limits = np.iinfo(dtype)
    result = quantize(np.array([-3e38, 3e38], np.float32), 1e-3, 0, dtype)
    assert result.tolist() == [limits.min, limits.max]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_no_integer_stands_for_what_is_not_finite(value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        quantize(np.array([value], np.float32), 1.0, 0, "int8")


@given(FLOATS, SCALES, st.integers(-128, 127))
def test_against_exact_arithmetic(value: float, scale: float, zero_point: int) -> None:
    quotient = Fraction(float(np.float32(value) / np.float32(scale)))
    rounded = int(abs(quotient) + Fraction(1, 2)) * (1 if quotient >= 0 else -1)
    expected = min(max(rounded + zero_point, -128), 127)
    assert quantize(np.array(value), scale, zero_point, "int8").item() == expected


@given(st.integers(-128, 127), SCALES, st.integers(-128, 127))
def test_there_and_back(value: int, scale: float, zero_point: int) -> None:
    real = dequantize(np.array([value], np.int8), scale, zero_point)
    assert real.dtype == np.float32
    assert quantize(real, scale, zero_point, "int8").tolist() == [value]


@given(FLOATS, SCALES)
def test_error_is_half_a_step(value: float, scale: float) -> None:
    assume(abs(value / scale) < 30_000)
    back = dequantize(quantize(np.array(value), scale, 0, "int16"), scale, 0).item()
    assert abs(back - value) <= scale * 0.501 + abs(value) * 1e-6
