"""Signal to error, cosine and saturation, worked out by hand; sums of parts are the sums of the whole."""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantci.diagnose.sums import Integers, LayerSums, NoiseSums, decibel
from quantci.records.model import TensorInfo

HALF = Integers(scale=0.5, zero_point=-1, lowest=-128, highest=127)  # -63.5 to 64


def reals(*values: float) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.array([values], np.float32)


def integers(*values: int) -> np.ndarray[Any, np.dtype[np.int8]]:
    return np.array([values], np.int8)


def test_the_figures_of_three_values() -> None:
    # y = (q + 1) / 2: 3, -4, 0.5; x - y: 0, 0, -0.5.
    sums = LayerSums.of(reals(3, -4, 0), integers(5, -9, 0), None, HALF)
    assert sums.whole.sqnr_db == pytest.approx(20.0)  # 25 against 0.25
    assert sums.cosine == pytest.approx(25 / (5 * 25.25**0.5))
    assert (sums.count, sums.saturated, sums.outside, sums.largest_error) == (3, 0, 0, 0.5)
    assert sums.own == sums.whole, "without a reference of its own"


def test_own_error_is_against_what_the_float_op_made_of_the_same_input() -> None:
    # y = 3, 4; as the network runs x = 6, 8 (error 3, 4), of its own 3, 4.5 (error 0, 0.5).
    sums = LayerSums.of(reals(6, 8), integers(5, 7), reals(3, 4.5), HALF)
    assert sums.whole.sqnr_db == pytest.approx(10 * np.log10(100 / 25))
    assert sums.own.sqnr_db == pytest.approx(10 * np.log10(29.25 / 0.25))


def test_one_large_channel_hides_that_the_others_are_lost_but_not_from_the_median() -> None:
    # Channels 0 and 1 become 0; channel 2, 200 times larger, is exact but for half a step in a hundred.
    x = np.array([[[1, -1, 200], [1, 1, -200]]], np.float32)
    noise = NoiseSums.of(x.astype(np.float64), np.array([[[0, 0, 200.5], [0, 0, -200]]], np.float64))
    assert noise.sqnr_db == pytest.approx(10 * np.log10(80004 / 4.25))
    assert noise.sqnr_db > 40
    assert noise.channel_sqnr_db == 0.0


def test_channels_that_carry_nothing_are_left_out_of_the_median() -> None:
    noise = NoiseSums(np.array([0.0, 1e-30, 100.0, 100.0]), np.array([1.0, 1.0, 1.0, 0.01]))
    assert noise.channel_sqnr_db == pytest.approx((20 + 40) / 2)
    assert NoiseSums(np.zeros(2), np.ones(2)).channel_sqnr_db == -120
    assert NoiseSums(np.zeros(2), np.zeros(2)).channel_sqnr_db == 120


@pytest.mark.parametrize(
    ("signal", "noise", "expected"),
    [
        (1.0, 1.0, 0.0),
        (100.0, 1.0, 20.0),
        (1.0, 0.0, 120.0),
        (0.0, 1.0, -120.0),
        (0.0, 0.0, 120.0),
        (1e300, 1e-300, 120.0),
    ],
)
def test_decibel_ends_at_120(signal: float, noise: float, expected: float) -> None:
    assert decibel(signal, noise) == pytest.approx(expected)


def test_an_integer_at_its_limit_is_saturated_only_where_float_is_elsewhere() -> None:
    # Limits: -63.5 and 64, steps of 0.5. Float beyond by 0.75 is still what rounding and fixed scales may do.
    sums = LayerSums.of(reals(64, 64.75, 64.8, 0, -63.5, -70), integers(127, 127, 127, 127, -128, -128), None, HALF)
    assert sums.saturated == 3  # 64.8, 0 and -70
    assert sums.outside == 2  # 64.8 and -70


def test_the_zeros_of_a_relu_are_no_saturation() -> None:
    relu = Integers(scale=0.1, zero_point=-128, lowest=-128, highest=127)
    assert LayerSums.of(reals(0, 0, 0.1), integers(-128, -128, -127), None, relu).saturated == 0


def test_a_probability_of_one_is_no_saturation() -> None:
    softmax = Integers(scale=1 / 256, zero_point=-128, lowest=-128, highest=127)
    sums = LayerSums.of(reals(1, 0), integers(127, -128), None, softmax)
    assert (sums.saturated, sums.outside) == (0, 0)


@pytest.mark.parametrize(("dtype", "low", "high"), [("int8", -64.0, 63.5), ("uint8", 0.0, 127.5)])
def test_the_limits_follow_from_the_type(dtype: str, low: float, high: float) -> None:
    info = TensorInfo(
        index=0,
        name="",
        shape=[1],
        dtype=dtype,
        scale=[0.5],
        zero_point=[0],
        quantized_dimension=None,
        constant_bytes=0,
    )
    assert (Integers.of(info).low, Integers.of(info).high) == (low, high)


def test_cosine_is_none_where_a_side_is_zero() -> None:
    assert LayerSums.of(reals(0, 0), integers(0, 5), None, HALF).cosine is None
    assert LayerSums.of(reals(1, 2), integers(-1, -1), None, HALF).cosine is None


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 4), min_size=1, max_size=5))
def test_any_split_of_the_samples_gives_the_same(seed: int, sizes: list[int]) -> None:
    random = np.random.RandomState(seed)
    samples = [
        LayerSums.of(
            random.normal(0, 30, (1, 3, 4)).astype(np.float32),
            random.randint(-128, 128, (1, 3, 4)).astype(np.int8),
            random.normal(0, 30, (1, 3, 4)).astype(np.float32),
            HALF,
        )
        for _ in range(sum(sizes))
    ]
    parts, start = [], 0
    for size in sizes:
        parts.append(reduce(add, samples[start : start + size]))
        start += size
    whole, joined = reduce(add, samples), reduce(add, parts)
    assert joined.whole.sqnr_db == pytest.approx(whole.whole.sqnr_db)
    assert joined.whole.channel_sqnr_db == pytest.approx(whole.whole.channel_sqnr_db)
    assert joined.own.channel_sqnr_db == pytest.approx(whole.own.channel_sqnr_db)
    assert joined.cosine == pytest.approx(whole.cosine)
    assert (joined.count, joined.saturated, joined.outside) == (whole.count, whole.saturated, whole.outside)
    assert joined.largest_error == whole.largest_error
    assert whole.whole.signal.shape == (4,), "what is kept does not grow with the samples"
