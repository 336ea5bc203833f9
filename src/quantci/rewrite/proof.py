"""The proof that a rewritten float model gives the outputs of the model before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quantci.errors import ModelRejected
from quantci.tflite.lite_rt import open_lite_rt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from quantci.tflite.model import Model

Outputs = list[list["NDArray[np.float32]"]]


def outputs_of(model: Model, samples: Sequence[NDArray[np.float32]]) -> Outputs:
    """Outputs of each sample, in LiteRT's own kernels.

    XNNPACK computes some neighbouring ops as one: a rewrite would change the rounding of ops that it left alone.

    Raises:
        ModelRejected: LiteRT refuses the model.
    """
    runner = open_lite_rt(model, kernels="builtin")
    return [runner.run([sample]) for sample in samples]


def difference(before: Outputs, after: Outputs) -> float:
    """The largest difference, as a share of the largest value of the same output; infinite where shapes differ."""
    largest = 0.0
    for old, new in zip(zip(*before, strict=True), zip(*after, strict=True), strict=True):
        expected, found = (np.stack(parts).astype(np.float64) for parts in (old, new))
        if expected.shape != found.shape:
            return float("inf")
        gap = float(np.abs(expected - found).max(initial=0.0))
        if not np.isfinite(gap):
            return float("inf")
        scale = float(np.abs(expected).max(initial=0.0))
        largest = max(largest, gap / scale if scale else (float("inf") if gap else 0.0))
    return largest


def outputs_or_none(model: Model, samples: Sequence[NDArray[np.float32]]) -> Outputs | None:
    """Outputs; None for a model that LiteRT refuses, or whose structure is wrong."""
    try:
        return outputs_of(model, samples)
    except ModelRejected:
        return None
