"""Ranges: merged over parts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from quantci.quantize.calibrate import hull
from quantci.records.quantize import TensorRange

FLOATS = st.floats(-1e6, 1e6)


def entry(tensor: int, low: float, high: float) -> TensorRange:
    return TensorRange(tensor=tensor, name=f"t{tensor}", min=low, max=high)


def test_the_hull_holds_every_part() -> None:
    parts = [[entry(0, -1, 2), entry(3, 0, 1)], [entry(0, -0.5, 4), entry(3, -7, 0.5)], []]
    assert hull(parts) == [entry(0, -1, 4), entry(3, -7, 1)]


def test_a_tensor_that_one_part_lacks_is_kept() -> None:
    assert hull([[entry(1, 0, 1)], [entry(0, 0, 1)]]) == [entry(0, 0, 1), entry(1, 0, 1)]


def test_nothing_gives_nothing() -> None:
    assert hull([]) == []


@given(st.lists(st.tuples(FLOATS, FLOATS), min_size=1, max_size=8), st.integers(0, 8))
def test_parts_may_be_merged_in_any_grouping(pairs: list[tuple[float, float]], cut: int) -> None:
    parts = [[entry(0, min(pair), max(pair))] for pair in pairs]
    assert hull([hull(parts[:cut]), hull(parts[cut:])]) == hull(parts) == hull(parts[::-1])
