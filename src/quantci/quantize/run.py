"""The stage: from the source model and calibration samples to model_float.tflite and model_quant.tflite."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from quantci.errors import ConfigError
from quantci.quantize.advice import advise_on_rewrites, advise_on_training, advise_on_transform
from quantci.quantize.engine import engine_version
from quantci.quantize.int8 import make_int8
from quantci.quantize.prepare import prepare
from quantci.quantize.qat.plan import QatPlan
from quantci.quantize.recipe import recipe_named
from quantci.quantize.recipe_name import QAT
from quantci.quantize.strip import strip
from quantci.quantize.strip_proof import StripProof
from quantci.records.ladder import AUTO
from quantci.records.quantize import QuantizeResult
from quantci.tflite.integer_only import check_integer_only
from quantci.tflite.oracle import choose_oracle

if TYPE_CHECKING:
    from pathlib import Path

    from quantci.progress import Progress
    from quantci.records.config import Config
    from quantci.records.kernels import KernelHit
    from quantci.records.stage import Advice
    from quantci.source.open_source import Source
    from quantci.tflite.model import Model
    from quantci.tflite.oracle import Oracle
    from quantci.workers.jail import Jail
    from quantci.workers.pool import Pool


class Quantized(NamedTuple):
    """Both models, and what the record says of them. There is no float model only where INT8 alone was given."""

    float_model: Model | None
    quantized_model: Model
    result: QuantizeResult


def quantize(
    config: Config,
    base: Path,
    *,
    source: Source,
    workers: Pool,
    tensorflow: Jail,
    progress: Progress,
    parts: int = 0,
    allow_code: bool = False,
    kept_in: Path | None = None,
) -> Quantized:
    """Quantize the source model.

    Args:
        config: the effective configuration.
        base: folder that relative paths in it start from.
        source: the opened source model.
        workers: pool for LiteRT and TFLM.
        tensorflow: process for TensorFlow; it starts only if it is used.
        progress: told what is going on.
        parts: of the calibration set, to see whether it is large enough; 0 does not look.
        allow_code: whether functions that [qat] names, which are code of the repository, may be imported.
        kept_in: where earlier runs kept tries of the ladder, and this one does; None where nothing is kept.

    Raises:
        ModelRejected, DataRejected, ConfigError, ToolError: as docs/errors.md lists.
    """
    wanted, ladder = config.quantization, None
    if wanted.engine == "tensorflow" and config.model.converter == "onnx2tf":
        check_engine(source.format)
    if QAT in wanted.recipe.split("+"):
        QatPlan(config.qat, config.task.kind, base, allow_code).check()
    has_ladder = wanted.recipe == AUTO or parts > 0
    held_back = config.ladder.held_back if has_ladder and config.ladder.tuning is None else 0
    prepared = prepare(
        config,
        base,
        source=source,
        workers=workers,
        progress=progress,
        held_back=held_back,
        allow_code=allow_code,
    )
    if has_ladder:
        from quantci.quantize.ladder.run import try_out  # for those who need it

        ladder = try_out(
            prepared,
            config,
            base,
            workers=workers,
            tensorflow=tensorflow,
            progress=progress,
            parts=parts,
            kept_in=kept_in,
        )
        recipe, made = ladder.recipe, ladder.made
    else:
        recipe = recipe_named(wanted.recipe, wanted, needs_tensorflow=source.needs_tensorflow)
        progress(f"quantizing with {recipe.engine}, recipe {recipe.name}")
        made = make_int8(prepared, recipe, workers=workers, tensorflow=tensorflow, progress=progress)
    oracle = choose_oracle(config.evaluation.oracle)
    lean, proof = made.model, None
    if config.quantization.strip:
        progress("stripping what the chip never reads")
        lean = strip(made.model)
        proof = StripProof(made.model, lean, prepared.samples, oracle, workers)
    # While the workers run both models, this process looks into them.
    if config.gates.int_only:
        check_integer_only(made.model, frozenset(config.embed.custom_ops))
    hits, kernel_advice = known_faults(made.model, oracle)
    result = QuantizeResult(
        source=prepared.source,
        float_model=made.float_model.summary,
        quantized_model=lean.summary,
        engine=recipe.engine,
        engine_version=engine_version(recipe.engine),
        recipe=recipe.name,
        input_type=recipe.types.input,
        output_type=recipe.types.output,
        ranges=made.ranges,
        calibration=prepared.calibration,
        calibration_samples=prepared.digests,
        strip=proof.result() if proof else None,
        reference=made.doubts,
        advice=[
            *prepared.advice,
            *(ladder.advice if ladder else ()),
            *advise_on_training(made.qat),
            *advise_on_transform(recipe, prepared.statistics.float_model, made.float_model),
            *advise_on_rewrites([*prepared.rewrites, *made.rewrites]),
            *kernel_advice,
        ],
        rewrites=[*prepared.rewrites, *made.rewrites],
        kernel_hits=hits,
        ladder=ladder.result if ladder else None,
        stability=ladder.stability if ladder else None,
        qat=made.qat,
    )
    return Quantized(made.float_model, lean, result)


def check_engine(source_format: str) -> None:
    """Refuse TensorFlow's quantizer for what onnx2tf converts: the two are not installed together.

    Raises:
        ConfigError: `engine`.
    """
    if source_format in {"onnx", "torch", "exported-program"}:
        raise ConfigError(
            "engine",
            "The engine `tensorflow` does not go together with an ONNX or PyTorch source: onnx2tf and TensorFlow are "
            "not installed together.",
            where="quantization.engine",
            remedy="Set quantization.engine to auto or litert.",
        )


def known_faults(model: Model, oracle: Oracle) -> tuple[list[KernelHit], list[Advice]]:
    """What is known to go wrong in the oracle's kernels, and with them on every chip."""
    from quantci.chip.graph import read_graph  # here, so that they are imported while the workers are busy
    from quantci.chip.known_bad.scan import advise, scan_host

    hits = scan_host(read_graph(model), oracle)
    return hits, advise(hits)
