"""A quantized model that was given, not made: what can be said of it, and that it is not known how it came about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.errors import ModelRejected
from quantci.quantize.run import Quantized, known_faults
from quantci.records.config import QuantizationConfig
from quantci.records.quantize import NO_FLOAT, GivenModel, QuantizeResult, SourceInfo
from quantci.records.stage import Advice
from quantci.tflite.oracle import choose_oracle

if TYPE_CHECKING:
    from quantci.records.config import Config
    from quantci.records.model import ModelSummary, TensorInfo
    from quantci.source.open_source import Source
    from quantci.tflite.model import Model

_REASON: Final = "The quantized model was given (model.quantized), not made: it does not say how it was quantized."


def take(config: Config, model: Model, sha256: str, source: Source | None) -> Quantized:
    """Both models as they are, and the record that says so.

    Args:
        config: the effective configuration, which names the model.
        model: the INT8 model.
        sha256: of its file: what was read may differ from it by a batch that was open.
        source: the float model, if the configuration names one.

    Raises:
        ModelRejected: `model-pair`: the two are not of one network; what converting the source raises.
    """
    assert config.model.quantized is not None
    float_model = source.convert() if source else None
    summary = model.summary
    if float_model is not None:
        _check_pair(float_model.summary, summary, model.where)
    hits, advice = known_faults(model, choose_oracle(config.evaluation.oracle))
    if model.sha256 != sha256:
        text = (
            "The given model computes shapes, as its batch was left open: it is 1 in model_quant.tflite, which is "
            "judged."
        )
        advice = [Advice(code="batch-fixed", text=text), *advice]
    if config.quantization != QuantizationConfig():
        text = "[quantization] is not used: model.quantized names a quantized model, so nothing is quantized."
        advice = [Advice(code="quantization-unused", text=text), *advice]
    result = QuantizeResult(
        source=_source_info(config, source) if source else None,
        float_model=float_model.summary if float_model else None,
        quantized_model=summary,
        engine=None,
        engine_version=None,
        recipe=None,
        input_type=summary.inputs[0].dtype,
        output_type=summary.outputs[0].dtype,
        ranges=[],
        calibration=None,
        calibration_samples=[],
        strip=None,
        advice=advice,
        kernel_hits=hits,
        given=GivenModel(
            path=config.model.quantized,
            sha256=sha256,
            reason=_REASON,
            float_reason=None if source else NO_FLOAT,
        ),
    )
    return Quantized(float_model, model, result)


def _source_info(config: Config, source: Source) -> SourceInfo:
    return SourceInfo(
        path=config.model.source or "",
        format=source.format,  # type: ignore[arg-type]
        sha256=source.sha256,
        signature=source.signature,
        converter=source.converter,
        turned_shape=source.turned_shape,
        largest_difference=None,
        compared_samples=0,
    )


def _check_pair(float_model: ModelSummary, quantized: ModelSummary, where: str) -> None:
    for word, ours, theirs in (
        ("input", quantized.inputs, float_model.inputs),
        ("output", quantized.outputs, float_model.outputs),
    ):
        if _shapes(ours) != _shapes(theirs):
            raise ModelRejected(
                "model-pair",
                f"Its {word} has the shape {_named(ours)}, and that of the float model {_named(theirs)}: they are not "
                "of one network.",
                where=where,
                remedy="Name the float model that it was made from as model.source, or none.",
            )


def _shapes(tensors: list[TensorInfo]) -> list[list[int]]:
    return [tensor.shape for tensor in tensors]


def _named(tensors: list[TensorInfo]) -> str:
    return ", ".join(str(tensor.shape) for tensor in tensors)
