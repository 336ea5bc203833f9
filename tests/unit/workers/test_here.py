"""A pool that is this process."""

from __future__ import annotations

import pytest

from quantci.workers.here import Here


def half(number: int) -> float:
    if number % 2:
        msg = f"{number} is odd"
        raise ValueError(msg)
    return number / 2


def test_a_call_is_made_at_once_and_its_fault_is_raised_where_the_result_is_asked_for() -> None:
    with Here() as pool:
        good, bad = pool.submit(half, 4), pool.submit(half, 3)
        assert pool.result(good) == 2
        with pytest.raises(ValueError, match="3 is odd"):
            pool.result(bad)
        assert pool.call(half, 8) == 4
        assert list(pool.map(half, [2, 4, 6])) == [1, 2, 3]
