"""The range of the smallest error: a rare outlier is clipped, and everything else gets its steps."""

import numpy as np
import pytest
from tests.unit.quantize.ranges.distribution import distribution_of, statistics_of

from quantci.quantize.ranges.mse import EXPONENT, error, least_error
from quantci.quantize.step import Distribution


def test_the_error_by_hand() -> None:
    # 255 steps of 0.1 from 0 to 25.5: 1.04 is told as 1.0, 7.25 as 7.2 (half to even) or 7.3, 30.5 as 25.5.
    values, counts = np.array([1.04, 7.25, 30.5]), np.array([2, 1, 3])
    assert error(values, counts, 0, 25.5) == pytest.approx(2 * 0.04**2.4 + 0.05**2.4 + 3 * 5**2.4)


def test_zero_is_one_of_the_integers() -> None:
    # 0 would lie between the integers 85 and 86 of 0 to 255.
    assert error(np.zeros(1), np.ones(1, np.int64), -1.0, 1.985) == 0


def test_it_is_not_worse_than_any_range_on_a_grid() -> None:
    values = np.concatenate([np.random.default_rng(0).normal(0, 1, 100_000), [40.0, -9.0]])
    distribution = distribution_of(values)
    distribution.counts[1:-1] *= 10_000  # the two outliers are rarer than a histogram of this length can say
    found = least_error(statistics_of(distribution)).ranges[0]
    centers, counts = distribution.centers()
    best = error(centers, counts, found.min, found.max)
    assert best <= 1.05 * min(
        error(centers, counts, low, high) for low in np.linspace(-9, -1, 9) for high in np.linspace(1, 40, 40)
    )
    assert (found.min > -6, found.max < 20) == (True, True)
    assert best < error(centers, counts, -9, 40) / 2


def test_evenly_spread_values_keep_their_range() -> None:
    distribution = distribution_of(np.linspace(-3, 3, 100_001))
    found = least_error(statistics_of(distribution)).ranges[0]
    assert (found.min, found.max) == (-3, 3)


def test_a_range_of_one_side_stays_on_that_side() -> None:
    found = least_error(statistics_of(distribution_of(np.linspace(0, 6, 10_001)))).ranges[0]
    assert (found.min, found.max) == (0, 6)
    found = least_error(statistics_of(distribution_of(np.linspace(-6, 0, 10_001)))).ranges[0]
    assert (found.min, found.max) == (-6, 0)


def test_large_values_count_more_than_in_the_squared_error() -> None:
    assert EXPONENT == 2.4
    one = Distribution(0, 1, np.array([1]), np.ones(1, np.float32))
    assert one.centers()[0].tolist() == [0.5]
