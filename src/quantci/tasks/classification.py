"""Classification: each sample has one class, and the answer is the class with the largest output."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from quantci.data.labels import infer
from quantci.records.paired import HEADLINES, ClassDelta, Paired
from quantci.records.stage import Advice
from quantci.statistics.paired import ACCURACY_RESAMPLES, accuracy_delta_interval, mcnemar_p
from quantci.statistics.power import smallest_detectable_drop
from quantci.tasks.class_metrics import classification_metrics, confusion_matrix, predict
from quantci.tasks.class_truth import OneClass
from quantci.tasks.doubts import doubt_classes
from quantci.tasks.last_op import last_op
from quantci.tasks.outputs import KeepsOutputs, real_values
from quantci.tasks.shared_labels import common_classes
from quantci.tasks.subsets import shares_by_tag, worst_recall
from quantci.tasks.task import Judgement, ends

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from numpy.typing import NDArray

    from quantci.data.listing import Listing
    from quantci.data.sample import Sample
    from quantci.records.doubt import Doubt
    from quantci.records.model import ModelSummary
    from quantci.tasks.custom import Metric
    from quantci.tasks.shared_labels import Common, Side
    from quantci.tasks.task import Observed


@dataclass(frozen=True)
class Classification(OneClass, KeepsOutputs):
    """See tasks.task.Task.

    Attributes:
        labels: class names; empty if they follow from the set.
        top_k: k of the top-k accuracy.
    """

    kind = "classification"
    empty_remedy = "Add samples of these classes, or remove them from task.labels if the model does not know them."

    labels: tuple[str, ...] = ()
    top_k: int = 3

    def names(self, listing: Listing) -> tuple[str, ...]:
        """The names of its class folders, or those of a CSV."""
        return infer(listing)

    def label_counts(self, values: int) -> set[int]:
        """Two classes for a single output, else one for each."""
        return {2} if values == 1 else {values}

    def in_common(self, samples: Sequence[Sample], base: Side, candidate: Side) -> Common:
        """See common.common_classes()."""
        return common_classes(samples, base, candidate)

    def judge(self, observed: Observed, metrics: Mapping[str, Metric], seed: int) -> Judgement:
        """By the arg-max of the outputs."""
        truth = self.truth_of(observed.samples, observed.labels)
        (output,) = observed.outputs
        values = {step: real_values(rows, output) for step, rows in observed.kept.items()}
        predicted = {step: predict(rows) for step, rows in values.items()}
        first, last = ends(classes == truth for classes in predicted.values())
        ids = [sample.id for sample in observed.samples]
        return Judgement(
            metrics={
                step: classification_metrics(rows, truth, observed.labels, self.top_k, metrics)
                for step, rows in values.items()
            },
            flips={after: int((predicted[before] != predicted[after]).sum()) for before, after in pairwise(predicted)},
            paired=paired_accuracy(first, last, ids=ids, labels=truth, names=observed.labels, seed=seed),
            tags=shares_by_tag(observed.samples, first, last),
        )

    def doubts(self, observed: Observed) -> list[Doubt]:
        """See doubts.doubt_classes()."""
        (output,) = observed.outputs
        predicted = predict(real_values(observed.reference, output))
        truth = self.truth_of(observed.samples, observed.labels)
        confusion = confusion_matrix(predicted, truth, len(observed.labels))
        return doubt_classes(confusion, observed.labels, observed.reference_name)

    def advice(self, summary: ModelSummary) -> list[Advice]:
        """`one-logit` when one output is read as a probability, but no sigmoid makes it one."""
        if int(np.prod(summary.outputs[0].shape)) != 1:
            return []
        last = last_op(summary)
        if last == "LOGISTIC":
            return []
        text = (
            "The model's one output is read as the probability of the second class, chosen above 0.5, but it comes "
            f"from {last or 'no op'} and not from a sigmoid. End the model with a sigmoid, else a logit of 0.3 "
            "counts as no."
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
        metric=HEADLINES["classification"],
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
) -> ClassDelta | None:
    """The class whose recall falls most, of those that have samples."""
    own = [labels == index for index in range(len(names))]
    return worst_recall(
        (name, int(mask.sum()), int(after[mask].sum()) - int(before[mask].sum()))
        for name, mask in zip(names, own, strict=True)
    )
