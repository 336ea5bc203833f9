"""Agreement of two steps, by hand-worked numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantci.statistics.agreement import sample_differences, side_changes, summarize

SCALE = 0.25
RAW = np.array([[4, 0], [0, 4], [2, 2]], dtype=np.int8)
# The first is the same, the second changes its arg-max, the third differs by (1, 3) steps and keeps it.
RAW_AFTER = np.array([[4, 0], [4, 0], [3, -1]], dtype=np.int8)


def compare(before: Any, after: Any, *, raw_before: Any, raw_after: Any, scale: float) -> Any:
    found = sample_differences(before, after, raw_before=raw_before, raw_after=raw_after, scale=scale)
    return summarize(found, flips=0, is_raw=raw_before is not None)


def test_integer_steps_by_hand() -> None:
    found = compare(RAW * SCALE, RAW_AFTER * SCALE, raw_before=RAW, raw_after=RAW_AFTER, scale=SCALE)
    assert (found.samples, found.identical_outputs) == (3, 1)
    assert found.largest_lsb == 4.0
    assert found.mean_lsb == pytest.approx((0 + 4 + 2) / 3)
    # Cosines: 1; (0, 4)(4, 0) = 0; (2, 2)(3, -1) = 4 / (sqrt 8 sqrt 10).
    assert found.cosine == pytest.approx((1 + 0 + 4 / math.sqrt(80)) / 3, abs=1e-15)


def test_difference_of_int8_ends_does_not_wrap_around() -> None:
    low, high = np.array([[-128, 0]], dtype=np.int8), np.array([[127, 0]], dtype=np.int8)
    found = compare(low * 0.5, high * 0.5, raw_before=low, raw_after=high, scale=0.5)
    assert found.largest_lsb == 255.0


def test_float_against_integer_counts_steps_of_the_scale_and_no_identical_outputs() -> None:
    before = np.array([[1.0, 0.1]], dtype=np.float32)
    after = np.array([[1.0, 0.0]], dtype=np.float32)
    raw = np.array([[4, 0]], dtype=np.int8)
    found = compare(before, after, raw_before=None, raw_after=raw, scale=SCALE)
    assert found.identical_outputs is None
    assert found.largest_lsb == pytest.approx(0.1 / 0.25, rel=1e-6)
    assert found.mean_lsb == pytest.approx(0.2 / 1, rel=1e-6)


def test_scores_that_change_sides() -> None:
    assert side_changes(np.array([1.0, 2.0, 3.0]), np.array([2.5, 2.0, 1.0]), 2.0) == 2


def test_cosine_of_zero_vectors_and_of_single_outputs() -> None:
    before, after = np.array([[0.0, 0.0], [0.0, 0.0]]), np.array([[0.0, 0.0], [1.0, 0.0]])
    found = sample_differences(before, after, raw_before=None, raw_after=None, scale=1)
    assert found[:, 3].tolist() == [1.0, 0.0]
    single = np.array([[0.2], [0.7]])
    assert compare(single, single, raw_before=None, raw_after=None, scale=1).cosine is None


def test_scale_or_shapes_that_cannot_be_are_a_bug() -> None:
    with pytest.raises(ValueError, match="cannot be"):
        compare(RAW * SCALE, RAW_AFTER * SCALE, raw_before=RAW, raw_after=RAW_AFTER, scale=0.0)


@given(st.integers(0, 2**32 - 1), st.integers(1, 29))
def test_batches_summarize_to_the_whole(seed: int, cut: int) -> None:
    random = np.random.RandomState(seed)
    before, after = random.randint(-128, 128, (2, 30, 4)).astype(np.int8)

    def differences(rows: slice) -> Any:
        return sample_differences(
            before[rows] * SCALE, after[rows] * SCALE, raw_before=before[rows], raw_after=after[rows], scale=SCALE
        )

    parts = np.vstack([differences(slice(0, cut)), differences(slice(cut, None))])
    assert summarize(parts, flips=3, is_raw=True) == summarize(differences(slice(None)), flips=3, is_raw=True)


@given(st.integers(1, 40), st.integers(1, 200), st.integers(0, 2**32 - 1))
def test_a_sample_differs_by_the_same_bits_alone_and_among_others(samples: int, size: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    before = random.normal(size=(samples, size)).astype(np.float32)
    after = (before + random.normal(scale=0.01, size=(samples, size))).astype(np.float32)
    together = sample_differences(before, after, raw_before=None, raw_after=None, scale=SCALE)
    alone = [
        sample_differences(before[row : row + 1], after[row : row + 1], raw_before=None, raw_after=None, scale=SCALE)
        for row in range(samples)
    ]
    assert np.array_equal(together, np.concatenate(alone), equal_nan=True)
