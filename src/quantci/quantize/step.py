"""What the steps of a recipe take and give. Each step is a pure function, and several recipes may share it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from quantci.records.quantize import TensorRange
    from quantci.records.rewrite import Rewrite
    from quantci.tflite.model import Model


class Distribution(NamedTuple):
    """How the values of an activation are distributed over the calibration set.

    Attributes:
        low: the smallest.
        high: the largest.
        counts: how many lie in each of equal bins between the two.
        peaks: the largest distance from 0 of each channel (last axis).
    """

    low: float
    high: float
    counts: NDArray[np.int64]
    peaks: NDArray[np.float32]

    def centers(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """The middle of each bin that is not empty, and its count."""
        filled = np.flatnonzero(self.counts)
        width = (self.high - self.low) / len(self.counts)
        return np.asarray(self.low + (filled + 0.5) * width, np.float64), self.counts[filled]


def nothing_observed() -> Mapping[int, Distribution]:
    """Nobody looked."""
    return {}


class Statistics(NamedTuple):
    """What the calibration set tells of a float model.

    Attributes:
        float_model: the model.
        ranges: of its activations, by tensor.
        observe: how the values of each activation are distributed, by tensor; those that could not be seen are left
            out. The first call for a model runs the set through it.
    """

    float_model: Model
    ranges: Sequence[TensorRange]
    observe: Callable[[], Mapping[int, Distribution]] = nothing_observed


class Transformed(NamedTuple):
    """A float model that a transform made from another one.

    Attributes:
        float_model: the same object if there was nothing to do.
        origins: for each tensor of the main subgraph, the index that it had before; its values are the same. None if
            the transform changed values: the model is then calibrated again.
        rewrites: what was changed.
    """

    float_model: Model
    origins: Sequence[int] | None
    rewrites: Sequence[Rewrite]


class Ranged(NamedTuple):
    """The ranges that a range rule chose.

    Attributes:
        ranges: of the activations, by tensor.
        rewrites: what was changed so that a kernel gives right answers.
    """

    ranges: Sequence[TensorRange]
    rewrites: Sequence[Rewrite]


class Correction(Protocol):
    """From the float model, the INT8 model and samples [1, ...] to a better INT8 model. It is pickled for a worker."""

    def __call__(self, float_model: Model, quantized: Model, samples: Sequence[NDArray[np.float32]]) -> Model: ...
