"""The second half of the stage: from what was scored to the result, and predictions.npz beside it."""

from __future__ import annotations

import hashlib
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from msgspec.structs import replace

from quantci.data.audit import find_duplicates
from quantci.evaluate.against_base import compare_with_base
from quantci.evaluate.leak import doubt_leak
from quantci.evaluate.predictions import PREDICTIONS, to_npz
from quantci.evaluate.reference import doubt_input
from quantci.evaluate.score import WARM_UP
from quantci.evaluate.steps import FLOAT
from quantci.records.base import write_bytes
from quantci.records.evaluate import EvaluateResult, HostLatency, Step
from quantci.statistics.agreement import summarize
from quantci.tasks.choose import choose_task
from quantci.tasks.task import Observed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from quantci.evaluate.scored import Scored
    from quantci.progress import Progress
    from quantci.records.config import Config
    from quantci.records.dataset import SampleDigest
    from quantci.records.model import ModelSummary
    from quantci.records.quantize import TensorRange
    from quantci.tasks.custom import Metric
    from quantci.tasks.task import Judgement


def judge(
    scored: Scored,
    config: Config,
    output: Path,
    *,
    float_sha256: str | None,
    quantized_model: ModelSummary,
    calibration: Sequence[SampleDigest],
    first_layer: TensorRange | None,
    metrics: Mapping[str, Metric],
    progress: Progress,
) -> EvaluateResult:
    """Audit the set, compute the statistics and write predictions.npz into `output`. Neither files nor models are read.

    Args:
        scored: the whole set.
        config: the effective configuration.
        output: folder to write into.
        float_sha256: digest of the float model; None where there is none.
        quantized_model: its outputs have the scales of the integers.
        calibration: what the ranges were calibrated on: what of it was evaluated on is doubted.
        first_layer: what calibration saw at the input of the first layer.
        metrics: own metrics by module:function.
        progress: told when the statistics begin.

    Raises:
        DataRejected, ModelRejected, ConfigError, ToolError: as docs/errors.md lists.
    """
    task = choose_task(config.task)
    model_outputs = task.outputs_of(quantized_model)
    dataset = scored.tally.summary(config.evaluation.data, found=scored.found, labels=scored.labels, seed=None)

    progress("computing statistics")
    observed = Observed(scored.samples, scored.outputs, scored.labels, model_outputs, quantized_model.quantized_type)
    judged = task.judge(observed, metrics, config.evaluation.seed)
    doubts = task.doubts(observed)
    doubts += doubt_input(scored.tally.input, first_layer, is_doubted=bool(doubts))
    leaks = doubt_leak(calibration, scored.tally.digests, config.evaluation.leak_accepted)
    against_base, base_failure = compare_with_base(scored, task, model_outputs, config.evaluation.seed)
    predictions = to_npz(
        scored.samples,
        scored.outputs,
        scored.differences,
        truth=task.truth_of(scored.samples, scored.labels),
        labels=scored.labels,
        scales=[output.scale[0] for output in model_outputs],
        zero_points=[output.zero_point[0] for output in model_outputs],
        digests=[scored.tally.used[sample.id][1] for sample in scored.samples],
        base=(scored.base, scored.base_rows) if scored.base and scored.base_rows else None,
    )
    write_bytes(output / PREDICTIONS, predictions)
    return EvaluateResult(
        float_sha256=float_sha256,
        quantized_sha256=quantized_model.sha256,
        quantized_type=quantized_model.quantized_type,
        dataset=dataset,
        oracle=scored.oracle,
        steps=steps_of(scored, judged),
        absent_steps=list(scored.absent),
        paired=judged.paired if float_sha256 else None,
        tags=judged.tags if float_sha256 else [replace(tag, float_metric=None) for tag in judged.tags],
        reference=[*leaks, *doubts],
        against_base=against_base,
        base_failure=base_failure,
        read_with=dict(scored.read_with),
        predictions_file=PREDICTIONS,
        predictions_sha256=hashlib.sha256(predictions).hexdigest(),
        advice=[*find_duplicates(scored.tally.digests), *task.advice(quantized_model)],
    )


def steps_of(scored: Scored, judged: Judgement) -> list[Step]:
    """The waterfall: each step with its metrics, its agreement with the step before, and its times on the host."""
    agreements = {
        after: summarize(scored.differences[after], flips=judged.flips[after], is_raw=before != FLOAT)
        for before, after in pairwise(scored.outputs)
    }
    return [
        Step(
            name=step,
            interpreter=scored.interpreters[step],
            metrics=judged.metrics[step],
            agreement=agreements.get(step),
            host_latency=_latency(scored.invoke_us[step], scored.workers),
        )
        for step in scored.outputs
    ]


def _latency(times_us: NDArray[np.float64], workers: int | None) -> HostLatency:
    median, p90 = np.percentile(times_us, [50, 90])
    return HostLatency(
        median_us=round(float(median), 3),
        p90_us=round(float(p90), 3),
        iterations=len(times_us),
        warm_up=WARM_UP,
        threads=1,
        workers=workers,
    )
