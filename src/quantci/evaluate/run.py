"""The stage: float and INT8 on the same samples, in worker processes, and the statistics of the difference."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from quantci.data.audit import check_overlap, find_duplicates
from quantci.data.preprocess import Preprocessing
from quantci.data.samples import find_samples, infer_labels
from quantci.data.tally import Tally
from quantci.errors import DataRejected, ModelRejected
from quantci.evaluate.custom import load_metrics
from quantci.evaluate.predictions import PREDICTIONS, to_npz
from quantci.evaluate.score import STEPS, WARM_UP, Job, interpreter_names, score_batch, take_job
from quantci.evaluate.waterfall import judge_anomaly, judge_classification
from quantci.records.base import write_bytes
from quantci.records.evaluate import EvaluateResult, HostLatency
from quantci.records.stage import Advice
from quantci.tflite.oracle import choose_oracle
from quantci.tflite.pool import Pool, core_count
from quantci.tflite.summary import summarize

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from quantci.data.samples import Sample
    from quantci.progress import Progress
    from quantci.records.config import Config
    from quantci.records.dataset import SampleDigest
    from quantci.records.model import ModelSummary, TensorInfo

_MOVES = frozenset({"DEQUANTIZE", "QUANTIZE", "RESHAPE", "SQUEEZE"})  # change no value
_MAX_BATCH = 32


class Scored(NamedTuple):
    """All samples that could be read, in the order of the set, and what each step made of them."""

    samples: list[Sample]
    tally: Tally
    outputs: dict[str, NDArray[np.generic]]
    differences: dict[str, NDArray[np.float64]]
    invoke_us: dict[str, NDArray[np.float64]]
    workers: int


def evaluate(
    config: Config,
    base: Path,
    output: Path,
    *,
    float_model: bytes,
    quantized_model: bytes,
    calibration: Sequence[SampleDigest],
    progress: Progress,
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

    Raises:
        DataRejected, ModelRejected, ConfigError, ToolError: as docs/errors.md lists.
    """
    metrics = load_metrics(config.task.metrics, base, allow_code=True)
    summary = summarize(quantized_model, "model_quant.tflite")
    port = check_ports(summary)
    job = Job(
        float_model=float_model,
        quantized_model=quantized_model,
        preprocessing=Preprocessing.for_model(config.input, summary.inputs[0].shape),
        oracle=choose_oracle(config.evaluation.oracle),
        task=config.task.kind,
    )
    samples = find_samples(config.evaluation.data, base, config.task, config.input, "evaluation")
    labels = infer_labels(config.evaluation.data, base, config.task)
    if config.task.kind == "classification":
        _check_classes(labels, port, config.evaluation.data)
    workers = config.evaluation.workers or core_count()
    with Pool(workers, where=str(output / "model_quant.tflite"), initializer=take_job, initargs=(job,)) as pool:
        scored = _score(pool, samples, progress)
    dataset = scored.tally.summary(config.evaluation.data, found=len(samples), labels=labels, seed=None)
    check_overlap(calibration, scored.tally.digests)

    progress("computing statistics")
    judge = judge_anomaly if config.task.kind == "anomaly" else judge_classification
    judged = judge(
        scored.samples,
        scored.outputs,
        scored.differences,
        interpreters=interpreter_names(job.oracle),
        latency={step: _latency(times, scored.workers) for step, times in scored.invoke_us.items()},
        labels=labels,
        port=port,
        top_k=config.task.top_k,
        metrics=metrics,
        seed=config.evaluation.seed,
    )
    predictions = to_npz(
        scored.samples,
        scored.outputs,
        scored.differences,
        labels=labels,
        scale=port.scale[0],
        zero_point=port.zero_point[0],
    )
    write_bytes(output / PREDICTIONS, predictions)
    return EvaluateResult(
        float_sha256=hashlib.sha256(float_model).hexdigest(),
        quantized_sha256=hashlib.sha256(quantized_model).hexdigest(),
        dataset=dataset,
        oracle=job.oracle,
        steps=judged.steps,
        paired=judged.paired,
        tags=judged.tags,
        predictions_file=PREDICTIONS,
        predictions_sha256=hashlib.sha256(predictions).hexdigest(),
        advice=[*find_duplicates(scored.tally.digests), *find_logit(config.task.kind, summary)],
    )


