"""Anomaly detection by an autoencoder: the worse a sample is reconstructed, the more likely it is anomalous.

As in MLPerf Tiny's anomaly detection (Banbury et al. 2021): a window's score is its mean squared reconstruction error,
a group's (a file's) score is the mean over its windows, and the groups are what is judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from quantci.errors import DataRejected, ModelRejected
from quantci.records.metrics import AnomalyMetrics
from quantci.records.paired import HEADLINES, Paired
from quantci.statistics.agreement import side_changes
from quantci.statistics.paired import AUC_RESAMPLES, auc_delta_interval
from quantci.statistics.power import smallest_detectable_by_interval
from quantci.statistics.roc import auc_change, best_threshold, pair_changes, partial_auc, roc_auc
from quantci.tasks.class_truth import OneClass
from quantci.tasks.custom import apply_metrics
from quantci.tasks.doubts import doubt_scores
from quantci.tasks.outputs import only_output
from quantci.tasks.shared_labels import all_of
from quantci.tasks.task import Judgement, ends

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from numpy.typing import NDArray

    from quantci.data.listing import Listing
    from quantci.data.sample import Sample
    from quantci.records.doubt import Doubt
    from quantci.records.model import ModelSummary, TensorInfo
    from quantci.records.stage import Advice
    from quantci.tasks.custom import Metric
    from quantci.tasks.shared_labels import Common, Side
    from quantci.tasks.task import Observed

LABELS: Final = ("normal", "anomaly")  # MLPerf Tiny: 0 is normal, 1 is anomalous


class Groups(NamedTuple):
    """Groups in the order of their first windows: names, scores float64 [g], labels int64 [g] (1 is anomalous)."""

    names: list[str]
    scores: NDArray[np.float64]
    labels: NDArray[np.int64]


@dataclass(frozen=True)
class Anomaly(OneClass):
    """See tasks.task.Task.

    Attributes:
        labels: the words for normal and for anomalous.
    """

    empty_remedy = "Add files of this kind: without them there is nothing to tell apart."

    labels: tuple[str, ...] = LABELS

    def names(self, listing: Listing) -> tuple[str, ...]:
        """The two labels, whatever the set says."""
        del listing
        return self.labels

    def to_calibrate(self, labels: Sequence[str]) -> Sequence[str]:
        """Normal alone: an autoencoder is trained on it, and what is anomalous need not keep its values."""
        return labels[:1]

    def outputs_of(self, summary: ModelSummary) -> Sequence[TensorInfo]:
        """The one output: the reconstruction."""
        return [only_output(summary, "anomaly")]

    def check_labels(self, labels: Sequence[str], outputs: Sequence[TensorInfo], where: str) -> None:
        """The two labels say nothing about the output."""

    def keep(
        self, inputs: NDArray[np.float32], raw: Sequence[NDArray[np.generic]], values: Sequence[NDArray[np.float32]]
    ) -> NDArray[np.generic]:
        """The score alone, float64 [n, 1]: a reconstruction is as large as its input."""
        del raw
        (reconstruction,) = values
        return reconstruction_score(inputs, reconstruction).reshape(-1, 1)

    def nothing_kept(self, outputs: Sequence[TensorInfo], *, is_float: bool) -> NDArray[np.generic]:
        """A row is one score, whatever the step."""
        del outputs, is_float
        return np.empty((0, 1), np.float64)

    def in_common(self, samples: Sequence[Sample], base: Side, candidate: Side) -> Common:
        """All samples: a score means the same whatever the labels are called."""
        return all_of(samples, base.kept, candidate.kept, candidate.labels)

    def judge(self, observed: Observed, metrics: Mapping[str, Metric], seed: int) -> Judgement:
        """By the mean score of each group."""
        truth = self.truth_of(observed.samples, observed.labels)
        names = [sample.group for sample in observed.samples]
        groups = {
            step: group_means(rows.astype(np.float64).reshape(-1), truth, names) for step, rows in observed.kept.items()
        }
        first, last = ends(groups.values())
        # The threshold that would be deployed is the float model's; it also decides which groups an INT8 model breaks.
        threshold = best_threshold(first.scores, first.labels)
        return Judgement(
            metrics={step: anomaly_metrics(means, metrics) for step, means in groups.items()},
            flips={
                after: side_changes(groups[before].scores, groups[after].scores, threshold)
                for before, after in pairwise(groups)
            },
            paired=paired_auc(
                first.scores, last.scores, ids=first.names, labels=first.labels, threshold=threshold, seed=seed
            ),
            tags=[],
        )

    def doubts(self, observed: Observed) -> list[Doubt]:
        """See doubts.doubt_scores()."""
        truth = self.truth_of(observed.samples, observed.labels)
        names = [sample.group for sample in observed.samples]
        groups = group_means(observed.reference.astype(np.float64).reshape(-1), truth, names)
        return doubt_scores(groups.scores, groups.labels, self.labels, observed.reference_name)

    def advice(self, summary: ModelSummary) -> list[Advice]:
        """None."""
        del summary
        return []


def reconstruction_score(
    original: NDArray[np.floating[Any]], reconstructed: NDArray[np.floating[Any]]
) -> NDArray[np.float64]:
    """Mean squared error, float64 [n], of reconstructions [n, d] of inputs [n, d]."""
    difference = reconstructed.astype(np.float64) - original.astype(np.float64)
    squares: NDArray[np.float64] = np.einsum("nd,nd->n", difference, difference)
    squares /= difference.shape[1]
    return squares


def group_means(scores: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]], groups: Sequence[str]) -> Groups:
    """Mean score of each group of windows.

    Args:
        scores: score of each window, [n].
        labels: 1 for anomalous, 0 for normal, [n].
        groups: name of each window's group, [n]; the sample's own id where windows stand alone.

    Raises:
        DataRejected: `group-labels`: a group has normal and anomalous windows; `one-label`: all groups are of one kind.
        ModelRejected: `not-finite`: a score is NaN or infinite.
    """
    if not np.isfinite(scores).all():
        raise ModelRejected(
            "not-finite",
            f"The anomaly score is NaN or infinite for {int((~np.isfinite(scores)).sum())} samples.",
            remedy="Look for overflowing or NaN weights, and for an input range that differs from training.",
        )
    places: dict[str, int] = {}
    place = np.array([places.setdefault(name, len(places)) for name in groups], dtype=np.int64)
    windows = np.bincount(place)
    anomalous = np.bincount(place, weights=labels == 1)
    names = list(places)
    mixed = np.flatnonzero((anomalous > 0) & (anomalous < windows))
    if mixed.size:
        raise DataRejected(
            "group-labels",
            "This group has normal and anomalous windows.",
            where=names[mixed[0]],
            remedy="Give all windows of a group one label, or split the group.",
        )
    if not 0 < int((anomalous > 0).sum()) < len(names):
        raise DataRejected(
            "one-label",
            f"All {len(names)} groups are {'anomalous' if anomalous.any() else 'normal'}: nothing to tell apart.",
            remedy="Add groups of the other kind to the evaluation set.",
        )
    means = np.bincount(place, weights=scores.astype(np.float64)) / windows
    return Groups(names, means, (anomalous > 0).astype(np.int64))


def anomaly_metrics(groups: Groups, custom: Mapping[str, Metric]) -> AnomalyMetrics:
    """Metrics of one model over groups of windows, as group_means() gives them.

    Own metrics, by module:function, are called with (group scores float64 [g, 1], labels int64 [g]).
    """
    _, means, kinds = groups
    area = roc_auc(means, kinds)
    assert area is not None  # group_means has refused a set of one label
    return AnomalyMetrics(
        roc_auc=area,
        partial_auc=partial_auc(means, kinds),
        normal_groups=int((kinds == 0).sum()),
        anomalous_groups=int((kinds == 1).sum()),
        mean_score_normal=float(means[kinds == 0].mean()),
        mean_score_anomalous=float(means[kinds == 1].mean()),
        custom=apply_metrics(custom, means[:, np.newaxis], kinds),
    )


def paired_auc(
    before: NDArray[np.floating[Any]],
    after: NDArray[np.floating[Any]],
    *,
    ids: Sequence[str],
    labels: NDArray[np.integer[Any]],
    threshold: float,
    seed: int,
) -> Paired:
    """Compare two anomaly scores [g] of the same groups, labels [g] in {0, 1} with both kinds present.

    Broken and fixed are judged at `threshold`: a score above it is called anomalous.
    """
    right_before, right_after = ((scores > threshold) == (labels == 1) for scores in (before, after))
    interval = auc_delta_interval(before, after, labels, seed)
    return Paired(
        metric=HEADLINES["anomaly"],
        delta=auc_change(pair_changes(before, after, labels)),
        interval=interval,
        bootstrap_resamples=AUC_RESAMPLES,
        mcnemar_p=None,
        broken=np.array(ids)[right_before & ~right_after].tolist(),
        fixed=np.array(ids)[right_after & ~right_before].tolist(),
        worst_class=None,
        smallest_detectable_drop=smallest_detectable_by_interval(interval),
    )
