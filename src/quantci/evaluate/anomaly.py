"""How good an autoencoder is at telling anomalous from normal samples.

As in MLPerf Tiny's anomaly detection (Banbury et al. 2021): a window's score is its mean squared reconstruction error,
a group's (a file's) score is the mean over its windows, and the groups are what is judged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from quantci.errors import DataRejected, ModelRejected
from quantci.evaluate.custom import apply_metrics
from quantci.evaluate.metrics import roc_auc
from quantci.records.evaluate import AnomalyMetrics

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from numpy.typing import NDArray

    from quantci.evaluate.custom import Metric

MAX_FALSE_POSITIVE_RATE = 0.1


class Groups(NamedTuple):
    """Groups in the order of their first windows: names, scores float64 [g], labels int64 [g] (1 is anomalous)."""

    names: list[str]
    scores: NDArray[np.float64]
    labels: NDArray[np.int64]


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
            remedy="Look for overflowing or NaN weights, and for an input range unlike the one of the training.",
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


def partial_auc(
    scores: NDArray[np.floating[Any]],
    labels: NDArray[np.integer[Any]],
    max_false_positive_rate: float = MAX_FALSE_POSITIVE_RATE,
) -> float:
    """Area under the ROC curve up to a false positive rate, so scaled that chance is 0.5 and perfection 1.

    McClish (1989): (1 + (area - chance) / (perfect - chance)) / 2 with chance = f^2 / 2 and perfect = f; the curve is
    interpolated at f. The same as sklearn.metrics.roc_auc_score(max_fpr=f). Scores [n], labels [n] with both kinds.
    """
    false_positives, true_positives = _roc_counts(scores, labels)
    fpr, tpr = false_positives / false_positives[-1], true_positives / true_positives[-1]
    inside = fpr <= max_false_positive_rate  # always a beginning of the curve: fpr never falls
    x = np.append(fpr[inside], max_false_positive_rate)
    y = np.append(tpr[inside], _at(max_false_positive_rate, fpr, tpr))
    area = float((np.diff(x) * (y[1:] + y[:-1])).sum()) / 2
    chance = max_false_positive_rate**2 / 2
    return min(1.0, (1 + (area - chance) / (max_false_positive_rate - chance)) / 2)


def best_threshold(scores: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]]) -> float:
    """Threshold with the largest true minus false positive rate (Youden 1950); `score > threshold` is anomalous.

    It lies halfway between two neighbouring scores. Of equally good ones the highest is taken: fewest false alarms.
    Scores [n], labels [n] with both kinds.
    """
    false_positives, true_positives = _roc_counts(scores, labels)
    gain = true_positives * false_positives[-1] - false_positives * true_positives[-1]
    falling = np.unique(scores.astype(np.float64))[::-1]
    flagged = int(gain[:-1].argmax())  # how many of the distinct scores are above; the first maximum is the highest
    if flagged == 0:
        return float(falling[0])
    above, below = float(falling[flagged - 1]), float(falling[flagged])
    middle = below + (above - below) / 2
    return middle if middle < above else below


def pair_changes(
    before: NDArray[np.floating[Any]], after: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]]
) -> NDArray[np.int8]:
    """Twice the change of "the anomalous one scores higher" for each pair, int8 [anomalous, normal]: -2 to 2.

    A tie is one half. Scores [n], labels [n].
    """
    anomalous, normal = labels == 1, labels != 1
    first, second = (np.sign(scores[anomalous][:, np.newaxis] - scores[normal]) for scores in (before, after))
    change: NDArray[np.int8] = (second - first).astype(np.int8)
    return change


def auc_change(change: NDArray[np.int8]) -> float:
    """Change of the AUC from pair_changes() [anomalous, normal]: their sum in whole numbers, over twice the pairs."""
    return int(change.sum(dtype=np.int64)) / (2 * change.size)


def _roc_counts(
    scores: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """False and true positives, int64 [distinct scores + 1], as the threshold falls from above all scores to below."""
    distinct, place = np.unique(scores, return_inverse=True)
    positives = np.bincount(place[labels == 1], minlength=distinct.size)[::-1]
    negatives = np.bincount(place[labels != 1], minlength=distinct.size)[::-1]
    return np.append(0, negatives.cumsum()).astype(np.int64), np.append(0, positives.cumsum()).astype(np.int64)


def _at(x: float, fpr: NDArray[np.float64], tpr: NDArray[np.float64]) -> float:
    """Height of the curve at x; at a vertical step its upper end, as searchsorted(side="right") finds it."""
    stop = int(np.searchsorted(fpr, x, side="right"))
    if stop == fpr.size:
        return float(tpr[-1])
    return float(np.interp(x, fpr[stop - 1 : stop + 1], tpr[stop - 1 : stop + 1]))
