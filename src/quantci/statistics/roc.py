"""The area under the ROC curve of scores, parts of it, and how it changes from one model to another."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

MAX_FALSE_POSITIVE_RATE: Final = 0.1


def roc_auc(scores: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]]) -> float | None:
    """Area under the ROC curve of scores [n] for labels [n] in {0, 1}; None when only one of the two is there.

    It is the chance that a sample of class 1 scores above one of class 0, ties counted one half: U / (m n) of Mann and
    Whitney (1947), by mid-ranks. All terms are multiples of 1/2, so the sum is exact.
    """
    positive = labels == 1
    m, n = int(positive.sum()), int((~positive).sum())
    if m == 0 or n == 0:
        return None
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    mid_rank = np.cumsum(counts) - (counts - 1) / 2
    return float(mid_rank[place[positive]].sum() - m * (m + 1) / 2) / (m * n)


def average_precision(scores: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]]) -> float | None:
    """Sum over the thresholds of (recall gained) x (precision) as the threshold falls; None without a positive.

    Equal scores fall below the threshold together: nothing is interpolated. The same as
    sklearn.metrics.average_precision_score. Scores [n], labels [n] in {0, 1}.
    """
    if not (labels == 1).any():
        return None
    false_positives, true_positives = _roc_counts(scores, labels)
    gained = np.diff(true_positives)
    precision = true_positives[1:] / (true_positives[1:] + false_positives[1:])
    return min(1.0, math.fsum((gained * precision).tolist()) / int(true_positives[-1]))


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
