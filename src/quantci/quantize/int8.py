"""Follow a recipe, from what was prepared to an INT8 model."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from quantci.quantize.calibrate import with_ranges
from quantci.quantize.dead_weights import give_scales
from quantci.quantize.engine import quantize_with_litert, quantize_with_tensorflow
from quantci.quantize.spread import doubt_vanishing, widen_vanishing
from quantci.records.quantize import QUANTIZED_MODEL
from quantci.tflite.model import Model

if TYPE_CHECKING:
    from quantci.quantize.prepare import Prepared
    from quantci.quantize.recipe import Recipe
    from quantci.records.doubt import Doubt
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
    """

    float_model: Model
    model: Model
    ranges: list[TensorRange]
    rewrites: list[Rewrite]
    doubts: list[Doubt]


def make_int8(prepared: Prepared, recipe: Recipe, *, workers: Pool, tensorflow: Jail) -> Int8:
    """Follow a recipe. What was prepared stays as it is, so that the next recipe can be tried on it.

    Args:
        prepared: the float model and what the calibration set told.
        recipe: what to do.
        workers: where LiteRT runs.
        tensorflow: where TensorFlow runs, if the recipe takes it.

    Raises:
        ModelRejected: `degenerate`, or what calibration or the engine refuses.
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
    for choose_ranges in (widen_vanishing, *recipe.range_rules):
        ranged = choose_ranges(statistics)
        statistics = statistics._replace(ranges=ranged.ranges)
        rewrites += ranged.rewrites
    float_model, ranges = statistics.float_model, statistics.ranges
    place, run = (
        (tensorflow, quantize_with_tensorflow) if recipe.engine == "tensorflow" else (workers, quantize_with_litert)
    )
    data = place.call(run, with_ranges(float_model, ranges), recipe.types)
    model = give_scales(Model(data, float_model.where, file_name=QUANTIZED_MODEL))
    for correction in recipe.corrections:
        model = prepared.calibration_set.correct(correction, float_model, model, workers)
    return Int8(float_model, model, list(ranges), rewrites, doubts)
