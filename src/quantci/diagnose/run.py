"""The stage: both models with all tensors kept, on calibration samples, in worker processes."""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from quantci.data.preprocess import Preprocessing
from quantci.data.samples import find_samples
from quantci.data.stratified import choose
from quantci.diagnose.accept import check_models
from quantci.diagnose.compare import FLOAT_KERNELS, INT8_KERNELS, Batch, Fed, Job, compare_batch, look_outside, take_job
from quantci.diagnose.layer_errors import judge
from quantci.diagnose.match import RESCALING, Matching, match
from quantci.diagnose.sums import Integers
from quantci.errors import ConfigError
from quantci.tasks.choose import choose_task
from quantci.tasks.outputs import only_input
from quantci.tflite.isolate_ops import Slot
from quantci.tflite.lite_rt import lite_rt_name
from quantci.workers.pool import Pool, core_count

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from quantci.data.sample import Sample
    from quantci.errors import DataRejected
    from quantci.progress import Progress
    from quantci.records.config import Config
    from quantci.records.diagnose import DiagnoseResult
    from quantci.records.model import ModelSummary
    from quantci.tflite.model import Model

# Of a fixed size, so that sums of floats do not depend on how many workers there are.
_BATCH: Final = 4


class Looked(NamedTuple):
    """What the samples of a set add up to; `used` of them could be read."""

    batches: list[Batch]
    used: int


def diagnose(
    config: Config,
    base: Path,
    *,
    float_model: Model,
    quantized_model: Model,
    progress: Progress,
) -> DiagnoseResult:
    """Compare both models layer by layer.

    Args:
        config: the effective configuration.
        base: folder that relative paths in it start from.
        float_model: the reference.
        quantized_model: the INT8 model, with the names that its tensors had.
        progress: told how many samples are done.

    Raises:
        ModelRejected: `multi-subgraph`, `dynamic-shape`, `unsupported-type`, `custom-op`, `lite-rt-refused`,
            `not-finite`, `crashed-interpreter`.
        DataRejected, ConfigError, ToolError: as docs/errors.md lists.
    """
    summaries = float_model.summary, quantized_model.summary
    check_models(*summaries)
    matching = match(*summaries, quantized_model.tensor_names)
    preprocessing = Preprocessing.for_model(config.input, only_input(float_model.summary, float_model.where).shape)
    calibration, evaluation = _samples(config, base)
    job = job_of(float_model, quantized_model, preprocessing, matching)
    size = config.evaluation.workers or core_count()
    with Pool(size, where=quantized_model.where, initializer=take_job, initargs=(job,)) as workers:
        workers.start()  # before the bar, which has a thread
        compared = _look(compare_batch, calibration, workers, progress, "comparing layer by layer")
        seen = _look(look_outside, evaluation, workers, progress, "looking for clipped values")
    layers = [reduce(add, parts) for parts in zip(*(batch.layers for batch in compared.batches), strict=True)]
    return judge(
        layers,
        matching,
        float_model,
        quantized_model,
        integers=job.integers,
        outside=_ratio(compared),
        evaluation_outside=_ratio(seen),
        interpreters=(lite_rt_name(FLOAT_KERNELS), lite_rt_name(INT8_KERNELS)),
        samples=compared.used,
        evaluation_samples=seen.used,
        threshold_db=config.diagnose.threshold_db,
    )


def _samples(config: Config, base: Path) -> tuple[list[Sample], list[Sample]]:
    """A choice of those that quantize calibrated with, and of those that evaluate judges on."""
    count = config.diagnose.samples
    task = choose_task(config.task)
    if config.calibration.data is None:
        raise ConfigError(
            "config-missing",
            "calibration.data is missing.",
            where="calibration.data",
            remedy="Name samples like those of the calibration: both models are compared on them.",
        )
    found, _ = find_samples(config.calibration.data, base, task, config.input, "calibration")
    calibrated = choose(found, config.calibration.samples, config.calibration.seed)
    evaluated, _ = find_samples(config.evaluation.data, base, task, config.input, "evaluation")
    return (
        choose(calibrated, count, config.calibration.seed),
        choose(evaluated, count, config.evaluation.seed),
    )


def job_of(float_model: Model, quantized_model: Model, preprocessing: Preprocessing, matching: Matching) -> Job:
    """What the workers need, with what each op of the INT8 model takes."""
    float_summary, summary = float_model.summary, quantized_model.summary
    feeds: dict[Slot, Fed] = {}
    rescaled: dict[int, Fed] = {}
    for pair in matching.pairs:
        if pair.op is None:
            continue
        op = summary.ops[pair.op]
        if pair.float_op is None:
            taken = _fed(summary, op.inputs[0]) if op.op in RESCALING else None
            if taken is not None:
                rescaled[op.index] = taken
            continue
        for place, tensor in enumerate(op.inputs[: len(float_summary.ops[pair.float_op].inputs)]):
            taken = _fed(summary, tensor)
            if taken is not None:
                feeds[Slot(pair.float_op, place)] = taken
    integers = tuple(Integers.of(summary.tensors[pair.tensor]) for pair in matching.pairs)
    return Job(float_model, quantized_model, preprocessing, tuple(matching.pairs), integers, feeds, rescaled)


def _fed(summary: ModelSummary, tensor: int) -> Fed | None:
    """An activation as an op takes it; None for constants, absent inputs, and integers without a scale."""
    info = None if tensor < 0 else summary.tensors[tensor]
    if info is None or info.constant_bytes or (info.dtype != "float32" and len(info.scale) != 1):
        return None
    return Fed(tensor, None if info.dtype == "float32" else Integers.of(info))


def _look(
    work: Callable[[Sequence[Sample]], Batch],
    samples: Sequence[Sample],
    workers: Pool,
    progress: Progress,
    what: str,
) -> Looked:
    """Run the samples in batches; files that cannot be read are left out, as quantize and evaluate have told of them.

    Raises:
        DataRejected: none of them can be read.
    """
    progress(what, 0, len(samples))
    found: list[Batch] = []
    faults: list[DataRejected] = []
    done = used = 0
    batches = [samples[start : start + _BATCH] for start in range(0, len(samples), _BATCH)]
    for given, batch in zip(batches, workers.map(work, batches), strict=True):
        done += len(given)
        used += len(batch.tally.used)
        progress(what, done, len(samples))
        faults += [fault for _, fault in batch.tally.unreadable.values()]
        if batch.tally.used:
            found.append(batch)
    if not found:
        raise faults[0]
    return Looked(found, used)


def _ratio(looked: Looked) -> list[float]:
    """By pair, the share of float values that the integers cannot hold."""
    outside = np.sum([batch.outside for batch in looked.batches], axis=0)
    values = np.sum([batch.values for batch in looked.batches], axis=0)
    return [float(part) / max(1, int(whole)) for part, whole in zip(outside, values, strict=True)]
