"""What the steps of a recipe take and give. Each step is a pure function, and several recipes may share it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
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
