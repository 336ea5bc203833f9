"""The output folder of a run: which records and which models are of it, each read at most once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeVar

from quantci.cli.provenance import Origin
from quantci.errors import ConfigError, ModelRejected, ToolError
from quantci.records.base import read, write, write_bytes
from quantci.records.stages import QUANTIZE, STAGES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from quantci.cli.settings import Settings
    from quantci.records.base import Record
    from quantci.records.model import ModelSummary
    from quantci.records.quantize import QuantizeResult
    from quantci.records.stage import Provenance, StageRecord
    from quantci.records.stages import Stage
    from quantci.tflite.model import Model

R = TypeVar("R", bound="StageRecord")


class OutputFolder:
    """Where a run writes to, and reads what its earlier stages wrote.

    Attributes:
        path: of the folder; it is made with the first file.
    """

    def __init__(self, path: Path, base: Path, config_sha256: str | None) -> None:
        """Read nothing yet.

        Args:
            path: of the folder.
            base: folder of the configuration.
            config_sha256: digest of the effective configuration; None if it could not be read.
        """
        self.path = path
        self._origin = Origin(base, config_sha256)
        self._records: dict[str, Any] = {}  # by the file's name
        self._models: dict[str, Model] = {}  # by digest

    @classmethod
    def of(cls, settings: Settings) -> OutputFolder:
        """The one that the configuration names."""
        return cls(settings.output, settings.base, settings.sha256)

    def record(self, stage: Stage[R]) -> R:
        """The record of a stage.

        Raises:
            ConfigError: `not-found`.
            ToolError: `unreadable` or `schema`.
        """
        if stage.record_file not in self._records:
            self._records[stage.record_file] = read(self.path / stage.record_file, stage.record_type())
        found: R = self._records[stage.record_file]
        return found

    def records(self) -> dict[str, Any]:
        """The records of all stages that left one, by the stage's name.

        Raises:
            ToolError: `unreadable` or `schema`.
        """
        return {stage.name: self.record(stage) for stage in STAGES if (self.path / stage.record_file).exists()}

    @property
    def quantized(self) -> QuantizeResult:
        """What quantize found.

        Raises:
            ConfigError: `not-found`, or `stage-failed` when quantize did not finish.
        """
        record = self.record(QUANTIZE)
        if record.result is None:
            cause = record.failure.cause if record.failure else "it has no result"
            raise ConfigError(
                "stage-failed",
                f"quantize did not finish: {cause}",
                where=str(self.path / QUANTIZE.record_file),
                remedy="Fix that first, and run quantci quantize again.",
            )
        return record.result

    @property
    def float_model(self) -> Model | None:
        """The reference that quantize left; None where it was given an INT8 model alone.

        Raises:
            ConfigError: `not-found`, or `stage-failed` when quantize did not finish.
            ModelRejected: `hash-mismatch`: it is not the one that the record describes.
        """
        summary = self.quantized.float_model
        return None if summary is None else self._model(summary)

    def reference(self) -> Model:
        """The float model, for what nothing can be said of without one; for what else is raised see `float_model`.

        Raises:
            ConfigError: `no-float-model`.
        """
        found = self.float_model
        if found is None:
            raise ConfigError(
                "no-float-model",
                "There is no float model to compare with: quantci was given the quantized model alone.",
                where="model.source",
                remedy="Name the float model that it was made from as model.source, beside model.quantized.",
            )
        return found

    @property
    def quantized_model(self) -> Model:
        """The INT8 model that quantize left; for what is raised see `float_model`."""
        strip = self.quantized.strip
        return self._model(self.quantized.quantized_model, strip.tensor_names if strip else ())

    def _model(self, summary: ModelSummary, tensor_names: Sequence[str] = ()) -> Model:
        from quantci.tflite.model import Model

        if summary.sha256 in self._models:
            return self._models[summary.sha256]
        path = self.path / summary.file_name
        try:
            model = Model(path.read_bytes(), str(path), tensor_names=tensor_names)
        except OSError as error:
            raise ConfigError(
                "not-found",
                f"Cannot read the model: {error.strerror}.",
                where=str(path),
                remedy="Run quantci quantize.",
            ) from None
        if model.sha256 != summary.sha256:
            raise ModelRejected(
                "hash-mismatch",
                f"This is not the model that quantize.json describes (sha256 {summary.sha256[:12]}...).",
                where=str(path),
                remedy="Run quantci quantize again.",
            )
        self._models[summary.sha256] = model
        return model

    def begin(self) -> float:
        """Note that work begins whose record is to be written; its time is for `provenance`."""
        self._origin.ask()
        return time.monotonic()

    def provenance(self, started_s: float) -> Provenance:
        """What stands in a record that is written now, of work that began then."""
        return self._origin.provenance(started_s)

    def write(self, file: str, record: Record) -> None:
        """Write a record, whole or not at all.

        Raises:
            ToolError: `unwritable`.
        """
        write(self.path / file, record)
        self._records[file] = record

    def write_model(self, model: Model) -> None:
        """Write a model under its file name, whole or not at all. Later stages of this run get it as it is known here.

        Raises:
            ToolError: `unwritable`.
        """
        path = self.path / model.file_name
        write_bytes(path, model.data)
        self._models[model.sha256] = model.at(str(path))

    def remove(self, patterns: Iterable[str]) -> None:
        """Remove files of an earlier run, so that nothing out of date is taken for this run's.

        Args:
            patterns: their names; `*` is any text.

        Raises:
            ToolError: `unwritable`.
        """
        for path in [path for pattern in patterns for path in self._matching(pattern)]:
            self._records.pop(path.name, None)
            try:
                path.unlink(missing_ok=True)
            except NotADirectoryError:
                continue  # the output folder is a file: writing into it says so
            except OSError as error:
                raise ToolError(
                    "unwritable",
                    f"Cannot replace this file of an earlier run: {error.strerror}.",
                    where=str(path),
                    remedy="Remove it, or choose another folder with --output-dir.",
                ) from None

    def _matching(self, pattern: str) -> list[Path]:
        return list(self.path.glob(pattern)) if "*" in pattern else [self.path / pattern]