def _score(pool: Pool, samples: list[Sample], progress: Progress) -> Scored:
    """Run all batches; results stand in the order of the samples whatever worker was first."""
    batches = list(_batches(samples, pool.size))
    tally = Tally()
    read: list[Sample] = []
    outputs: dict[str, list[NDArray[np.generic]]] = {step: [] for step in STEPS}
    differences: dict[str, list[NDArray[np.float64]]] = {step: [] for step in STEPS[1:]}
    invoke_us: dict[str, list[NDArray[np.float64]]] = {step: [] for step in STEPS}
    progress("running float and INT8", 0, len(samples))
    done = 0
    for given, batch in zip(batches, pool.map(score_batch, batches), strict=True):
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
    if not read:
        tally.summary("evaluation.data", len(samples), (), None)  # says which files could not be read
    return Scored(
        read,
        tally,
        {step: np.concatenate(parts) for step, parts in outputs.items()},
        {step: np.concatenate(parts) for step, parts in differences.items()},
        {step: np.concatenate(parts) for step, parts in invoke_us.items()},
        pool.size,
    )


def _batches(samples: list[Sample], workers: int) -> Iterator[list[Sample]]:
    """Large batches first, for each costs this process some time, and ever smaller ones: all workers end together."""
    start = 0
    while start < len(samples):
        size = max(1, min(_MAX_BATCH, (len(samples) - start) // (2 * workers)))
        yield samples[start : start + size]
        start += size


def check_ports(summary: ModelSummary) -> TensorInfo:
    """The one output of the INT8 model, by whose scale it is judged.

    Raises:
        ModelRejected: `multi-output`, or `unsupported-type`: the input or the output is not quantized.
    """
    if len(summary.outputs) != 1:
        raise ModelRejected(
            "multi-output",
            f"The model has {len(summary.outputs)} outputs; only a model with one can be judged.",
            where=summary.file_name,
            remedy="Export the model with the one output that the labels are about.",
        )
    for word, port in (("input", summary.inputs[0]), ("output", summary.outputs[0])):
        if len(port.scale) != 1:
            raise ModelRejected(
                "unsupported-type",
                f"The {word} is {port.dtype} without a scale: its integers stand for no real numbers.",
                where=summary.file_name,
                remedy="Export the model up to its scores, without ARG_MAX or TOP_K behind them."
                if word == "output"
                else "Export the model with a float input, and let quantci quantize it.",
            )
    return summary.outputs[0]


def find_logit(task: str, summary: ModelSummary) -> list[Advice]:
    """Advice `one-logit` when one output is read as a probability, but no sigmoid makes it one."""
    if task != "classification" or int(np.prod(summary.outputs[0].shape)) != 1:
        return []
    last = next((op.op for op in reversed(summary.ops) if op.op not in _MOVES), "")
    if last == "LOGISTIC":
        return []
    text = (
        f"The model's one output is read as the probability of the second class, chosen above 0.5, but it comes from "
        f"{last or 'no op'} and not from a sigmoid. End the model with a sigmoid, or a logit of 0.3 counts as a no."
    )
    return [Advice(code="one-logit", text=text)]


def _check_classes(labels: Sequence[str], port: TensorInfo, where: str) -> None:
    values = int(np.prod(port.shape))
    if len(labels) == values or (values == 1 and len(labels) == 2):
        return
    raise DataRejected(
        "label-mismatch",
        f"The model has {values} outputs (shape {port.shape}), but there are {len(labels)} labels.",
        where=where,
        remedy="Give task.labels one name for each output, in their order.",
    )


def _latency(times_us: NDArray[np.float64], workers: int) -> HostLatency:
    median, p90 = np.percentile(times_us, [50, 90])
    return HostLatency(
        median_us=round(float(median), 3),
        p90_us=round(float(p90), 3),
        iterations=len(times_us),
        warm_up=WARM_UP,
        threads=1,
        workers=workers,
    )
