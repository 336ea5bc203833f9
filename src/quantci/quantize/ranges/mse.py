"""The range whose integers are nearest to the values: clipping a few costs less than coarse steps for all others.

Source: Banner, Nahshan, Soudry, "Post training 4-bit quantization of convolutional networks for rapid-deployment"
(arXiv:1810.05723, NeurIPS 2019) minimises the mean squared error; the exponent 2.4, which spares large values more,
is that of Li et al., "BRECQ" (arXiv:2102.05426, ICLR 2021) and of those who took over its code, such as GPTQ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from quantci.quantize.ranges.clip import clip

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quantci.quantize.step import Distribution, Ranged, Statistics

EXPONENT: Final = 2.4
_STEPS: Final = 255
_SHARES: Final = 0.93 ** np.arange(41)  # of an end, 1 to 0.05, that are tried
_ROUNDS: Final = 2


def least_error(statistics: Statistics) -> Ranged:
    """Keep the range with the smallest mean of |value - its integer's value| ** 2.4."""
    return clip(statistics, _search)


def _search(distribution: Distribution) -> tuple[float, float]:
    """One end after the other, and both once more: the best high end depends on the low one."""
    values, counts = distribution.centers()
    low, high = min(distribution.low, 0.0), max(distribution.high, 0.0)
    for _ in range(_ROUNDS):
        highs = [share * max(distribution.high, 0.0) for share in _SHARES]
        high = min(highs, key=lambda end: error(values, counts, low, end))
        lows = [share * min(distribution.low, 0.0) for share in _SHARES]
        low = min(lows, key=lambda end: error(values, counts, end, high))
        if distribution.low >= 0 or distribution.high <= 0:
            break
    return low, high


def error(values: NDArray[np.float64], counts: NDArray[np.int64], low: float, high: float) -> float:
    """Sum of |value - its integer's value| ** 2.4 where 256 integers cover this range, with 0 as one of them."""
    if low >= high:
        return np.inf
    scale = (high - low) / _STEPS
    zero = np.rint(-low / scale)
    nearest = (np.clip(np.rint(values / scale) + zero, 0, _STEPS) - zero) * scale
    return float((counts * np.abs(values - nearest) ** EXPONENT).sum())
