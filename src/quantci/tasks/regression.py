"""Regression: each output is a number in the units of the training."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from quantci.data.culprits import counted
from quantci.errors import DataRejected
from quantci.records.metrics import RegressionMetrics, ValueMetrics
from quantci.records.paired import HEADLINES, Paired
from quantci.records.truth import ValuesTruth
from quantci.statistics.paired import R2_RESAMPLES, r2_delta_interval
from quantci.statistics.power import smallest_detectable_by_interval
from quantci.tasks.custom import apply_metrics
from quantci.tasks.doubts import doubt_values
from quantci.tasks.outputs import KeepsOutputs, finite_values
from quantci.tasks.shared_labels import common_values
from quantci.tasks.subsets import by_tag
from quantci.tasks.task import Judgement, ends

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from quantci.data.listing import Listing, Role
    from quantci.data.sample import Sample
    from quantci.records.doubt import Doubt
    from quantci.records.truth import Truth
    from quantci.tasks.custom import Metric
    from quantci.tasks.shared_labels import Common, Side
    from quantci.tasks.task import Observed

FLIP: Final = 0.1  # an answer that moves by more than this share of the truth's standard deviation is another answer


@dataclass(frozen=True)
class Regression(KeepsOutputs):
    """See tasks.task.Task.

    Attributes:
        labels: names of the outputs; empty where they are numbered.
    """

    kind = "regression"

    labels: tuple[str, ...] = ()

    needs_label = True
    has_numbers = True

    def names(self, listing: Listing) -> tuple[str, ...]:
        """Numbers, as many as the first label has."""
        first = next((entry.label for entry in listing.entries if entry.label is not None), "")
        return tuple(f"output {index}" for index in range(len(first.split(";")) if first else 0))

    def truths(self, listing: Listing, names: Sequence[str], role: Role) -> list[Truth | None]:
        """The numbers that a manifest has as its label, split by `;`; a folder per class has none."""
        if listing.kind != "manifest":
            if role == "evaluation":
                raise DataRejected(
                    "label-mismatch",
                    "A regression needs a number for each sample, and this set has class folders or none.",
                    where=listing.where,
                    remedy="Write a manifest.csv whose column `label` has the number, or several split by `;`.",
                )
            return [None] * len(listing.entries)
        truths = [None if entry.label is None else _numbers(entry.label, len(names)) for entry in listing.entries]
        if wrong := [
            f"{entry.id}: {entry.label}"
            for entry, truth in zip(listing.entries, truths, strict=True)
            if entry.label is not None and truth is None
        ]:
            raise DataRejected(
                "label-mismatch",
                f"Labels that are not {len(names)} finite numbers {counted(wrong)}.",
                where=listing.where,
                remedy="Write one number for each output of the model, split by `;`, with a point for decimals.",
            )
        return list(truths)

    def fits(self, truth: Truth, labels: Sequence[str]) -> bool:
        """A finite number for each output."""
        return (
            isinstance(truth, ValuesTruth)
            and len(truth.values) == len(labels)
            and all(math.isfinite(value) for value in truth.values)
        )

    def truth_of(self, samples: Sequence[Sample], labels: Sequence[str]) -> NDArray[np.float64]:
        """The numbers, [n, d]."""
        del labels
        return np.array(
            [sample.truth.values for sample in samples if isinstance(sample.truth, ValuesTruth)], dtype=np.float64
        )

    def in_common(self, samples: Sequence[Sample], base: Side, candidate: Side) -> Common:
        """See common.common_values()."""
        return common_values(samples, base, candidate)

    def judge(self, observed: Observed, metrics: Mapping[str, Metric], seed: int) -> Judgement:
        """By R^2, whose delta needs no unit."""
        truth = self.truth_of(observed.samples, observed.labels)
        deviation = truth.std(axis=0)
        if constant := [name for name, own in zip(observed.labels, _varies(truth), strict=True) if not own]:
            raise DataRejected(
                "one-label",
                f"Outputs whose right answer is the same for every sample {counted(constant)}: nothing to tell apart.",
                remedy="Evaluate on samples whose values differ.",
            )
        (output,) = observed.outputs
        answers = {step: finite_values(rows, output) for step, rows in observed.kept.items()}
        first, last = ends(answers.values())
        found = {step: regression_metrics(rows, truth, observed.labels, metrics) for step, rows in answers.items()}
        interval = r2_delta_interval(truth, first, last, seed)

        def r2(own: NDArray[np.bool_]) -> tuple[float | None, float | None]:
            if not _varies(truth[own]).all():
                return None, None
            of_float, of_int8 = (
                regression_metrics(rows[own], truth[own], observed.labels, {}).r2 for rows in (first, last)
            )
            return of_float, of_int8

        before, *_, after = found.values()
        return Judgement(
            metrics=dict(found),
            flips={
                later: int((np.abs(answers[later] - answers[earlier]) > FLIP * deviation).any(axis=1).sum())
                for earlier, later in pairwise(answers)
            },
            paired=Paired(
                metric=HEADLINES["regression"],
                delta=after.r2 - before.r2,
                interval=interval,
                bootstrap_resamples=R2_RESAMPLES,
                mcnemar_p=None,
                broken=[],
                fixed=[],
                worst_class=None,
                smallest_detectable_drop=smallest_detectable_by_interval(interval),
            ),
            tags=by_tag(observed.samples, r2),
        )

    def doubts(self, observed: Observed) -> list[Doubt]:
        """See doubts.doubt_values()."""
        (output,) = observed.outputs
        truth = self.truth_of(observed.samples, observed.labels)
        answers = finite_values(observed.reference, output)
        return doubt_values(answers, truth, observed.labels, observed.reference_name)


def regression_metrics(
    answers: NDArray[np.float64], truth: NDArray[np.float64], names: Sequence[str], custom: Mapping[str, Metric]
) -> RegressionMetrics:
    """Metrics of one model: answers and truth [n, d], the truth of each output not all the same.

    Sums are exact until one rounding (math.fsum), so no order of summation shows. Own metrics, by module:function, are
    called with (answers float64 [n, d], truth float64 [n, d]).
    """
    error = answers - truth
    outputs = []
    for index, name in enumerate(names):
        own, right = error[:, index], truth[:, index]
        squares = math.fsum((own**2).tolist())
        spread = math.fsum(((right - math.fsum(right.tolist()) / len(right)) ** 2).tolist())
        outputs.append(
            ValueMetrics(
                name=name,
                mae=math.fsum(np.abs(own).tolist()) / len(own),
                rmse=math.sqrt(squares / len(own)),
                r2=1 - squares / spread,
            )
        )
    return RegressionMetrics(
        r2=math.fsum(one.r2 for one in outputs) / len(outputs),
        mae=math.fsum(one.mae for one in outputs) / len(outputs),
        rmse=math.sqrt(math.fsum(one.rmse**2 for one in outputs) / len(outputs)),
        outputs=outputs,
        custom=apply_metrics(custom, answers, truth),
    )


def _varies(truth: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Of each output, whether its right answers [n, d] differ: otherwise it has no R^2.

    The deviation alone does not say it: that of three times 0.1 is 1e-17.
    """
    differs: NDArray[np.bool_] = (np.ptp(truth, axis=0) > 0) & (truth.std(axis=0) > 0)
    return differs


def _numbers(label: str, count: int) -> ValuesTruth | None:
    try:
        values = tuple(float(word) for word in label.split(";"))
    except ValueError:
        return None
    is_usable = len(values) == count and all(map(math.isfinite, values))
    return ValuesTruth(values=values) if is_usable else None
