"""The stage: from the source model and calibration samples to model_float.tflite and model_quant.tflite."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from quantci.data.audit import find_duplicates, find_empty_classes
from quantci.data.preprocess import Preprocessing
from quantci.data.samples import find_samples, infer_labels
from quantci.data.stratified import choose
from quantci.errors import ModelRejected
from quantci.quantize.calibrate import check_spread, with_ranges
from quantci.quantize.engine import engine_version, quantize_with_litert, quantize_with_tensorflow
from quantci.quantize.recipe import RECIPES
from quantci.quantize.rewrite import advise as advise_rewrites
from quantci.quantize.rewrite import equalize, fuse
from quantci.quantize.samples import Calibrated, calibrate_set
from quantci.quantize.strip import check_same_outputs, outputs_of, strip
from quantci.records.base import write_bytes
from quantci.records.quantize import FLOAT_MODEL, QUANTIZED_MODEL, QuantizeResult, SourceInfo, StripInfo
from quantci.records.stage import Advice
from quantci.tasks.choose import choose_task
from quantci.tflite.integer_only import check_integer_only
from quantci.tflite.lite_rt import lite_rt_name
from quantci.tflite.model import Model
from quantci.tflite.oracle import choose_oracle, oracle_name

if TYPE_CHECKING:
    from pathlib import Path

    from quantci.progress import Progress
    from quantci.records.config import Config
    from quantci.records.kernels import KernelHit, Rewrite
    from quantci.source.open_source import Source
    from quantci.tflite.oracle import Oracle
    from quantci.workers.jail import Jail
    from quantci.workers.pool import Pool

ADVISED_SAMPLES = 200
LARGE_DIFFERENCE = 1e-3


def quantize(
    config: Config, base: Path, output: Path, *, source: Source, workers: Pool, tensorflow: Jail, progress: Progress
) -> QuantizeResult:
    """Quantize the source model and write both models into `output`.

    Args:
        config: the effective configuration.
        base: folder that relative paths in it start from.
        output: folder to write into.
        source: the opened source model.
        workers: pool for LiteRT and TFLM.
        tensorflow: process for TensorFlow; it starts only if it is used.
        progress: told what is going on.

    Raises:
        ModelRejected, DataRejected, ConfigError, ToolError: as docs/errors.md lists.
    """
    where = str(base / config.model.source)
    wanted = config.calibration
    finding = workers.submit(find_samples, wanted.data, base, choose_task(config.task), config.input, "calibration")
    progress("reading and converting the source model")
    float_model = source.convert()
    rewrites: list[Rewrite] = []
    if config.quantization.rewrite:
        float_model, rewrites = fuse(float_model)
    preprocessing = _preprocessing(config, float_model)

    found = workers.result(finding)
    chosen = choose(found, wanted.samples, wanted.seed)
    progress(f"calibrating with {len(chosen)} samples")
    calibrated = calibrate_set(float_model, preprocessing, chosen, workers)
    labels = infer_labels(wanted.data, base, choose_task(config.task))
    calibration = calibrated.tally.summary(
        wanted.data,
        found=len(found),
        labels=labels,
        seed=wanted.seed if len(chosen) < len(found) else None,
    )
    difference = calibrated.difference_to(source)

    engine = _choose_engine(config, source)
    progress(f"quantizing with {engine}")
    check_spread(calibrated.ranges, where)
    ranges = RECIPES[config.quantization.recipe](calibrated.ranges)
    if config.quantization.rewrite:
        ranges, equalized = equalize(float_model, ranges)
        rewrites += equalized
    types = (config.quantization.input_type, config.quantization.output_type)
    pool, run = (tensorflow, quantize_with_tensorflow) if engine == "tensorflow" else (workers, quantize_with_litert)
    quantized = Model(pool.call(run, with_ranges(float_model, ranges), *types, where), where, file_name=QUANTIZED_MODEL)
    oracle = choose_oracle(config.evaluation.oracle)
    samples = calibrated.first_tensors
    lean, names, waiting = quantized, list[str](), []
    if config.quantization.strip:
        progress("stripping what the chip never reads")
        lean, names = strip(quantized)
        waiting = [workers.submit(outputs_of, model, samples, oracle) for model in (quantized, lean)]
    # While the workers run both models, this process looks into them.
    if config.gates.int_only:
        check_integer_only(quantized, frozenset(config.embed.custom_ops))
    hits, kernel_advice = _known_faults(quantized, oracle)
    quantized_summary = lean.summary
    version = engine_version(engine)
    strip_info = None
    if waiting:
        interpreters = [lite_rt_name(), oracle_name(oracle)]
        before, after = (workers.result(future) for future in waiting)
        check_same_outputs(before, after, interpreters)
        strip_info = StripInfo(
            bytes_before=len(quantized.data),
            bytes_after=len(lean.data),
            compared_samples=len(samples),
            interpreters=interpreters,
            tensor_names=names,
        )
    write_bytes(output / FLOAT_MODEL, float_model.data)
    write_bytes(output / QUANTIZED_MODEL, lean.data)
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
        float_model=float_model.summary,
        quantized_model=quantized_summary,
        engine=engine,
        engine_version=version,
        recipe=config.quantization.recipe,
        input_type=types[0],
        output_type=types[1],
        ranges=ranges,
        calibration=calibration,
        calibration_samples=calibrated.tally.digests,
        strip=strip_info,
        advice=[
            *find_empty_classes(chosen, labels),
            *_advice(config, calibrated, difference),
            *advise_rewrites(rewrites),
            *kernel_advice,
        ],
        rewrites=rewrites,
        kernel_hits=hits,
    )


def _known_faults(model: Model, oracle: Oracle) -> tuple[list[KernelHit], list[Advice]]:
    """What is known to go wrong in the oracle's kernels, and with them on every chip."""
    from quantci.chip.graph import read_graph  # here, so that they are imported while the workers are busy
    from quantci.chip.known_bad.scan import advise, scan_host

    hits = scan_host(read_graph(model), oracle)
    return hits, advise(hits)


def _preprocessing(config: Config, model: Model) -> Preprocessing:
    summary = model.summary
    if len(summary.inputs) != 1:
        names = ", ".join(tensor.name for tensor in summary.inputs)
        raise ModelRejected(
            "multi-input",
            f"The model has {len(summary.inputs)} inputs ({names}); quantci feeds models of one input.",
            where=model.where,
            remedy="Name a model or a signature with one input.",
        )
    return Preprocessing.for_model(config.input, summary.inputs[0].shape)


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
