"""What a recipe costs by the task's metric on the samples that it is chosen on: by labels, or by float's answers.

It decides whether dear steps are needed, and people read it. What is chosen by is the score: a metric of a few samples
is too coarse for that.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from quantci.errors import QuantciError
from quantci.records.ladder import Estimate
from quantci.records.paired import HEADLINES
from quantci.records.truth import ClassTruth, LabelsTruth, ValuesTruth
from quantci.tasks.class_metrics import predict
from quantci.tasks.multi_label import THRESHOLD
from quantci.tasks.task import Observed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from quantci.data.sample import Sample
    from quantci.quantize.ladder.held_back import HeldBack
    from quantci.records.model import ModelSummary, TensorInfo
    from quantci.records.paired import HeadlineMetric
    from quantci.records.truth import Truth
    from quantci.tasks.task import Task

_FLOAT, _INT8 = "float", "int8"


class Right(NamedTuple):
    """What counts as right about the samples.

    Attributes:
        truth: where it comes from.
        metric: the metric of the task.
        float_metric: of the float model by it; None until it was computed once.
        samples: with their right answers.
        labels: class names by index.
    """

    truth: Literal["labels", "float-model"]
    metric: HeadlineMetric
    samples: list[Sample]
    labels: Sequence[str]


def right_answers(held: HeldBack, kind: str, task: Task) -> Right | None:
    """By the labels where every sample has one that fits the model, else by the float model; None without either.

    An anomaly has no answer of its own, and calibration samples are of one kind: only a tuning set tells of it.

    Args:
        held: the samples.
        kind: the task's word in quantci.toml.
        task: the task.
    """
    answers = held.values.shape[1]
    names = held.labels if len(held.labels) in _label_counts(kind, answers) else _numbered(kind, answers)
    is_labelled = names is held.labels and all(
        sample.truth is not None and task.fits(sample.truth, names) for sample in held.samples
    )
    if is_labelled and (kind != "anomaly" or held.chosen_on == "tuning-set"):
        return Right("labels", HEADLINES[kind], held.samples, names)
    if kind == "anomaly" or held.kept.shape[1] != answers:
        return None
    truths = _float_answers(kind, held.values)
    samples = [replace(sample, truth=truth) for sample, truth in zip(held.samples, truths, strict=True)]
    return Right("float-model", HEADLINES[kind], samples, names)


def estimate(
    right: Right, task: Task, summary: ModelSummary, *, before: NDArray[np.generic], after: NDArray[np.generic]
) -> tuple[float, Estimate] | None:
    """The float model's metric and what INT8 has of it; None where the task cannot judge these samples.

    Args:
        right: the samples and their answers.
        task: the task.
        summary: of the INT8 model.
        before: what the task keeps of the float model's outputs, [n, k].
        after: the same of the INT8 model.
    """
    try:
        outputs: Sequence[TensorInfo] = task.outputs_of(summary)
        judged = task.judge(Observed(right.samples, {_FLOAT: before, _INT8: after}, right.labels, outputs), {}, 0)
    except (QuantciError, ZeroDivisionError):  # an answer that is the same for every sample, a label that none has
        return None
    first, last = (float(getattr(judged.metrics[step], right.metric)) for step in (_FLOAT, _INT8))
    return first, Estimate(value=last, delta=judged.paired.delta, interval=judged.paired.interval)


def _label_counts(kind: str, answers: int) -> set[int]:
    if kind == "classification":
        return {2} if answers == 1 else {answers}
    return {2} if kind == "anomaly" else {answers}


def _numbered(kind: str, answers: int) -> tuple[str, ...]:
    return tuple(str(index) for index in range(max(_label_counts(kind, answers))))


def _float_answers(kind: str, values: NDArray[np.float32]) -> list[Truth]:
    if kind == "classification":
        return [ClassTruth(index=int(index)) for index in predict(values)]
    if kind == "multi-label":
        return [LabelsTruth(indices=tuple(np.flatnonzero(row >= THRESHOLD).tolist())) for row in values]
    return [ValuesTruth(values=tuple(row.tolist())) for row in values.astype(np.float64)]
