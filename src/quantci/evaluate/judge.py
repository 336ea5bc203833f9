"""The second half of the stage: from what was scored to the result, and predictions.npz beside it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from quantci.data.audit import check_overlap, find_duplicates
from quantci.evaluate.ports import check_ports, find_logit
from quantci.evaluate.predictions import PREDICTIONS, to_npz
from quantci.evaluate.score import WARM_UP
from quantci.evaluate.waterfall import judge_anomaly, judge_classification
from quantci.records.base import write_bytes
from quantci.records.evaluate import EvaluateResult, HostLatency

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from quantci.evaluate.custom import Metric
    from quantci.evaluate.scored import Scored
    from quantci.progress import Progress
    from quantci.records.config import Config
    from quantci.records.dataset import SampleDigest
    from quantci.records.model import ModelSummary


def judge(
    scored: Scored,
    config: Config,
    output: Path,
    *,
    float_sha256: str,
    quantized_model: ModelSummary,
    calibration: Sequence[SampleDigest],
    metrics: Mapping[str, Metric],
    progress: Progress,
) -> EvaluateResult:
    """Audit the set, compute the statistics and write predictions.npz into `output`. Neither files nor models are read.

    Args:
        scored: the whole set.
        config: the effective configuration.
        output: folder to write into.
        float_sha256: digest of the float model.
        quantized_model: the INT8 model: its one output tells what integers stand for.
        calibration: what the ranges were calibrated on: none of it may be evaluated on.
        metrics: own metrics by module:function.
        progress: told when the statistics begin.

    Raises:
        DataRejected, ModelRejected, ConfigError, ToolError: as docs/errors.md lists.
    """
    port = check_ports(quantized_model)
    dataset = scored.tally.summary(config.evaluation.data, found=scored.found, labels=scored.labels, seed=None)
    check_overlap(calibration, scored.tally.digests)

    progress("computing statistics")
    judge_task = judge_anomaly if config.task.kind == "anomaly" else judge_classification
    judged = judge_task(
        scored.samples,
        scored.outputs,
        scored.differences,
        interpreters=scored.interpreters,
        latency={step: _latency(times, scored.workers) for step, times in scored.invoke_us.items()},
        labels=scored.labels,
        port=port,
        top_k=config.task.top_k,
        metrics=metrics,
        seed=config.evaluation.seed,
    )
    predictions = to_npz(
        scored.samples,
        scored.outputs,
        scored.differences,
        labels=scored.labels,
        scale=port.scale[0],
        zero_point=port.zero_point[0],
    )
    write_bytes(output / PREDICTIONS, predictions)
    return EvaluateResult(
        float_sha256=float_sha256,
        quantized_sha256=quantized_model.sha256,
        dataset=dataset,
        oracle=scored.oracle,
        steps=judged.steps,
        paired=judged.paired,
        tags=judged.tags,
        predictions_file=PREDICTIONS,
        predictions_sha256=hashlib.sha256(predictions).hexdigest(),
        advice=[*find_duplicates(scored.tally.digests), *find_logit(config.task.kind, quantized_model)],
    )


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
