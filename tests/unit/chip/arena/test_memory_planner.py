"""The planner: by hand, and its two ways against the literal one, which compares every buffer with every other."""

from hypothesis import given
from hypothesis import strategies as st

from quantci.chip.arena.memory_planner import Buffer, _place_crowded, height, plan


def test_a_chain_takes_turns() -> None:
    # in 64 (steps 0-1), a 32 (1-2), b 64 (2-3): b is placed first as the last of the largest, then in beside it, both
    # at 0 because they never meet; a meets both and goes on top.
    buffers = [Buffer(64, 0, 1), Buffer(32, 1, 2), Buffer(64, 2, 3)]
    assert plan(buffers) == [0, 64, 0]
    assert height(buffers, plan(buffers)) == 96


def test_the_first_gap_that_is_large_enough_is_taken() -> None:
    # 100 at 0; the 80s meet it and each other: the last one at 100, the other at 180. The 48 meets only 100 and the one
    # at 180: between them there is room for 80.
    buffers = [Buffer(100, 0, 9), Buffer(80, 0, 5), Buffer(80, 0, 2), Buffer(48, 4, 6)]
    assert plan(buffers) == [0, 180, 100, 100]


def test_what_no_op_touches_still_takes_room() -> None:
    buffers = [Buffer(16, 0, 1), Buffer(160, -1, -1)]
    assert plan(buffers) == [0, 0]
    assert height(buffers, plan(buffers)) == 160


def test_nothing_takes_nothing() -> None:
    assert plan([]) == []
    assert height([], []) == 0


def literally(buffers: list[Buffer]) -> list[int]:
    """The algorithm as its description says it: largest first, into the first gap among those that live then."""
    offsets: dict[int, int] = {}
    for index in sorted(range(len(buffers)), key=lambda place: (-buffers[place].size, -place)):
        size, first, last = buffers[index]
        met = [other for other in offsets if buffers[other].first <= last and first <= buffers[other].last]
        offset = 0
        for other in sorted(met, key=lambda place: offsets[place]):
            if offsets[other] - offset >= size:
                break
            offset = max(offset, offsets[other] + buffers[other].size)
        offsets[index] = offset
    return [offsets[index] for index in range(len(buffers))]


BUFFERS = st.lists(
    st.builds(
        lambda size, first, length: Buffer(16 * size, first, first + length),
        st.integers(1, 12),
        st.integers(-1, 20),
        st.integers(0, 6),
    ),
    max_size=40,
)


@given(BUFFERS)
def test_both_ways_are_the_literal_one(buffers: list[Buffer]) -> None:
    expected = literally(buffers)
    assert plan(buffers) == expected
    order = sorted(range(len(buffers)), key=lambda place: (-buffers[place].size, -place))
    assert dict(_place_crowded(buffers, order)) == dict(enumerate(expected))


@given(BUFFERS)
def test_what_lives_at_the_same_time_never_overlaps(buffers: list[Buffer]) -> None:
    offsets = plan(buffers)
    for one, (low, buffer) in enumerate(zip(offsets, buffers, strict=True)):
        for other_low, other in zip(offsets[:one], buffers[:one], strict=True):
            meets = other.first <= buffer.last and buffer.first <= other.last
            assert not meets or low + buffer.size <= other_low or other_low + other.size <= low
