"""Tries of earlier runs, by the content that they depend on: what was tried once is not tried again.

A change of the model, of a sample, of the configuration or of a tool is another content, and so another try. Those that
a run has no use for any more are removed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from quantci import __version__
from quantci.chip.latency.coefficients import read_coefficients
from quantci.data.labelling import as_written
from quantci.errors import ModelRejected
from quantci.quantize.engine import engine_version
from quantci.quantize.int8 import Int8
from quantci.quantize.ladder.attempt import Attempt
from quantci.records.kept_files import FOLDER, KeptFiles, key_of
from quantci.records.kept_try import KeptTry
from quantci.records.quantize import QUANTIZED_MODEL
from quantci.tflite.model import Model
from quantci.tflite.oracle import oracle_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from quantci.quantize.ladder.attempt import Trial

TRIES: Final = FOLDER / "tries"
# Of what has another reason than the model nothing is kept: the next run may have more time, memory or packages.
_REMEDY: Final = f"Remove the folder {TRIES.as_posix()} beside the record to try it again."
_OF_THE_MACHINE: Final = frozenset({"too-slow", "crashed-interpreter"})


class Kept:
    """The tries of one folder that fit one trial; without a folder there are none, and none is kept."""

    def __init__(self, folder: Path | None, trial: Trial) -> None:
        self._files = KeptFiles(folder)
        self._float_model = trial.prepared.statistics.float_model
        self._content = content_of(trial)

    def find(self, name: str) -> Attempt | None:
        """What came of a recipe; None where it was not tried, or where a file of it is damaged."""
        kept = self._files.find(self._key(name), KeptTry)
        if kept is None:
            return None
        if kept.int8_sha256 is None or kept.float_sha256 is None:
            error = ModelRejected(
                "refused-recipe", kept.tried.refused or "", where=self._float_model.where, remedy=_REMEDY
            )
            return Attempt(kept.tried, error=error)
        float_model = self._model(kept.float_sha256, self._float_model.file_name)
        model = self._model(kept.int8_sha256, QUANTIZED_MODEL)
        if float_model is None or model is None:
            return None
        made = Int8(float_model, model, kept.ranges, kept.rewrites, kept.doubts, kept.qat)
        return Attempt(kept.tried, made, kept.float_metric)

    def holds_all(self, names: Iterable[str]) -> bool:
        """Whether none of these recipes has to be tried."""
        return all(self._files.has(self._key(name)) for name in names)

    def keep(self, name: str, attempt: Attempt) -> None:
        """Keep what came of a recipe, unless only the machine was at fault.

        Raises:
            ToolError: `unwritable`.
        """
        made, error = attempt.made, attempt.error
        if error is not None and (not isinstance(error, ModelRejected) or error.code in _OF_THE_MACHINE):
            return
        kept = KeptTry(
            tried=attempt.tried,
            float_metric=attempt.float_metric,
            float_sha256=made.float_model.sha256 if made else None,
            int8_sha256=made.model.sha256 if made else None,
            ranges=list(made.ranges) if made else [],
            rewrites=list(made.rewrites) if made else [],
            doubts=list(made.doubts) if made else [],
            qat=made.qat if made else None,
        )
        self._files.keep(self._key(name), kept, (made.float_model.data, made.model.data) if made else ())

    def tidy(self) -> None:
        """Remove what this run neither found nor kept."""
        self._files.tidy()

    def _key(self, name: str) -> str:
        return key_of(self._content, name)

    def _model(self, sha256: str, file_name: str) -> Model | None:
        data = self._files.file(sha256)
        return None if data is None else Model(data, self._float_model.where, file_name=file_name)


def _torch_version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("torch")
    except PackageNotFoundError:
        return ""


def content_of(trial: Trial) -> str:
    """Digest of everything that a try depends on, but the recipe.

    Raises:
        ConfigError: `latency-coefficients`.
    """
    config, held, prepared = trial.config, trial.held, trial.prepared
    samples = [[sample.id, sample.content_sha256] for sample in held.digests]
    coefficients = config.target.latency_coefficients
    parts = [
        *(__version__, engine_version("litert"), oracle_name(trial.oracle)),
        *(prepared.statistics.float_model.sha256, prepared.calibration.sha256, held.chosen_on, *samples),
        *(as_written(sample.truth, held.labels) for sample in held.samples),
        *(msgspec.to_builtins(part) for part in (config.task, config.input, config.target, config.qat)),
        *(config.gates.int_only, sorted(config.embed.custom_ops), _torch_version()),
        msgspec.to_builtins(msgspec.structs.replace(config.quantization, recipe="")),
        None if coefficients is None else read_coefficients(trial.base / coefficients).sha256,
    ]
    return key_of(*parts)
