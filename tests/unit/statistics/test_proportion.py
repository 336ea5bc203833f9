"""Wilson's interval against published values (Newcombe: Statistics in Medicine 17, 1998), and a floor's samples."""

from __future__ import annotations

import pytest

from quantci.statistics.proportion import samples_for_floor, wilson_low


@pytest.mark.parametrize(
    ("right", "samples", "low"), [(81, 263, 0.2553), (15, 148, 0.0624), (0, 20, 0.0), (1, 29, 0.0061)]
)
def test_lower_ends_as_published(right: int, samples: int, low: float) -> None:
    assert wilson_low(right / samples, samples) == pytest.approx(low, abs=5e-5)


@pytest.mark.parametrize(("floor", "samples"), [(0.5, 4), (0.8, 16), (0.9, 35), (0.95, 73), (0.99, 381), (1.0, None)])
def test_samples_that_a_floor_needs(floor: float, samples: int | None) -> None:
    assert samples_for_floor(floor) == samples
    if samples is not None:
        assert wilson_low(1.0, samples) >= floor > wilson_low(1.0, samples - 1)


def test_a_floor_below_zero_or_hardly_below_one() -> None:
    assert samples_for_floor(-1.0) == 1
    assert samples_for_floor(1 - 1e-12) is None
