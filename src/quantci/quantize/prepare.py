"""All that is known before a recipe is chosen: the float model, and what the calibration set tells of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantci.data.audit import identify
from quantci.data.culprits import plural
from quantci.data.preprocess import Preprocessing
from quantci.data.samples import find_samples
from quantci.data.stratified import split
from quantci.quantize.advice import advise_on_calibration, advise_on_conversion
from quantci.quantize.calibration_set import CalibrationSet
from quantci.quantize.features import advise_on_features
from quantci.quantize.lstm import add_intermediates
from quantci.quantize.observed import Observed
from quantci.quantize.qat.plan import QatPlan
from quantci.quantize.rewrite_on import rewrite_on
from quantci.quantize.step import Statistics
from quantci.records.quantize import SourceInfo
from quantci.rewrite.rewrite import unchanged
from quantci.tasks.choose import choose_task
from quantci.tasks.outputs import only_input

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from quantci.data.sample import Sample
    from quantci.progress import Progress
    from quantci.records.config import Config
    from quantci.records.dataset import DatasetSummary, SampleDigest
    from quantci.records.rewrite import Rewrite
    from quantci.records.stage import Advice
    from quantci.source.open_source import Source
    from quantci.workers.pool import Pool


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """What every recipe starts from. Trying another one reads neither the source nor the set again.

    Attributes:
        statistics: of the float model that the source became.
        calibration_set: to run other models on.
        observed: what the calibration set tells of it, and of what transforms make of it; each is asked once.
        samples: the first of the set as the model takes them, [1, ...] each, to compare models on.
        source: the source model, and how far from it the float model is.
        calibration: the set as it was used.
        digests: the identity of each of its samples.
        rewrites: what was changed in the float model that the source became.
        advice: on the set, the conversion and the rewrites.
        labels: of the calibration set, by index.
        held_back: samples of the set that took no part in calibration, to compare recipes on; [] unless asked for.
        qat: what a recipe that trains shall do.
    """

    statistics: Statistics
    calibration_set: CalibrationSet
    observed: Observed
    samples: list[NDArray[np.float32]]
    source: SourceInfo
    calibration: DatasetSummary
    digests: list[SampleDigest]
    rewrites: list[Rewrite]
    advice: list[Advice]
    labels: tuple[str, ...]
    held_back: list[Sample]
    qat: QatPlan


def prepare(
    config: Config,
    base: Path,
    *,
    source: Source,
    workers: Pool,
    progress: Progress,
    held_back: int = 0,
    allow_code: bool = False,
) -> Prepared:
    """Convert the source, and calibrate what it became. The set is listed while the source converts.

    Args:
        config: the effective configuration.
        base: folder that relative paths in it start from.
        source: the opened source model.
        workers: pool for LiteRT.
        progress: told what is going on.
        held_back: how many samples calibration shall leave, a quarter of those there are at most.
        allow_code: whether functions that [qat] names, which are code of the repository, may be imported.

    Raises:
        ModelRejected, DataRejected, ConfigError, ToolError: as docs/errors.md lists.
    """
    wanted, task = config.calibration, choose_task(config.task)
    assert wanted.data is not None  # read_config() asks for both where there is something to quantize
    assert config.model.source is not None
    finding = workers.submit(find_samples, wanted.data, base, task, config.input, "calibration")
    progress("reading and converting the source model")
    converted = source.convert()
    preprocessing = Preprocessing.for_model(config.input, only_input(converted.summary, converted.where).shape)

    found, labels = workers.result(finding)
    chosen, left = split(found, wanted.samples, held_back, wanted.seed)
    rewritten = unchanged(converted)
    if config.quantization.rewrite:
        progress("rewriting the float model")
        rewritten = workers.call(rewrite_on, converted, preprocessing, chosen, config.target.chip)
        if not rewritten.rewrites:  # what came back is a copy, which would be hashed and verified again
            rewritten = rewritten._replace(model=converted)
    float_model = add_intermediates(rewritten.model)
    progress(f"calibrating with {plural(len(chosen), 'sample')}")
    calibration_set = CalibrationSet(preprocessing, chosen)
    calibrated = calibration_set.run_through(float_model, workers)
    seed = wanted.seed if len(chosen) < len(found) else None
    calibration = calibrated.tally.summary(wanted.data, found=len(found), labels=labels, seed=seed)
    difference = calibrated.difference_to(source)
    statistics, samples = Statistics(float_model, calibrated.ranges), calibrated.first_tensors
    advice = [
        *advise_on_calibration(wanted.data, chosen, task.to_calibrate(labels), calibrated),
        *advise_on_conversion(source, calibrated, difference, chosen, config.input.shape),
    ]
    return Prepared(
        statistics=statistics,
        calibration_set=calibration_set,
        observed=Observed(calibration_set),
        samples=samples,
        source=SourceInfo(
            path=config.model.source,
            format=source.format,  # type: ignore[arg-type]
            sha256=source.sha256,
            signature=source.signature,
            converter=source.converter,
            largest_difference=difference,
            turned_shape=source.turned_shape,
            exported_difference=source.exported_difference,
            compared_samples=0 if difference is None else len(samples),
        ),
        calibration=calibration,
        digests=identify(calibrated.tally),
        rewrites=rewritten.rewrites,
        advice=[
            *rewritten.advice,
            *advice,
            *advise_on_features(calibrated.features, statistics, chosen, preprocessing, workers, converted),
        ],
        labels=labels,
        held_back=left,
        qat=QatPlan(config.qat, config.task.kind, base, allow_code),
    )
