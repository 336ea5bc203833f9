"""Percentiles: the rarest values are clipped, so that all others get finer steps.

Source: Wu, Judd, Zhang, Isaev, Micikevicius, "Integer Quantization for Deep Learning Inference: Principles and
Empirical Evaluation" (arXiv:2004.09602, 2020), section 3.3, where 99.9 % to 99.9999 % of the values are kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quantci.quantize.ranges.clip import clip

if TYPE_CHECKING:
    from quantci.quantize.step import Distribution, Ranged, Statistics


def percentile(statistics: Statistics, kept: float) -> Ranged:
    """Keep the values between the percentiles 100 - kept and kept, such as 99.9."""
    share = kept / 100
    return clip(statistics, lambda distribution: (quantile(distribution, 1 - share), quantile(distribution, share)))


def quantile(distribution: Distribution, share: float) -> float:
    """The value that this share of all values is at or below; within a bin, they count as evenly spread."""
    low, high, counts = distribution.low, distribution.high, distribution.counts
    reached = np.cumsum(counts)
    wanted = share * reached[-1]
    place = int(np.searchsorted(reached, wanted, side="left"))
    before = reached[place] - counts[place]
    within = (wanted - before) / counts[place] if counts[place] else 0.0
    return float(low + (place + within) * (high - low) / len(counts))
