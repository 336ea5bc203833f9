"""Where TFLM puts each buffer in the head of the arena: its greedy memory planner.

Source: `GreedyMemoryPlanner::CalculateOffsetsIfNeeded` in esp-tflite-micro 1.4.0
(tensorflow/lite/micro/memory_planner/greedy_memory_planner.cc). The largest buffer comes first, and of equal ones the
last; each goes into the first gap between the buffers that live at the same time. TFLM compares every buffer with
every other; here only those that do live at the same time are looked at.
"""

from __future__ import annotations

from bisect import insort
from itertools import accumulate
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

CROWDED: Final = 4_000_000  # meetings of buffers up to which each is looked at; beyond it arrays of all are scanned


class Buffer(NamedTuple):
    """A piece of the head: its size in bytes, and the first and the last step that it lives in; op 0 is step 1."""

    size: int
    first: int
    last: int


def plan(buffers: Sequence[Buffer]) -> list[int]:
    """Offset of each buffer from the start of the arena, in bytes."""
    order = sorted(range(len(buffers)), key=lambda index: (-buffers[index].size, -index))
    place = _place_crowded if is_crowded(buffers) else _place
    offsets = [0] * len(buffers)
    for index, offset in place(buffers, order):
        offsets[index] = offset
    return offsets


def is_crowded(buffers: Sequence[Buffer]) -> bool:
    """Whether so many live so long together that looking at each meeting would take seconds."""
    start = min((buffer.first for buffer in buffers), default=0)
    change = [0] * (max((buffer.last for buffer in buffers), default=0) - start + 2)
    for buffer in buffers:
        change[buffer.first - start] += 1
        change[buffer.last - start + 1] -= 1
    return sum(alive * alive for alive in accumulate(change)) > CROWDED


def height(buffers: Iterable[Buffer], offsets: Iterable[int]) -> int:
    """Bytes of the head that a plan takes."""
    return max((offset + buffer.size for buffer, offset in zip(buffers, offsets, strict=True)), default=0)


def _place(buffers: Sequence[Buffer], order: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Look at the buffers that are placed already in the steps of each."""
    start = min((buffer.first for buffer in buffers), default=0)
    steps: list[list[tuple[int, int]]] = [[] for _ in range(max((b.last for b in buffers), default=0) - start + 1)]
    for index in order:
        size, first, last = buffers[index]
        lived = steps[first - start : last - start + 1]
        alive = lived[0] if len(lived) == 1 else sorted({piece for step in lived for piece in step})
        offset = 0
        for low, high in alive:
            if low - offset >= size:
                break
            offset = max(offset, high)
        for step in lived:
            insort(step, (offset, offset + size))
        yield index, offset


def _place_crowded(buffers: Sequence[Buffer], order: Iterable[int]) -> Iterator[tuple[int, int]]:
    """The same where many buffers live long: arrays, sorted by offset, of all that are placed."""
    count = len(buffers)
    low, high, first, last = (np.zeros(count, np.int64) for _ in range(4))
    for placed, index in enumerate(order):
        buffer = buffers[index]
        alive = (first[:placed] <= buffer.last) & (last[:placed] >= buffer.first)
        offset = _first_gap(low[:placed][alive], high[:placed][alive], buffer.size)
        position = int(np.searchsorted(low[:placed], offset, side="right"))
        for array, value in ((low, offset), (high, offset + buffer.size), (first, buffer.first), (last, buffer.last)):
            array[position + 1 : placed + 1] = array[position:placed].copy()
            array[position] = value
        yield index, offset


def _first_gap(low: np.ndarray, high: np.ndarray, size: int) -> int:
    """The lowest offset at which `size` bytes fit between pieces that are sorted by their start."""
    if not len(low):
        return 0
    filled = np.concatenate(([0], np.maximum.accumulate(high)))
    gaps = low - filled[:-1] >= size
    return int(filled[int(gaps.argmax())]) if gaps.any() else int(filled[-1])
