"""From the outputs of the steps to the record: metrics of each step, agreement between them, paired statistics."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from quantci.evaluate.agreement import side_changes, summarize
from quantci.evaluate.anomaly import anomaly_metrics, best_threshold, group_means
from quantci.evaluate.metrics import classification_metrics, predict
from quantci.evaluate.paired import paired_accuracy, paired_auc
from quantci.evaluate.score import STEPS
from quantci.records.evaluate import Agreement, Metrics, Paired, Step, TagMetrics
from quantci.tflite.fixed_point import dequantize

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from quantci.data.samples import Sample
    from quantci.evaluate.custom import Metric
    from quantci.records.evaluate import HostLatency
    from quantci.records.model import TensorInfo


class Judged(NamedTuple):
    """What the record says about the samples."""

    steps: list[Step]
    paired: Paired
    tags: list[TagMetrics]


def judge_classification(
    samples: Sequence[Sample],
    outputs: dict[str, NDArray[np.generic]],
    differences: dict[str, NDArray[np.float64]],
    *,
    interpreters: Mapping[str, str],
    latency: Mapping[str, HostLatency],
    labels: Sequence[str],
    port: TensorInfo,
    top_k: int,
    metrics: Mapping[str, Metric],
    seed: int,
) -> Judged:
    """Judge by the arg-max of the outputs.

    Args:
        samples: in the order of the outputs, [n].
        outputs: by step, [n, classes]: float32, then integers.
        differences: by INT8 step, [n, 4], see sample_differences().
        interpreters: their names by step.
        latency: by step.
        labels: class names.
        port: the INT8 model's output: its scale and zero point turn integers into values.
        top_k: k of the top-k accuracy.
        metrics: own metrics by module:function.
        seed: of the bootstrap.
    """
    truth = np.array([sample.label for sample in samples], dtype=np.int64)
    values = {step: _values(array, port) for step, array in outputs.items()}
    predicted = {step: predict(array) for step, array in values.items()}
    right = {step: classes == truth for step, classes in predicted.items()}
    agreements: dict[str, Agreement | None] = {STEPS[0]: None}
    for before, after in pairwise(STEPS):
        flips = int((predicted[before] != predicted[after]).sum())
        agreements[after] = summarize(differences[after], flips=flips, is_raw=before != STEPS[0])
    scores: dict[str, Metrics] = {
        step: classification_metrics(array, truth, labels, top_k, metrics) for step, array in values.items()
    }
    ids = [sample.id for sample in samples]
    paired = paired_accuracy(right[STEPS[0]], right[STEPS[-1]], ids=ids, labels=truth, names=labels, seed=seed)
    tags = _by_tag(samples, right[STEPS[0]], right[STEPS[-1]])
    return Judged(_steps(interpreters, scores, agreements, latency), paired, tags)


def judge_anomaly(
    samples: Sequence[Sample],
    outputs: dict[str, NDArray[np.generic]],
    differences: dict[str, NDArray[np.float64]],
    *,
    interpreters: Mapping[str, str],
    latency: Mapping[str, HostLatency],
    labels: Sequence[str],
    port: TensorInfo,
    top_k: int,
    metrics: Mapping[str, Metric],
    seed: int,
) -> Judged:
    """Judge by the mean score of each group; arguments as in judge_classification(), outputs are scores [n, 1]."""
    del labels, port, top_k
    truth = np.array([sample.label for sample in samples], dtype=np.int64)
    names = [sample.group for sample in samples]
    windows = {step: array.astype(np.float64).reshape(-1) for step, array in outputs.items()}
    groups = {step: group_means(scores, truth, names) for step, scores in windows.items()}
    # The threshold that would be deployed is the float model's; it also tells which groups an INT8 model breaks.
    threshold = best_threshold(groups[STEPS[0]].scores, groups[STEPS[0]].labels)
    agreements: dict[str, Agreement | None] = {STEPS[0]: None}
    for before, after in pairwise(STEPS):
        flips = side_changes(groups[before].scores, groups[after].scores, threshold)
        agreements[after] = summarize(differences[after], flips=flips, is_raw=before != STEPS[0])
    scores: dict[str, Metrics] = {step: anomaly_metrics(means, metrics) for step, means in groups.items()}
    first, last = groups[STEPS[0]], groups[STEPS[-1]]
    paired = paired_auc(first.scores, last.scores, ids=first.names, labels=first.labels, threshold=threshold, seed=seed)
    return Judged(_steps(interpreters, scores, agreements, latency), paired, [])


def _steps(
    interpreters: Mapping[str, str],
    metrics: Mapping[str, Metrics],
    agreements: Mapping[str, Agreement | None],
    latency: Mapping[str, HostLatency],
) -> list[Step]:
    return [
        Step(
            name=step,
            interpreter=interpreters[step],
            metrics=metrics[step],
            agreement=agreements[step],
            host_latency=latency[step],
        )
        for step in STEPS
    ]


def _values(outputs: NDArray[np.generic], port: TensorInfo) -> NDArray[np.float32]:
    if np.issubdtype(outputs.dtype, np.integer):
        return dequantize(outputs, port.scale[0], port.zero_point[0])
    return outputs.astype(np.float32)


def _by_tag(samples: Sequence[Sample], before: NDArray[np.bool_], after: NDArray[np.bool_]) -> list[TagMetrics]:
    rows = []
    for tag in sorted({tag for sample in samples for tag in sample.tags}):
        own = np.array([tag in sample.tags for sample in samples])
        rows.append(
            TagMetrics(
                tag=tag,
                samples=int(own.sum()),
                float_accuracy=float(before[own].mean()),
                quantized_accuracy=float(after[own].mean()),
            )
        )
    return rows
