"""What the samples give the INT8 model's input: counted in the workers, while they are quantized there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from quantci.records.doubt import InputValues

if TYPE_CHECKING:
    from numpy.typing import NDArray

CLEARLY: Final = 1 / 32  # of the range: whoever calibrated with a brightest pixel of 0.98 loses nothing at 1.0


def look_at(tensors: NDArray[np.float32], scale: float, zero_point: int, dtype: str) -> InputValues:
    """Count over samples [n, m], n >= 1, as the float model takes them.

    Args:
        tensors: finite.
        scale: of the INT8 model's input; with its zero point and type it says which range calibration chose.
        zero_point: see `scale`.
        dtype: see `scale`.
    """
    limits = np.iinfo(dtype)
    low, high = ((limit - zero_point) * scale for limit in (limits.min, limits.max))
    width = high - low
    lowest, highest = tensors.min(axis=1), tensors.max(axis=1)

    def is_outside(least: NDArray[Any], most: NDArray[Any], share: float) -> NDArray[np.bool_]:
        outside: NDArray[np.bool_] = (least < low - share * width) | (most > high + share * width)
        return outside

    outside = tensors[is_outside(lowest, highest, CLEARLY)]  # most often no sample, and then that is all
    return InputValues(
        samples=len(tensors),
        values=tensors.size,
        clipped=int(is_outside(outside, outside, CLEARLY).sum()),
        far_samples=int(is_outside(lowest, highest, 1).sum()),
        low=float(lowest.min()),
        high=float(highest.max()),
    )
