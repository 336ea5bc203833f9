"""Statistics of one activation, for tests of range rules."""

from __future__ import annotations

import numpy as np
from tests.models import tiny_int8_cnn

from quantci.quantize.distributions import histogram
from quantci.quantize.step import Distribution, Statistics
from quantci.records.quantize import TensorRange
from quantci.tflite.model import Model


def distribution_of(values: object, bins: int = 8192) -> Distribution:
    """Of these values."""
    array = np.asarray(values, np.float32)
    low, high = float(array.min()), float(array.max())
    return Distribution(low, high, histogram(array, low, high, bins), np.abs(array).max(keepdims=True))


def statistics_of(distribution: Distribution) -> Statistics:
    """Tensor 0 has that distribution, tensor 1 the same range, and nobody saw its values."""
    ranges = [TensorRange(tensor=index, name="", min=distribution.low, max=distribution.high) for index in range(2)]
    return Statistics(Model(tiny_int8_cnn(), ""), ranges, lambda: {0: distribution})
