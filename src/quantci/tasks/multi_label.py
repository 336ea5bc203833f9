"""Several labels: any number of them applies to a sample, and each output is the probability of one."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from quantci.data.labels import check_none_empty, infer_several, resolve_several
from quantci.errors import DataRejected
from quantci.records.metrics import LabelMetrics, MultiLabelMetrics
from quantci.records.paired import HEADLINES, Paired
from quantci.records.stage import Advice
from quantci.records.truth import LabelsTruth
from quantci.statistics.paired import ACCURACY_RESAMPLES, accuracy_delta_interval, mcnemar_p
from quantci.statistics.power import smallest_detectable_drop
from quantci.statistics.roc import average_precision
from quantci.tasks.custom import apply_metrics
from quantci.tasks.doubts import doubt_labels
from quantci.tasks.last_op import last_op
from quantci.tasks.outputs import KeepsOutputs, finite_values
from quantci.tasks.shared_labels import common_values
from quantci.tasks.subsets import shares_by_tag, worst_recall
from quantci.tasks.task import Judgement, ends

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from quantci.data.listing import Listing, Role
    from quantci.data.sample import Sample
    from quantci.records.doubt import Doubt
    from quantci.records.model import ModelSummary
    from quantci.records.truth import Truth
    from quantci.tasks.custom import Metric
    from quantci.tasks.shared_labels import Common, Side
    from quantci.tasks.task import Observed

THRESHOLD: Final = 0.5


@dataclass(frozen=True)
class MultiLabel(KeepsOutputs):
    """See tasks.task.Task.

    Attributes:
        labels: their names; empty if they follow from the set.
    """

    kind = "multi-label"

    labels: tuple[str, ...] = ()

    needs_label = False  # that no label applies is an answer as well
    has_numbers = False

    def names(self, listing: Listing) -> tuple[str, ...]:
        """All that are written in the set, sorted."""
        return infer_several(listing)

    def truths(self, listing: Listing, names: Sequence[str], role: Role) -> list[Truth | None]:
        """The labels of each entry, split by `;`. An evaluation set has a sample for each label."""
        found = resolve_several(listing, names)
        if role == "evaluation":
            if listing.kind == "flat":
                raise DataRejected(
                    "label-mismatch",
                    "The samples of this evaluation set have no labels.",
                    where=listing.where,
                    remedy="Write a manifest.csv whose column `label` has their labels, split by `;`.",
                )
            check_none_empty(
                listing,
                names,
                {index for indices in found for index in indices},
                remedy="Add samples of these labels, or remove them from task.labels if the model does not know them.",
            )
        return [LabelsTruth(indices=indices) for indices in found]

    def fits(self, truth: Truth, labels: Sequence[str]) -> bool:
        """Labels of the list, each once, ascending."""
        return (
            isinstance(truth, LabelsTruth)
            and all(index < len(labels) for index in truth.indices)
            and list(truth.indices) == sorted(set(truth.indices))
        )

    def truth_of(self, samples: Sequence[Sample], labels: Sequence[str]) -> NDArray[np.int64]:
        """1 where a label applies, else 0, [n, labels]."""
        table = np.zeros((len(samples), len(labels)), np.int64)
        for row, sample in enumerate(samples):
            if isinstance(sample.truth, LabelsTruth):
                table[row, list(sample.truth.indices)] = 1
        return table

    def in_common(self, samples: Sequence[Sample], base: Side, candidate: Side) -> Common:
        """See common.common_values()."""
        return common_values(samples, base, candidate)

    def judge(self, observed: Observed, metrics: Mapping[str, Metric], seed: int) -> Judgement:
        """By whether all labels of a sample are right: right or wrong, as a class is, with the same exact tests."""
        truth = self.truth_of(observed.samples, observed.labels)
        (output,) = observed.outputs
        scores = {step: finite_values(rows, output) for step, rows in observed.kept.items()}
        answers = {step: rows >= THRESHOLD for step, rows in scores.items()}
        first, last = ends(answers.values())
        before, after = ((given == (truth == 1)).all(axis=1) for given in (first, last))
        broken, fixed = before & ~after, after & ~before
        b, f, ids = int(broken.sum()), int(fixed.sum()), np.array([sample.id for sample in observed.samples])
        worst = worst_recall(
            (name, int(own.sum()), int(last[own, index].sum()) - int(first[own, index].sum()))
            for index, name in enumerate(observed.labels)
            for own in [truth[:, index] == 1]
        )
        return Judgement(
            metrics={step: label_metrics(rows, truth, observed.labels, metrics) for step, rows in scores.items()},
            flips={
                later: int((answers[earlier] != answers[later]).any(axis=1).sum())
                for earlier, later in pairwise(answers)
            },
            paired=Paired(
                metric=HEADLINES["multi-label"],
                delta=(f - b) / len(ids),
                interval=accuracy_delta_interval(b, f, len(ids), seed),
                bootstrap_resamples=ACCURACY_RESAMPLES,
                mcnemar_p=mcnemar_p(b, f),
                broken=ids[broken].tolist(),
                fixed=ids[fixed].tolist(),
                worst_class=worst,
                smallest_detectable_drop=smallest_detectable_drop(len(ids), b + f),
            ),
            tags=shares_by_tag(observed.samples, before, after),
        )

    def doubts(self, observed: Observed) -> list[Doubt]:
        """See doubts.doubt_labels()."""
        (output,) = observed.outputs
        truth = self.truth_of(observed.samples, observed.labels)
        answers = finite_values(observed.reference, output) >= THRESHOLD
        return doubt_labels(answers, truth == 1, observed.labels, observed.reference_name)

    def advice(self, summary: ModelSummary) -> list[Advice]:
        """`logits` if the outputs are read as probabilities, but do not come from a sigmoid."""
        last = last_op(summary)
        if last == "LOGISTIC":
            return []
        text = (
            f"Each output is read as the probability of a label, predicted from 0.5 on, but it comes from "
            f"{last or 'no op'} and not from a sigmoid. End the model with a sigmoid."
        )
        return [Advice(code="logits", text=text)]


def label_metrics(
    scores: NDArray[np.float64], truth: NDArray[np.int64], names: Sequence[str], custom: Mapping[str, Metric]
) -> MultiLabelMetrics:
    """Metrics of one model: probabilities and truth (0 or 1), both [n, labels]; some label applies to some sample.

    Own metrics, by module:function, are called with (probabilities float64 [n, labels], truth int64 [n, labels]).
    """
    given = scores >= THRESHOLD
    per_class = [_one_label(name, scores[:, index], truth[:, index]) for index, name in enumerate(names)]
    known = [one for one in per_class if one.f1 is not None and one.average_precision is not None]
    hits = int((given & (truth == 1)).sum())
    return MultiLabelMetrics(
        exact_match=int((given == (truth == 1)).all(axis=1).sum()) / len(truth),
        label_accuracy=int((given == (truth == 1)).sum()) / truth.size,
        macro_f1=sum(one.f1 or 0.0 for one in known) / len(known),
        micro_f1=2 * hits / (int(given.sum()) + int(truth.sum())),
        mean_average_precision=sum(one.average_precision or 0.0 for one in known) / len(known),
        per_class=per_class,
        custom=apply_metrics(custom, scores, truth),
    )


def _one_label(name: str, scores: NDArray[np.float64], truth: NDArray[np.int64]) -> LabelMetrics:
    given = scores >= THRESHOLD
    hits, support, predicted = int((given & (truth == 1)).sum()), int(truth.sum()), int(given.sum())
    return LabelMetrics(
        label=name,
        support=support,
        recall=hits / support if support else None,
        precision=hits / predicted if predicted else None,
        f1=2 * hits / (support + predicted) if support else None,
        average_precision=average_precision(scores, truth),
    )
