"""The range whose integers tell most of what the values tell: the smallest Kullback-Leibler divergence.

Source: Migacz, "8-bit Inference with TensorRT" (GTC 2017): 2,048 bins of |value|, 128 levels, what is beyond the
threshold counts in its last bin. Activations without negative values have all 256 integers for one side here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from quantci.quantize.ranges.clip import clip

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quantci.quantize.step import Distribution, Ranged, Statistics

BINS: Final = 2048
_APART: Final = 8  # bins between two thresholds that are tried
_UNSEEN: Final = 1e-4  # probability of what the integers cannot tell, as in MXNet: else one outlier decides


def least_divergence(statistics: Statistics) -> Ranged:
    """Keep the range in which the distribution of the integers diverges least from that of the values."""
    return clip(statistics, _search)


def _search(distribution: Distribution) -> tuple[float, float]:
    values, counts = distribution.centers()
    largest = max(abs(distribution.low), abs(distribution.high))
    histogram, _ = np.histogram(np.abs(values), bins=BINS, range=(0, largest), weights=counts.astype(np.float64))
    levels = 128 if distribution.low < 0 < distribution.high else 256
    kept = min(range(levels, BINS + 1, _APART), key=lambda count: divergence(histogram, count, levels))
    threshold = largest * kept / BINS
    return -threshold, threshold


def divergence(histogram: NDArray[np.float64], kept: int, levels: int) -> float:
    """KL(values || integers) where so many of the first bins are told by so many levels.

    Each level has the counts of its bins, shared evenly among those of them that are not empty.
    """
    inside = histogram[:kept]
    reference = inside.copy()
    reference[-1] += histogram[kept:].sum()
    level = np.arange(kept) * levels // kept
    filled = inside > 0
    mean = np.bincount(level, inside, levels) / np.maximum(np.bincount(level, filled, levels), 1)
    told = np.where(filled, mean[level], 0)
    p, q = reference / reference.sum(), told / max(told.sum(), 1)
    seen = p > 0
    return float((p[seen] * np.log(p[seen] / np.where(q[seen] > 0, q[seen], _UNSEEN))).sum())
