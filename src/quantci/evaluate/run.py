"""The stage: float and INT8 on the same samples, in worker processes, and the statistics of the difference."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from quantci.data.tally import Tally
from quantci.errors import QuantciError
from quantci.evaluate.base_runner import BASE_FAULT, base_fault
from quantci.evaluate.baseline import read_base, read_with
from quantci.evaluate.judge import judge
from quantci.evaluate.leak import refuse_leak
from quantci.evaluate.plan import make_plan
from quantci.evaluate.score import Models, open_models, score_batch, take_models
from quantci.evaluate.scored import BaseRows, Scored, no_outputs
from quantci.evaluate.steps import choose_steps, interpreter_names
from quantci.records.baseline_folder import Baseline
from quantci.records.stage import Failure
from quantci.tasks.choose import choose_task
from quantci.tasks.custom import load_metrics
from quantci.workers.pool import Pool, core_count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from quantci.data.sample import Sample
    from quantci.evaluate.baseline import Base
    from quantci.evaluate.job import Job
    from quantci.evaluate.plan import Plan
    from quantci.evaluate.subject import Subject
    from quantci.progress import Progress
    from quantci.records.config import Config
    from quantci.records.evaluate import EvaluateResult
    from quantci.records.quantize import TensorRange
    from quantci.records.shard import Shard

_MAX_BATCH = 32
_MAY_BE_THE_BASE: Final = {BASE_FAULT, "crashed-interpreter", "too-slow", "out-of-memory", "worker-killed"}


def evaluate(
    subject: Subject, output: Path, *, first_layer: TensorRange | None, progress: Progress, allow_code: bool
) -> EvaluateResult:
    """Evaluate both models and write predictions.npz into `output`.

    Args:
        subject: what is evaluated.
        output: folder to write into.
        first_layer: what calibration saw at the input of the first layer.
        progress: told how many samples are done.
        allow_code: whether own metrics, which are code of the repository, may be imported.

    Raises:
        DataRejected, ModelRejected, ConfigError, ToolError: as docs/errors.md lists.
    """
    metrics = load_metrics(subject.config.task.metrics, subject.folder, allow_code=allow_code)
    _, _, scored = run_models(subject, progress)
    return judge(
        scored,
        subject.config,
        output,
        float_sha256=subject.float_sha256,
        quantized_model=subject.quantized_model.summary,
        calibration=subject.calibration,
        first_layer=first_layer,
        metrics=metrics,
        progress=progress,
    )


def run_models(
    subject: Subject, progress: Progress, shard: Shard | None = None
) -> tuple[Plan, Sequence[Sample], Scored]:
    """Run the set, or a shard of it, through both models, and through the base's where its predictions do not hold.

    Whatever is wrong with the baseline costs the comparison and nothing else: its model crashes workers of its own run,
    and then all is run again without it.

    Returns:
        The plan, the samples that were asked for, and what came of them.
    """
    config, baseline = subject.config, subject.baseline
    oracle, absent = choose_steps(config, subject.float_model, subject.quantized_model)
    task = choose_task(config.task)
    models = Models(subject.float_model, subject.quantized_model, oracle)

    def run(base: Base | None) -> tuple[Plan, Sequence[Sample], Scored]:
        with opened(replace(models, base_model=base.model if base else None), config) as workers:
            plan = make_plan(config, subject.folder, subject.quantized_model.summary)
            places = shard.places(len(plan.samples)) if shard else range(len(plan.samples))
            own = [plan.samples[place] for place in places]
            if config.evaluation.leak_accepted is None:
                refuse_leak(own, subject.calibration, plan.job.preprocessing, workers)
            return plan, own, score(plan, own, models, workers, progress, base)

    base, failure = None, baseline if isinstance(baseline, Failure) else None
    try:
        if isinstance(baseline, Baseline):
            base = read_base(baseline, config, task, oracle)
    except QuantciError as error:
        failure = Failure.of(error)
    try:
        plan, own, scored = run(base)
    except QuantciError as error:
        if base is None or error.code not in _MAY_BE_THE_BASE:
            raise
        plan, own, scored = run(None)  # raises the same again where the fault is not the base's
        failure = Failure.of(error if error.code == BASE_FAULT else base_fault(error))
    return plan, own, scored._replace(base_failure=failure, absent=absent)


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


def score(
    plan: Plan,
    samples: Sequence[Sample],
    models: Models,
    workers: Pool,
    progress: Progress,
    base: Base | None = None,
) -> Scored:
    """Run these samples of the plan in workers; results are in the order of the samples, whichever worker was first.

    Args:
        plan: what to run them with.
        samples: all of the set, or a shard of it; it may be empty.
        models: what the workers have opened.
        workers: from opened().
        progress: told how many samples are done.
        base: the base branch's model, which the workers have as well, and its predictions.
    """
    steps, oracle = models.steps, models.oracle
    interpreters = interpreter_names(oracle, has_float=models.float_model is not None)
    batches = list(_batches(samples, workers.size))
    tally = Tally()
    read: list[Sample] = []
    outputs = {step: [nothing] for step, nothing in no_outputs(plan.outputs, plan.job.task, steps).items()}
    differences: dict[str, list[NDArray[np.float64]]] = {step: [np.empty((0, 4))] for step in steps[1:]}
    invoke_us: dict[str, list[NDArray[np.float64]]] = {step: [np.empty(0)] for step in steps}
    base_outputs = [] if base is None else [base.kept[:0]]
    base_again = [np.empty(0, np.bool_)]
    quantized_type = models.quantized_model.summary.quantized_type
    doing = f"running float and {quantized_type}" if models.float_model else f"running {quantized_type}"
    progress(doing, 0, len(samples))
    done = 0
    jobs = ((_job(plan.job, batch, base), batch) for batch in batches)
    for given, batch in zip(batches, workers.map(score_batch, jobs), strict=True):
        done += len(given)
        progress(doing, done, len(samples))
        tally.merge(batch.tally)
        if not batch.samples:
            continue
        read += batch.samples
        for step in steps:
            outputs[step].append(batch.outputs[step])
            invoke_us[step].append(batch.invoke_us[step])
        for step in steps[1:]:
            differences[step].append(batch.differences[step])
        if base is not None:
            base_outputs.append(base.outputs_of(batch))
            base_again.append(batch.base_again)
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
        read_with(),
        *(() if base is None else (base.side, BaseRows(np.concatenate(base_outputs), np.concatenate(base_again)))),
    )


def _job(job: Job, batch: Sequence[Sample], base: Base | None) -> Job:
    """What goes to a worker with a batch: of the base's digests those of these samples."""
    if base is None:
        return job
    return replace(job, base=base.preprocessing, base_digests=base.digests_of(batch))


def _batches(samples: Sequence[Sample], workers: int) -> Iterator[list[Sample]]:
    """Large batches first, as each costs this process time; then smaller ones, so that all workers end together."""
    start = 0
    while start < len(samples):
        size = max(1, min(_MAX_BATCH, (len(samples) - start) // (2 * workers)))
        yield list(samples[start : start + size])
        start += size
