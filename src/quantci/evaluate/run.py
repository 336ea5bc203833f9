"""The stage: float and INT8 on the same samples, in worker processes, and the statistics of the difference."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from quantci.data.tally import Tally
from quantci.evaluate.judge import judge
from quantci.evaluate.plan import make_plan
from quantci.evaluate.score import STEPS, Models, interpreter_names, open_models, score_batch, take_models
from quantci.evaluate.scored import Scored, no_outputs
from quantci.tasks.custom import load_metrics
from quantci.tflite.oracle import choose_oracle
from quantci.workers.pool import Pool, core_count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from quantci.data.samples import Sample
    from quantci.evaluate.plan import Plan
    from quantci.progress import Progress
    from quantci.records.config import Config
    from quantci.records.dataset import SampleDigest
    from quantci.records.evaluate import EvaluateResult
    from quantci.tflite.model import Model
    from quantci.tflite.oracle import Oracle

_MAX_BATCH = 32


def evaluate(
    config: Config,
    base: Path,
    output: Path,
    *,
    float_model: Model,
    quantized_model: Model,
    calibration: Sequence[SampleDigest],
    progress: Progress,
    allow_code: bool,
) -> EvaluateResult:
    """Evaluate both models and write predictions.npz into `output`.

    Args:
        config: the effective configuration.
        base: folder that relative paths in it start from.
        output: folder to write into.
        float_model: the reference.
        quantized_model: the INT8 model.
        calibration: what the ranges were calibrated on: none of it may be evaluated on.
        progress: told how many samples are done.
        allow_code: whether own metrics, which are code of the repository, may be imported.

    Raises:
        DataRejected, ModelRejected, ConfigError, ToolError: as docs/errors.md lists.
    """
    metrics = load_metrics(config.task.metrics, base, allow_code=allow_code)
    models = Models(float_model, quantized_model, choose_oracle(config.evaluation.oracle))
    with opened(models, config) as workers:
        plan = make_plan(config, base, quantized_model.summary)
        scored = score(plan, plan.samples, models.oracle, workers, progress)
    return judge(
        scored,
        config,
        output,
        float_sha256=float_model.sha256,
        quantized_model=quantized_model.summary,
        calibration=calibration,
        metrics=metrics,
        progress=progress,
    )


@contextlib.contextmanager
def opened(models: Models, config: Config) -> Iterator[Pool]:
    """Workers that open the models while this process looks for the samples.

    Args:
        models: what they open.
        config: how many there are.
    """
    size = config.evaluation.workers or core_count()
    with Pool(size, where=models.quantized_model.where, initializer=take_models, initargs=(models,)) as workers:
        for _ in range(size):
            workers.submit(open_models)
        yield workers


def score(plan: Plan, samples: Sequence[Sample], oracle: Oracle, workers: Pool, progress: Progress) -> Scored:
    """Run these samples of the plan in workers; results are in the order of the samples, whichever worker was first.

    Args:
        plan: what to run them with.
        samples: all of the set, or a shard of it; it may be empty.
        oracle: what judges INT8.
        workers: from opened().
        progress: told how many samples are done.
    """
    interpreters = interpreter_names(oracle)
    batches = list(_batches(samples, workers.size))
    tally = Tally()
    read: list[Sample] = []
    outputs = {step: [nothing] for step, nothing in no_outputs(plan.outputs, plan.job.task).items()}
    differences: dict[str, list[NDArray[np.float64]]] = {step: [np.empty((0, 4))] for step in STEPS[1:]}
    invoke_us: dict[str, list[NDArray[np.float64]]] = {step: [np.empty(0)] for step in STEPS}
    progress("running float and INT8", 0, len(samples))
    done = 0
    for given, batch in zip(batches, workers.map(partial(score_batch, plan.job), batches), strict=True):
        done += len(given)
        progress("running float and INT8", done, len(samples))
        tally.merge(batch.tally)
        if not batch.samples:
            continue
        read += batch.samples
        for step in STEPS:
            outputs[step].append(batch.outputs[step])
            invoke_us[step].append(batch.invoke_us[step])
        for step in STEPS[1:]:
            differences[step].append(batch.differences[step])
    return Scored(
        len(samples),
        plan.labels,
        read,
        tally,
        {step: np.concatenate(parts) for step, parts in outputs.items()},
        {step: np.concatenate(parts) for step, parts in differences.items()},
        {step: np.concatenate(parts) for step, parts in invoke_us.items()},
        oracle,
        interpreters,
        workers.size,
    )


def _batches(samples: Sequence[Sample], workers: int) -> Iterator[list[Sample]]:
    """Large batches first, as each costs this process time; then smaller ones, so that all workers end together."""
    start = 0
    while start < len(samples):
        size = max(1, min(_MAX_BATCH, (len(samples) - start) // (2 * workers)))
        yield list(samples[start : start + size])
        start += size
