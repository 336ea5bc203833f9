"""What is evaluated, and what it is compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from quantci.records.baseline_folder import Baseline
    from quantci.records.config import Config
    from quantci.records.dataset import SampleDigest
    from quantci.records.stage import Failure
    from quantci.tflite.model import Model


class Subject(NamedTuple):
    """Both models, the set, and the baseline.

    Attributes:
        config: the effective configuration.
        folder: that relative paths in it start from.
        float_model: the reference; None where only the INT8 model was given.
        quantized_model: the INT8 model.
        calibration: what the ranges were calibrated on: see leak.py.
        baseline: of the base branch, or why there is none; None where nobody gave one.
    """

    config: Config
    folder: Path
    float_model: Model | None
    quantized_model: Model
    calibration: Sequence[SampleDigest]
    baseline: Baseline | Failure | None

    @property
    def float_sha256(self) -> str | None:
        """Digest of the float model, if there is one."""
        return self.float_model.sha256 if self.float_model else None
