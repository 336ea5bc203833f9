"""The Kullback-Leibler divergence by hand and by SciPy, and what it makes of an outlier."""

import numpy as np
import pytest
from scipy.stats import entropy
from tests.unit.quantize.ranges.distribution import distribution_of, statistics_of

from quantci.quantize.ranges.kl import divergence, least_divergence


def test_by_hand() -> None:
    # Four bins in two levels: 1 and 3 become 2 and 2, 4 and 0 stay, for a bin that is empty has no share.
    histogram = np.array([1.0, 3, 4, 0])
    expected = 1 / 8 * np.log(1 / 2) + 3 / 8 * np.log(3 / 2)
    assert divergence(histogram, 4, 2) == pytest.approx(expected)
    # Three bins in three levels, and the last takes what was clipped: (1, 3, 4 + 8) / 16 against (1, 3, 4) / 8.
    clipped = np.array([1.0, 3, 4, 8])
    assert divergence(clipped, 3, 3) == pytest.approx(
        1 / 16 * np.log(1 / 2) + 3 / 16 * np.log(1 / 2) + 12 / 16 * np.log(12 / 8)
    )


@pytest.mark.parametrize("levels", [16, 128])
def test_as_scipy_finds_it(levels: int) -> None:
    histogram = np.random.default_rng(levels).integers(1, 100, 512).astype(float)
    kept = 8 * levels // 4
    told = np.concatenate([np.full(len(part), part.mean()) for part in np.array_split(histogram[:kept], levels)])
    reference = histogram[:kept].copy()
    reference[-1] += histogram[kept:].sum()
    assert divergence(histogram, kept, levels) == pytest.approx(entropy(reference, told))


def test_an_outlier_is_clipped_and_both_sides_are_alike() -> None:
    values = np.concatenate([np.random.default_rng(0).normal(0, 1, 100_000), [60.0]])
    found = least_divergence(statistics_of(distribution_of(values))).ranges[0]
    assert 2.5 < found.max < 6
    assert found.min == pytest.approx(max(values.min(), -found.max), abs=0.01)


def test_without_negative_values_zero_is_the_low_end() -> None:
    values = np.abs(np.random.default_rng(1).normal(0, 1, 100_000))
    found = least_divergence(statistics_of(distribution_of(values))).ranges[0]
    assert found.min == pytest.approx(values.min())
    assert 2 < found.max <= values.max()
