"""Classification: each sample has one class, and the answer is the class with the largest output."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from quantci.errors import DataRejected
from quantci.records.evaluate import ClassDelta, Paired, TagMetrics
from quantci.records.stage import Advice
from quantci.statistics.paired import ACCURACY_RESAMPLES, accuracy_delta_interval, mcnemar_p
from quantci.statistics.power import smallest_detectable_drop
from quantci.tasks.base import Judgement
from quantci.tasks.class_metrics import classification_metrics, predict
from quantci.tasks.outputs import only_output, real_values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from numpy.typing import NDArray

    from quantci.data.samples import Sample
    from quantci.records.model import ModelSummary, TensorInfo
    from quantci.tasks.base import Observed
    from quantci.tasks.custom import Metric

_MOVES = frozenset({"DEQUANTIZE", "QUANTIZE", "RESHAPE", "SQUEEZE"})  # change no value


@dataclass(frozen=True)
class Classification:
    """See tasks.base.Task.

    Attributes:
        top_k: k of the top-k accuracy.
    """

    top_k: int = 3

    def output_of(self, summary: ModelSummary) -> TensorInfo:
        """The one output: a score for each class, or the probability of the second of two."""
        return only_output(summary, "classification")

    def check_labels(self, labels: Sequence[str], output: TensorInfo, where: str) -> None:
        """Two labels for a single output, else one for each."""
        values = int(np.prod(output.shape))
        if len(labels) == values or (values == 1 and len(labels) == 2):
            return
        raise DataRejected(
            "label-mismatch",
            f"The model has {values} outputs (shape {output.shape}), but there are {len(labels)} labels.",
            where=where,
            remedy="Give task.labels one name for each output, in their order.",
        )

    def keep(
        self, inputs: NDArray[np.float32], raw: NDArray[np.generic], values: NDArray[np.float32]
    ) -> NDArray[np.generic]:
        """The outputs as they are."""
        del inputs, values
        return raw

    def nothing_kept(self, output: TensorInfo, *, is_float: bool) -> NDArray[np.generic]:
        """A row has one value for each output: float32 of the float model, integers of the others."""
        return np.empty((0, int(np.prod(output.shape))), np.float32 if is_float else np.dtype(output.dtype))

    def judge(self, observed: Observed, metrics: Mapping[str, Metric], seed: int) -> Judgement:
        """By the arg-max of the outputs."""
        truth = np.array([sample.label for sample in observed.samples], dtype=np.int64)
        values = {step: real_values(rows, observed.output) for step, rows in observed.kept.items()}
        predicted = {step: predict(rows) for step, rows in values.items()}
        first, *_, last = (classes == truth for classes in predicted.values())
        ids = [sample.id for sample in observed.samples]
        return Judgement(
            metrics={
                step: classification_metrics(rows, truth, observed.labels, self.top_k, metrics)
                for step, rows in values.items()
            },
            flips={after: int((predicted[before] != predicted[after]).sum()) for before, after in pairwise(predicted)},
            paired=paired_accuracy(first, last, ids=ids, labels=truth, names=observed.labels, seed=seed),
            tags=_by_tag(observed.samples, first, last),
        )

    def advice(self, summary: ModelSummary) -> list[Advice]:
        """`one-logit` when one output is read as a probability, but no sigmoid makes it one."""
        if int(np.prod(summary.outputs[0].shape)) != 1:
            return []
        last = next((op.op for op in reversed(summary.ops) if op.op not in _MOVES), "")
        if last == "LOGISTIC":
            return []
        text = (
            "The model's one output is read as the probability of the second class, chosen above 0.5, but it comes "
            f"from {last or 'no op'} and not from a sigmoid. End the model with a sigmoid, or a logit of 0.3 counts "
            "as a no."
        )
        return [Advice(code="one-logit", text=text)]


def paired_accuracy(
    before: NDArray[np.bool_],
    after: NDArray[np.bool_],
    *,
    ids: Sequence[str],
    labels: NDArray[np.integer[Any]],
    names: Sequence[str],
    seed: int,
) -> Paired:
    """Compare two classifiers.

    Args:
        before: which samples the float model gets right, [n], n >= 1.
        after: the same of the quantized model.
        ids: of the samples, [n]; labels: true classes, [n]; names: class names.
        seed: of the bootstrap, 0..2^32-1.
    """
    broken, fixed = before & ~after, after & ~before
    b, f = int(broken.sum()), int(fixed.sum())
    return Paired(
        metric="top1_accuracy",
        delta=(f - b) / len(ids),
        interval=accuracy_delta_interval(b, f, len(ids), seed),
        bootstrap_resamples=ACCURACY_RESAMPLES,
        mcnemar_p=mcnemar_p(b, f),
        broken=np.array(ids)[broken].tolist(),
        fixed=np.array(ids)[fixed].tolist(),
        worst_class=worst_class(before, after, labels, names),
        smallest_detectable_drop=smallest_detectable_drop(len(ids), b + f),
    )


def worst_class(
    before: NDArray[np.bool_], after: NDArray[np.bool_], labels: NDArray[np.integer[Any]], names: Sequence[str]
) -> ClassDelta:
    """The class whose recall falls most (or rises least); of equal ones that with more samples, then the first."""
    deltas = []
    for index, name in enumerate(names):
        own = labels == index
        if support := int(own.sum()):
            change = int(after[own].sum()) - int(before[own].sum())
            deltas.append(ClassDelta(label=name, recall_delta=change / support, support=support))
    return min(deltas, key=lambda one: (one.recall_delta, -one.support))


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
