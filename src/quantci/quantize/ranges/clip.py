"""What all range rules that clip have in common: 0 stays in range, and what was not observed keeps its range."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from quantci.quantize.step import Ranged

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantci.quantize.step import Distribution, Statistics
    from quantci.records.quantize import TensorRange


def clip(statistics: Statistics, rule: Callable[[Distribution], tuple[float, float]]) -> Ranged:
    """Give each activation the range that a rule keeps of its values.

    It is never wider than before, and has 0 in it: kernels pad with 0 and cut at 0, so 0 must be one of the integers.
    """
    observed = statistics.observe()

    def clipped(entry: TensorRange) -> TensorRange:
        if entry.tensor not in observed:
            return entry
        low, high = rule(observed[entry.tensor])
        low, high = max(entry.min, min(float(low), 0.0)), min(entry.max, max(float(high), 0.0))
        return msgspec.structs.replace(entry, min=low, max=high) if low < high else entry

    return Ranged([clipped(entry) for entry in statistics.ranges], [])
