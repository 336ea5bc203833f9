"""Percentiles of a histogram, against numpy's of the values and against numbers worked out by hand."""

import numpy as np
import pytest
from tests.unit.quantize.ranges.distribution import distribution_of, statistics_of

from quantci.quantize.ranges.percentile import percentile, quantile
from quantci.quantize.step import Distribution


def test_within_a_bin_values_are_evenly_spread() -> None:
    # 10 values in 0..1, 30 in 1..2, none in 2..3, 10 in 3..4
    distribution = Distribution(0, 4, np.array([10, 30, 0, 10]), np.ones(1, np.float32))
    found = [quantile(distribution, share) for share in (0, 0.1, 0.2, 0.5, 0.8, 0.9, 1)]
    assert found == pytest.approx([0, 0.5, 1, 1.5, 2, 3.5, 4])


@pytest.mark.parametrize("kept", [99.99, 99.9, 90])
def test_as_numpy_finds_them(kept: float) -> None:
    values = np.random.default_rng(0).normal(1, 2, 200_000)
    distribution = distribution_of(values)
    clipped, unseen = percentile(statistics_of(distribution), kept).ranges
    bin_width = (distribution.high - distribution.low) / 8192
    assert clipped.min == pytest.approx(np.percentile(values, 100 - kept), abs=2 * bin_width)
    assert clipped.max == pytest.approx(np.percentile(values, kept), abs=2 * bin_width)
    assert (unseen.min, unseen.max) == (distribution.low, distribution.high)


def test_zero_stays_in_range() -> None:
    clipped = percentile(statistics_of(distribution_of(np.linspace(3, 5, 1001))), 90).ranges[0]
    assert (clipped.min, clipped.max) == pytest.approx((3, 4.8), abs=1e-3)  # the engine widens it to 0


def test_where_nearly_everything_is_zero_the_range_stays() -> None:
    values = np.zeros(100_000)
    values[0] = 7
    clipped = percentile(statistics_of(distribution_of(values)), 99.99).ranges[0]
    assert clipped.min == 0
    assert 0 < clipped.max <= 7
