"""What the calibration set tells of each float model that recipes make of one source; each is asked once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import msgspec

from quantci.quantize.step import Statistics

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quantci.quantize.calibration_set import CalibrationSet
    from quantci.quantize.step import Distribution, Transformed
    from quantci.records.quantize import TensorRange
    from quantci.tflite.model import Model
    from quantci.workers.pool import Pool


class Observed:
    """Remembers what was seen, by the digest of the float model: several recipes share a transform."""

    def __init__(self, calibration_set: CalibrationSet) -> None:
        self._calibration_set = calibration_set
        self._ranges: dict[str, Sequence[TensorRange]] = {}
        self._distributions: dict[str, Mapping[int, Distribution]] = {}

    def statistics(self, float_model: Model, ranges: Sequence[TensorRange], workers: Pool) -> Statistics:
        """Of a float model whose ranges are known."""
        return Statistics(float_model, ranges, partial(self._distributions_of, float_model, ranges, workers))

    def after(self, transformed: Transformed, before: Statistics, workers: Pool) -> Statistics:
        """Of a transformed model: calibrated again only if its values changed."""
        float_model = transformed.float_model
        if transformed.origins is None:
            return self.statistics(float_model, self._ranges_of(float_model, workers), workers)
        known = {entry.tensor: entry for entry in before.ranges}
        ranges = [
            msgspec.structs.replace(known[origin], tensor=index)
            for index, origin in enumerate(transformed.origins)
            if origin in known
        ]
        return self.statistics(float_model, ranges, workers)

    def _ranges_of(self, float_model: Model, workers: Pool) -> Sequence[TensorRange]:
        if float_model.sha256 not in self._ranges:
            self._ranges[float_model.sha256] = self._calibration_set.run_through(float_model, workers).ranges
        return self._ranges[float_model.sha256]

    def _distributions_of(
        self, float_model: Model, ranges: Sequence[TensorRange], workers: Pool
    ) -> Mapping[int, Distribution]:
        if float_model.sha256 not in self._distributions:
            self._distributions[float_model.sha256] = self._calibration_set.distributions(float_model, ranges, workers)
        return self._distributions[float_model.sha256]
