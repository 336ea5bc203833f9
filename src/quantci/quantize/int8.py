"""Follow a recipe, from what was prepared to an INT8 model."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from quantci.progress import silent
from quantci.quantize.calibrate import with_ranges
from quantci.quantize.dead_weights import give_scales
from quantci.quantize.engine import quantize_with_litert, quantize_with_tensorflow
from quantci.quantize.qat.session import Job
from quantci.quantize.qat.tune import tune
from quantci.quantize.spread import doubt_vanishing, widen_vanishing
from quantci.records.quantize import QUANTIZED_MODEL
from quantci.tflite.model import Model

if TYPE_CHECKING:
    from quantci.progress import Progress
    from quantci.quantize.prepare import Prepared
    from quantci.quantize.recipe import Recipe
    from quantci.records.doubt import Doubt
    from quantci.records.qat import QatInfo
    from quantci.records.quantize import TensorRange
    from quantci.records.rewrite import Rewrite
    from quantci.workers.jail import Jail
    from quantci.workers.pool import Pool


class Int8(NamedTuple):
    """What a recipe gave.

    Attributes:
        float_model: what its transforms made of the float model: the reference.
        model: the INT8 model as the engine wrote it, with names and ranges.
        ranges: those that it was quantized with, by tensor of the float model.
        rewrites: what was changed so that kernels give right answers.
        doubts: what speaks against the float model.
        qat: how it was trained; None where it was not.
    """

    float_model: Model
    model: Model
    ranges: list[TensorRange]
    rewrites: list[Rewrite]
    doubts: list[Doubt]
    qat: QatInfo | None = None


def make_int8(
    prepared: Prepared, recipe: Recipe, *, workers: Pool, tensorflow: Jail, progress: Progress = silent
) -> Int8:
    """Follow a recipe. What was prepared stays as it is, so that the next recipe can be tried on it.

    Args:
        prepared: the float model and what the calibration set told.
        recipe: what to do.
        workers: where LiteRT runs.
        tensorflow: where TensorFlow runs, if the recipe takes it.
        progress: told how far training is, if the recipe trains.

    Raises:
        ModelRejected: `degenerate`, or what calibration, training or the engine refuses.
        ConfigError: what training refuses.
        ToolError: `missing-extra`.
    """
    observed = prepared.observed
    statistics = observed.statistics(*prepared.statistics[:2], workers)
    rewrites: list[Rewrite] = []
    for transform in recipe.transforms:
        transformed = transform(statistics)
        statistics = observed.after(transformed, statistics, workers)
        rewrites += transformed.rewrites
    doubts = doubt_vanishing(statistics)
    float_model = given = statistics.float_model
    statistics, qat = statistics._replace(ranges=widen_vanishing(statistics).ranges), None
    if recipe.starts:
        starts = {name: list(rule(statistics).ranges) for name, rule in recipe.starts.items()}
        given, ranges, qat = tune(
            Job(
                float_model,
                starts,
                prepared.calibration_set,
                prepared.qat,
                per_tensor_dense=recipe.types.per_tensor_dense,
            ),
            progress,
        )
        statistics = statistics._replace(ranges=ranges)
    for choose_ranges in recipe.range_rules:
        ranged = choose_ranges(statistics)
        statistics = statistics._replace(ranges=ranged.ranges)
        rewrites += ranged.rewrites
    place, run = (
        (tensorflow, quantize_with_tensorflow) if recipe.engine == "tensorflow" else (workers, quantize_with_litert)
    )
    data = place.call(run, with_ranges(given, statistics.ranges), recipe.types)
    model = give_scales(Model(data, float_model.where, file_name=QUANTIZED_MODEL))
    for correction in recipe.corrections:
        model = prepared.calibration_set.correct(correction, float_model, model, workers)
    return Int8(float_model, model, list(statistics.ranges), rewrites, doubts, qat)
