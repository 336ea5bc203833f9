"""The stage: from the source model and calibration samples to model_float.tflite and model_quant.tflite."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from quantci.data.audit import find_duplicates, find_empty_classes
from quantci.data.choose import choose
from quantci.data.preprocess import Preprocessing
from quantci.data.samples import find_samples
from quantci.data.tally import Tally
from quantci.errors import DataRejected, ModelRejected
from quantci.quantize.calibrate import calibrate, check_ranges, hull, with_ranges
from quantci.quantize.engine import engine_version, quantize_with_litert, quantize_with_tensorflow
from quantci.quantize.recipe import RECIPES
from quantci.quantize.strip import check_same_outputs, outputs_of, strip
from quantci.records.base import write_bytes
from quantci.records.quantize import QuantizeResult, SourceInfo, StripInfo, TensorRange
from quantci.records.stage import Advice
from quantci.tflite.integer_only import check_integer_only
from quantci.tflite.lite_rt import open_lite_rt
from quantci.tflite.oracle import choose_oracle
from quantci.tflite.summary import summarize

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from quantci.data.samples import Sample
    from quantci.progress import Progress
    from quantci.records.config import Config
    from quantci.records.model import ModelSummary
    from quantci.source.base import Source
    from quantci.tflite.pool import Pool

FLOAT_MODEL = "model_float.tflite"
QUANTIZED_MODEL = "model_quant.tflite"
ADVISED_SAMPLES = 200
COMPARED_SAMPLES = 8
LARGE_DIFFERENCE = 1e-3


class Calibrated(NamedTuple):
    """What a worker brings back from the calibration set."""

    ranges: list[TensorRange]
    tally: Tally
    first_tensors: list[Any]
    float_outputs: list[list[Any]]


def quantize(
    config: Config, base: Path, output: Path, *, source: Source, workers: Pool, tensorflow: Pool, progress: Progress
) -> QuantizeResult:
    """Quantize the source model and write both models into `output`.

    Args:
        config: the effective configuration.
        base: folder that relative paths in it start from.
        output: folder to write into.
        source: the opened source model.
        workers: pool for LiteRT and TFLM.
        tensorflow: pool of one process, for TensorFlow; it starts only if it is used.
        progress: told what is going on.

    Raises:
        ModelRejected, DataRejected, ConfigError, ToolError: as docs/errors.md lists.
    """
    where = str(base / config.model.source)
    progress("reading and converting the source model")
    float_model = source.convert()
    float_summary = summarize(float_model, FLOAT_MODEL)
    preprocessing = _preprocessing(config, float_summary, where)

    found = find_samples(config.calibration.data, base, config.task, config.input, "calibration")
    chosen = choose(found, config.calibration.samples, config.calibration.seed)
    progress(f"calibrating with {len(chosen)} samples")
    calibrated = _calibrate_all(float_model, preprocessing, chosen, where, workers)
    calibration = calibrated.tally.summary(
        config.calibration.data, found=len(found), labels=config.task.labels, seed=config.calibration.seed
    )
    difference = _source_difference(source, calibrated)

    engine = _choose_engine(config, source)
    progress(f"quantizing with {engine}")
    check_ranges(calibrated.ranges, where)
    recipe = RECIPES[config.quantization.recipe]
    ranges = recipe(calibrated.ranges)
    prepared = with_ranges(float_model, ranges, where)
    types = (config.quantization.input_type, config.quantization.output_type)
    if engine == "tensorflow":
        quantized = tensorflow.call(quantize_with_tensorflow, prepared, *types, where)
    else:
        quantized = workers.call(quantize_with_litert, prepared, *types, where)
    check_integer_only(summarize(quantized, QUANTIZED_MODEL), where, frozenset(config.embed.custom_ops))

    strip_info = None
    if config.quantization.strip:
        progress("stripping what the chip never reads")
        lean, names = strip(quantized, where)
        oracle = choose_oracle(config.evaluation.oracle)
        samples = calibrated.first_tensors
        waiting = [workers.submit(outputs_of, model, samples, oracle) for model in (quantized, lean)]
        before, after = (workers.result(future) for future in waiting)
        check_same_outputs(before, after)
        strip_info = StripInfo(
            bytes_before=len(quantized),
            bytes_after=len(lean),
            compared_samples=len(samples),
            interpreters=[outputs.interpreter for outputs in after],
            tensor_names=names,
        )
        quantized = lean
    write_bytes(output / FLOAT_MODEL, float_model)
    write_bytes(output / QUANTIZED_MODEL, quantized)
    return QuantizeResult(
        source=SourceInfo(
            path=config.model.source,
            format=source.format,  # type: ignore[arg-type]
            sha256=source.sha256,
            signature=source.signature,
            converter=source.converter,
            largest_difference=difference,
            compared_samples=0 if difference is None else len(calibrated.first_tensors),
        ),
        float_model=float_summary,
        quantized_model=summarize(quantized, QUANTIZED_MODEL),
        engine=engine,
        engine_version=engine_version(engine),
        recipe=config.quantization.recipe,
        input_type=types[0],
        output_type=types[1],
        ranges=ranges,
        calibration=calibration,
        calibration_samples=calibrated.tally.digests,
        strip=strip_info,
        advice=[*find_empty_classes(chosen, config.task.labels), *_advice(config, calibrated, difference)],
    )


def _preprocessing(config: Config, summary: ModelSummary, where: str) -> Preprocessing:
    if len(summary.inputs) != 1:
        names = ", ".join(tensor.name for tensor in summary.inputs)
        raise ModelRejected(
            "multi-input",
            f"The model has {len(summary.inputs)} inputs ({names}); quantci feeds models of one input.",
            where=where,
            remedy="Name a model or a signature with one input.",
        )
    return Preprocessing.for_model(config.input, summary.inputs[0].shape)


def _calibrate_all(
    float_model: bytes, preprocessing: Preprocessing, samples: list[Sample], where: str, workers: Pool
) -> Calibrated:
    """Calibrate on an equal share of the samples in each worker; the ranges of all are the hull of theirs."""
    size = -(-len(samples) // workers.size)
    shares = [samples[start : start + size] for start in range(0, len(samples), size)]
    waiting = [workers.submit(_calibrate, float_model, preprocessing, share, where) for share in shares]
    parts = [workers.result(future) for future in waiting]
    tally = Tally()
    for part in parts:
        tally.merge(part.tally)
    with_samples = [part for part in parts if part.first_tensors]
    if not with_samples:
        return Calibrated([], tally, [], [])
    first = with_samples[0]
    return Calibrated(hull([part.ranges for part in with_samples]), tally, first.first_tensors, first.float_outputs)


def _calibrate(float_model: bytes, preprocessing: Preprocessing, samples: list[Sample], where: str) -> Calibrated:
    """Read the samples once: ranges, digests, and the float outputs of the first ones. Runs in a worker."""
    tally = Tally()
    first: list[NDArray[np.float32]] = []

    def tensors() -> Any:
        for sample in samples:
            try:
                loaded = preprocessing.load(sample)
            except DataRejected as error:
                tally.skip(sample, error)
                continue
            tally.add(sample, loaded)
            if len(first) < COMPARED_SAMPLES:
                first.append(loaded.tensor)
            yield loaded.tensor

    ranges = calibrate(float_model, tensors(), where)
    # Without a readable sample there is nothing to go on with: `Tally.summary` then says why.
    runner = open_lite_rt(float_model)
    return Calibrated(ranges, tally, first, [runner.run([tensor]) for tensor in first])


def _source_difference(source: Source, calibrated: Calibrated) -> float | None:
    import numpy as np

    outputs = source.outputs(np.concatenate(calibrated.first_tensors))
    if outputs is None:
        return None
    converted = [np.concatenate(parts) for parts in zip(*calibrated.float_outputs, strict=True)]
    if len(outputs) == 1:
        return float(np.abs(outputs[0].reshape(converted[0].shape) - converted[0]).max())
    # Several outputs may come in another order than in the flatbuffer: match each to its nearest of the same size.
    return max(
        min(float(np.abs(ours.reshape(other.shape) - other).max()) for other in converted if other.size == ours.size)
        for ours in outputs
    )


def _choose_engine(config: Config, source: Source) -> Literal["litert", "tensorflow"]:
    if config.quantization.engine != "auto":
        return config.quantization.engine
    return "tensorflow" if source.needs_tensorflow else "litert"


def _advice(config: Config, calibrated: Calibrated, difference: float | None) -> list[Advice]:
    import numpy as np

    advice = find_duplicates(calibrated.tally.digests)
    used = len(calibrated.tally.digests)
    if used < ADVISED_SAMPLES:
        advice.append(
            Advice(
                code="few-samples",
                text=f"Calibrated with {used} samples; {ADVISED_SAMPLES} to 500 are advised: add some to "
                f"{config.calibration.data}.",
            )
        )
    magnitude = max(float(np.abs(parts[0]).max()) for parts in calibrated.float_outputs)
    if difference is not None and difference > LARGE_DIFFERENCE * max(1.0, magnitude):
        advice.append(
            Advice(
                code="conversion-difference",
                text=f"The float model differs from the source model by up to {difference:.3g}: check the conversion.",
            )
        )
    outputs = np.concatenate([parts[0] for parts in calibrated.float_outputs])
    if len(outputs) > 1 and np.ptp(outputs, axis=0).max() == 0:
        advice.append(
            Advice(code="degenerate", text="The float model gives the same output for every sample: is it trained?")
        )
    return advice
