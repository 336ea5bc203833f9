"""Features of very different ranges: INT8 has one scale for the whole input, which may leave a small one no step.

A feature whose whole range is less than 16 steps is off by up to half a step, more than 1/32 of its range. That alone
says nothing: the corner of a picture is as narrow, and no network looks at it. So it is advice only where the float
model's own output moves by more than a step of INT8 when these features, and nothing else, are rounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from quantci.data.culprits import counted
from quantci.data.tally import Tally
from quantci.quantize.inner_scale import inner_scale
from quantci.records.stage import Advice
from quantci.tflite.lite_rt import open_lite_rt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from quantci.data.preprocess import Preprocessing
    from quantci.data.sample import Sample
    from quantci.quantize.step import Statistics
    from quantci.records.quantize import TensorRange
    from quantci.tflite.model import Model
    from quantci.workers.pool import Pool

STEPS: Final = 255  # from the smallest to the largest integer of 8 bits
_FEWEST: Final = 16
_LOOKED_AT: Final = 32
_MOST_SHOWN: Final = 32  # numbers in a line of quantci.toml


@dataclass
class Features:
    """What the calibration set gave each feature: values along the axis that mean and std of [input] differ along.

    Attributes:
        axis: that axis of the model's input.
        low: the smallest value, [features].
        high: the largest value.
        total: the sum of all values.
        squares: the sum of their squares.
        count: how many values each has.
    """

    axis: int
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    total: NDArray[np.float64]
    squares: NDArray[np.float64]
    count: int = 0

    @classmethod
    def of(cls, preprocessing: Preprocessing) -> Features | None:
        """Nothing yet; None where the input has one feature only."""
        axis = preprocessing.normalization.channel_axis
        size = preprocessing.shape[axis]
        if size < 2:
            return None
        return cls(axis, np.full(size, np.inf), np.full(size, -np.inf), np.zeros(size), np.zeros(size))

    def add(self, tensor: NDArray[np.float32]) -> None:
        """Count a sample, as the model takes it."""
        values = np.moveaxis(tensor, self.axis, -1).reshape(-1, len(self.low)).astype(np.float64)
        self._add(values.min(axis=0), values.max(axis=0), values.sum(axis=0), (values**2).sum(axis=0), len(values))

    def merge(self, other: Features) -> None:
        """Take over what another worker counted."""
        self._add(other.low, other.high, other.total, other.squares, other.count)

    def _add(self, low: NDArray[np.float64], high: NDArray[np.float64], total: NDArray[np.float64],
             squares: NDArray[np.float64], count: int) -> None:  # fmt: skip
        self.low, self.high = np.minimum(self.low, low), np.maximum(self.high, high)
        self.total, self.squares, self.count = self.total + total, self.squares + squares, self.count + count

    def steps(self, scale: float) -> NDArray[np.float64]:
        """How many steps of the input each feature's range has."""
        return (self.high - self.low) / scale

    def mean_and_deviation(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Of each feature; a deviation of 0 counts as 1."""
        mean = self.total / self.count
        deviation = np.sqrt(np.maximum(self.squares / self.count - mean**2, 0.0))
        return mean, np.where(deviation > 0, deviation, 1.0)


def advise_on_features(
    features: Features | None,
    statistics: Statistics,
    samples: Sequence[Sample],
    preprocessing: Preprocessing,
    workers: Pool,
    converted: Model,
) -> list[Advice]:
    """Advice `feature-ranges` where narrow features cost the output more than a step; [] without features.

    Args:
        features: what the calibration set gave each; None for images, whose channels are alike.
        statistics: of the float model.
        samples: of the calibration set, of which some of all parts are looked at again.
        preprocessing: what [input] says.
        workers: where the float model runs.
        converted: the float model before it was rewritten: a Normalization still stands in it.
    """
    given = int(statistics.float_model.tree.subgraphs[0].inputs[0])
    taken = next((entry for entry in statistics.ranges if entry.tensor == given), None)
    if features is None or not features.count or taken is None or taken.max <= taken.min:
        return []
    scale = (max(taken.max, 0.0) - min(taken.min, 0.0)) / STEPS
    steps = features.steps(scale)
    narrow = (steps > 0) & (steps < _FEWEST)
    if not narrow.any():
        return []
    spread = list(samples[:: -(-len(samples) // _LOOKED_AT)])
    tensors = workers.call(_load, preprocessing, spread)
    rounded = [round_features(tensor, narrow, features.axis, scale) for tensor in tensors]
    moved = workers.call(output_steps, statistics.float_model, tensors, rounded, list(statistics.ranges))
    if moved <= 1:
        return []
    names = [
        f"{place} ({features.low[place]:.4g} to {features.high[place]:.4g}, {steps[place]:.2g} steps)"
        for place in np.flatnonzero(narrow)
    ]
    text = (
        f"Features of very different ranges share one scale, {scale:.3g} a step: of {STEPS} steps, these have fewer "
        f"than {_FEWEST} {counted(names)}. That moves the float model's output by {moved:.0f} of its own. "
        f"{_remedy(features, converted, preprocessing)}"
    )
    return [Advice(code="feature-ranges", text=text)]


def _load(preprocessing: Preprocessing, samples: list[Sample]) -> list[NDArray[np.float32]]:
    """Runs in a worker."""
    return [loaded.tensor for _, loaded in Tally().read(samples, preprocessing)]


def round_features(
    sample: NDArray[np.float32], narrow: NDArray[np.bool_], axis: int, scale: float
) -> NDArray[np.float32]:
    """The sample with these features in whole steps of the input."""
    shape = [1] * sample.ndim
    shape[axis] = len(narrow)
    return np.where(narrow.reshape(shape), np.rint(sample / scale) * scale, sample).astype(np.float32)


def output_steps(
    float_model: Model,
    tensors: list[NDArray[np.float32]],
    rounded: list[NDArray[np.float32]],
    ranges: list[TensorRange],
) -> float:
    """How far the outputs move, in steps of INT8: the largest of a sample, the mean over them. Runs in a worker."""
    spread = {entry.tensor: max(entry.max, 0.0) - min(entry.min, 0.0) for entry in ranges}
    scales = [spread.get(int(index), 0.0) / STEPS for index in float_model.tree.subgraphs[0].outputs]
    runner = open_lite_rt(float_model)
    moved = []
    for tensor, other in zip(tensors, rounded, strict=True):
        pairs = zip(runner.run([tensor]), runner.run([other]), scales, strict=True)
        moved.append(max((float(np.abs(a - b).max()) / scale for a, b, scale in pairs if scale > 0), default=0.0))
    return float(np.mean(moved)) if moved else 0.0


def _remedy(features: Features, float_model: Model, preprocessing: Preprocessing) -> str:
    """Where to normalise, with the lines; the model's own numbers, if it normalises inside."""
    inside = inner_scale(float_model, len(features.low))
    mean, deviation = inside or features.mean_and_deviation()
    before, scale = preprocessing.normalization.statistics or ((0.0,), (1.0,))
    numbers = {
        "mean": np.asarray(before) + np.asarray(scale) * mean,
        "std": np.asarray(scale) * deviation,
    }
    first = (
        "Normalise them in [input], not inside of the model: take the subtraction and the scaling out of its beginning"
        if inside
        else "Normalise each of them in [input], not inside of the model, and train it so"
    )
    if len(mean) > _MOST_SHOWN:
        return f"{first}; give mean and std {len(mean)} numbers each, one for a feature."
    lines = [f"{key} = [{', '.join(f'{value:.6g}' for value in values)}]" for key, values in numbers.items()]
    if preprocessing.config.preprocess != "normalize":
        lines.insert(0, 'preprocess = "normalize"')
    return f"{first}; the lines are {', '.join(f'`{line}`' for line in lines)}."
