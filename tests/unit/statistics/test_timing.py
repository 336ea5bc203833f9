"""Times of repeated work, against numbers worked out by hand."""

from __future__ import annotations

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantci.statistics.timing import disagreement, instability, least_change, pair_noise, spread

TIMES = st.lists(st.floats(1, 1e9), min_size=1, max_size=50)


def test_spread_of_an_even_and_of_an_odd_number_of_times() -> None:
    # Sorted 10 11 12 14 100: the middle is 12; distances 2 1 0 2 88, whose middle is 2; 90 % is 0.6 of the way from
    # the fourth (14) to the fifth (100).
    assert spread([14, 100, 10, 12, 11]) == pytest.approx((12, 2, 10, 14 + 0.6 * 86))
    # Sorted 1 2 3 10: the middle is 2.5; distances 1.5 0.5 0.5 7.5, whose middle is 1; 0.7 of the way from 3 to 10.
    assert spread([10, 1, 3, 2]) == pytest.approx((2.5, 1, 1, 3 + 0.7 * 7))


def test_spread_of_one_time() -> None:
    assert spread([7]) == (7, 0, 7, 7)


@given(TIMES)
def test_the_median_is_the_one_of_the_standard_library(times: list[float]) -> None:
    middle = statistics.median(times)
    found = spread(times)
    assert found.median == pytest.approx(middle)
    assert found.mad == pytest.approx(statistics.median(abs(time - middle) for time in times), abs=1e-6)
    assert min(times) == found.smallest <= found.median


def test_drift_is_the_range_of_the_windows_medians() -> None:
    # Medians 100, 102 and 106; all times 99 100 101 101 102 103 105 106 107: median 102, deviations 3 2 1 1 0 1 3 4 5,
    # whose middle is 2; 1.4826 x 2 is less than the range of 6.
    windows = [[99, 100, 101], [101, 102, 103], [105, 106, 107]]
    assert instability(windows) == pytest.approx(6 / 102)


def test_two_modes_in_every_window_are_seen_though_its_medians_agree() -> None:
    windows = [[100, 100, 150, 200, 200]] * 3
    # Of all fifteen: median 150, deviations 0 and 50; twelve of fifteen are 50.
    assert instability(windows) == pytest.approx(1.4826 * 50 / 150)


def test_equal_times_are_stable() -> None:
    assert instability([[5, 5], [5, 5]]) == 0


def test_the_noise_of_pairs_of_the_same_work() -> None:
    # Relative differences 0, 1 %, 2 %: the middle is 1 %.
    assert pair_noise([(100, 100), (200, 202), (100, 98)]) == pytest.approx(1.4826 * 0.01)


@pytest.mark.parametrize(
    ("wanted", "noise", "least"), [(0.01, 0.001, 0.01), (0.01, 0.01, 0.035), (0.0, 0.002, 0.007), (0.02, 0.0, 0.02)]
)
def test_a_change_is_what_was_asked_for_or_three_and_a_half_times_the_noise(
    wanted: float, noise: float, least: float
) -> None:
    assert least_change(wanted, noise) == pytest.approx(least)


def test_counters_agree_within_the_resolution_of_microseconds() -> None:
    # 240 cycles are 1 µs at 240 MHz.
    assert disagreement(240_000, 240_000_000, 1_000) == 0
    assert disagreement(240_400, 240_000_000, 1_000) == 0  # 1.67 µs beyond
    # 2.4 million cycles are 10 ms; 9,800 µs are 200 less, 198 beyond the resolution: 2.02 %.
    assert disagreement(2_400_000, 240_000_000, 9_800) == pytest.approx(198 / 9_800)


def test_a_clock_that_stands_still_disagrees() -> None:
    assert disagreement(2_400_000, 240_000_000, 0) > 1
