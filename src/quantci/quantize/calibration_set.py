"""The calibration set through the float model: each sample is read once, on all cores."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from quantci.data.tally import Tally
from quantci.quantize.calibrate import calibrate, hull
from quantci.quantize.distributions import distributions, merged
from quantci.quantize.features import Features
from quantci.tflite.lite_rt import open_lite_rt

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from quantci.data.preprocess import Preprocessing
    from quantci.data.sample import Sample
    from quantci.quantize.step import Correction, Distribution
    from quantci.records.quantize import TensorRange
    from quantci.source.open_source import Source
    from quantci.tflite.model import Model
    from quantci.workers.pool import Pool

COMPARED_SAMPLES = 5
_FEWEST_A_WORKER = 32
_CORRECTED_WITH = 64  # samples: a correction runs them once for each layer


class Calibrated(NamedTuple):
    """What the calibration set told.

    Attributes:
        ranges: of the activations.
        tally: what was read and what was skipped.
        first_tensors: the first samples as the model takes them, [1, ...] each.
        float_outputs: the float model's outputs for those.
        features: what each feature of the input was given; None where it has one, or is an image's.
    """

    ranges: list[TensorRange]
    tally: Tally
    first_tensors: list[NDArray[np.float32]]
    float_outputs: list[list[NDArray[np.float32]]]
    features: Features | None = None

    def difference_to(self, source: Source) -> float | None:
        """Largest output difference to the source model; None for a source that is taken as it is."""
        outputs = source.outputs(np.concatenate(self.first_tensors))
        if outputs is None:
            return None
        converted = [np.concatenate(parts) for parts in zip(*self.float_outputs, strict=True)]
        # Several outputs may come in another order than in the flatbuffer: match each to its nearest of the same size.
        return max(
            min(
                float(np.abs(ours.reshape(other.shape) - other).max()) for other in converted if other.size == ours.size
            )
            for ours in outputs
        )


class CalibrationSet(NamedTuple):
    """The samples that were chosen, and how they become the model's input."""

    preprocessing: Preprocessing
    samples: list[Sample]

    def run_through(self, float_model: Model, workers: Pool) -> Calibrated:
        """Calibrate on a share of the samples in each worker; the ranges of all are the hull of theirs.

        How many workers there are changes nothing in the result. Without a readable sample everything but the tally is
        empty, and `Tally.summary` says why.
        """
        waiting = [
            workers.submit(_calibrate_share, float_model, self.preprocessing, share) for share in self._shares(workers)
        ]
        parts = [workers.result(future) for future in waiting]
        tally = Tally()
        features = parts[0].features
        for part in parts:
            tally.merge(part.tally)
        for part in parts[1:]:
            if features is not None and part.features is not None:
                features.merge(part.features)
        return Calibrated(
            hull([part.ranges for part in parts]),
            tally,
            [tensor for part in parts for tensor in part.first_tensors][:COMPARED_SAMPLES],
            [outputs for part in parts for outputs in part.float_outputs][:COMPARED_SAMPLES],
            features,
        )

    def distributions(
        self, float_model: Model, ranges: Sequence[TensorRange], workers: Pool
    ) -> dict[int, Distribution]:
        """How the values of the activations are distributed, a share of the samples in each worker."""
        waiting = [
            workers.submit(_observe_share, float_model, ranges, self.preprocessing, share)
            for share in self._shares(workers)
        ]
        return merged([workers.result(future) for future in waiting])

    def correct(self, correction: Correction, float_model: Model, quantized: Model, workers: Pool) -> Model:
        """What a correction makes of the INT8 model, from some samples of all parts of the set."""
        spread = self.samples[:: -(-len(self.samples) // _CORRECTED_WITH)]
        return workers.call(_correct, correction, float_model, quantized, self.preprocessing, spread)

    def _shares(self, workers: Pool) -> list[list[Sample]]:
        count = max(1, min(workers.size, len(self.samples) // _FEWEST_A_WORKER))
        size = -(-len(self.samples) // count)
        return [self.samples[start : start + size] for start in range(0, len(self.samples), size)]


def _observe_share(
    float_model: Model, ranges: Sequence[TensorRange], preprocessing: Preprocessing, samples: list[Sample]
) -> dict[int, Distribution]:
    """Runs in a worker."""
    tensors = (loaded.tensor for _, loaded in Tally().read(samples, preprocessing))
    return distributions(float_model, ranges, tensors)


def _correct(
    correction: Correction, float_model: Model, quantized: Model, preprocessing: Preprocessing, samples: list[Sample]
) -> Model:
    """Runs in a worker."""
    tensors = [loaded.tensor for _, loaded in Tally().read(samples, preprocessing)]
    return correction(float_model, quantized, tensors)


def _calibrate_share(float_model: Model, preprocessing: Preprocessing, samples: list[Sample]) -> Calibrated:
    """Runs in a worker."""
    tally = Tally()
    first: list[NDArray[np.float32]] = []
    features = Features.of(preprocessing)

    def tensors() -> Iterator[NDArray[np.float32]]:
        for _, loaded in tally.read(samples, preprocessing):
            if len(first) < COMPARED_SAMPLES:
                first.append(loaded.tensor)
            if features is not None and not loaded.pixels:
                features.add(loaded.tensor)
            yield loaded.tensor

    ranges = calibrate(float_model, tensors())
    runner = open_lite_rt(float_model)
    return Calibrated(ranges, tally, first, [runner.run([tensor]) for tensor in first], features)
