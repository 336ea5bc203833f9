"""The two models that `quantize` left in the output folder, checked against its record."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from quantci.errors import ConfigError, ModelRejected
from quantci.records.base import read
from quantci.records.quantize import QuantizeRecord, QuantizeResult
from quantci.tflite.model import Model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantci.cli.settings import Settings
    from quantci.records.model import ModelSummary


class Models(NamedTuple):
    """Both models and how they were made."""

    float_model: Model
    quantized_model: Model
    result: QuantizeResult


def read_models(settings: Settings) -> Models:
    """Read quantize.json and the models that it names.

    Raises:
        ConfigError: `not-found`, or `stage-failed` when quantize did not finish.
        ModelRejected: `hash-mismatch`: a model is not the one that the record describes.
    """
    result = read_quantize(settings)
    names = result.strip.tensor_names if result.strip else ()
    return Models(_read(settings, result.float_model), _read(settings, result.quantized_model, names), result)


def read_quantize(settings: Settings) -> QuantizeResult:
    """Read quantize.json alone.

    Raises:
        ConfigError: `not-found`, or `stage-failed` when quantize did not finish.
    """
    path = settings.output / "quantize.json"
    record = read(path, QuantizeRecord)
    if record.result is None:
        cause = record.failure.cause if record.failure else "it has no result"
        raise ConfigError(
            "stage-failed",
            f"quantize did not finish: {cause}",
            where=str(path),
            remedy="Fix that first, and run quantci quantize again.",
        )
    return record.result


def _read(settings: Settings, summary: ModelSummary, tensor_names: Sequence[str] = ()) -> Model:
    path = settings.output / summary.file_name
    try:
        model = Model(path.read_bytes(), str(path), tensor_names=tensor_names)
    except OSError as error:
        raise ConfigError(
            "not-found", f"Cannot read the model: {error.strerror}.", where=str(path), remedy="Run quantci quantize."
        ) from None
    if model.sha256 != summary.sha256:
        raise ModelRejected(
            "hash-mismatch",
            f"This is not the model that quantize.json describes (sha256 {summary.sha256[:12]}...).",
            where=str(path),
            remedy="Run quantci quantize again.",
        )
    return model
