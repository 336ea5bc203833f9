"""Whether a model knows more than chance, by the lower end of a 95 % interval. Nothing here compares two models."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from quantci.statistics.paired import mcnemar_p
from quantci.statistics.power import Z_LEVEL

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray


def is_most(hits: int, samples: int, tries: int = 1) -> bool:
    """Whether more than half of such samples are hits beyond doubt: the exact sign test at 5 %, two-sided.

    Args:
        hits: of the samples; 6 of 6 are enough, 5 of 5 are not.
        samples: that were looked at.
        tries: how many such questions are asked of one set: each is then asked at 5 % / tries (Bonferroni).
    """
    return 2 * hits > samples and mcnemar_p(samples - hits, hits) < 0.05 / tries


def informedness_low(hits: NDArray[np.int64], samples: NDArray[np.int64]) -> float:
    """Lower end for the mean recall of k classes, scaled so that answering without looking is 0 and perfection 1.

    This is the mean of the k recalls, less 1.96 standard errors, as (mean - 1/k) / (1 - 1/k): Youden's J for two
    classes. The error of a recall is that of (hits + 1) / (samples + 2), which is not 0 for a perfect one.
    """
    k = len(samples)
    smoothed = (hits + 1) / (samples + 2)
    error = math.sqrt(float((smoothed * (1 - smoothed) / (samples + 2)).sum())) / k
    mean = float((hits / samples).mean()) - Z_LEVEL * error
    return (mean - 1 / k) / (1 - 1 / k)


def r2_low(truth: NDArray[np.float64], answers: NDArray[np.float64]) -> float:
    """Lower end for R^2, the mean over d outputs; truth and answers [n, d], no output's truth all the same.

    R^2 is 1 less the ratio of two means over the samples, error and spread, each squared; the standard error of such a
    ratio is that of error - ratio * spread, divided by the mean spread (the delta method).
    """
    error, spread = (answers - truth) ** 2, (truth - truth.mean(axis=0)) ** 2
    ratio = error.mean(axis=0) / spread.mean(axis=0)
    rest = ((error - ratio * spread) / spread.mean(axis=0)).mean(axis=1)
    return float(1 - ratio.mean() - Z_LEVEL * rest.std() / math.sqrt(len(rest)))


def auc_interval(scores: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]]) -> tuple[float, float]:
    """95 % interval of the area under the ROC curve by DeLong (1988); scores [n], labels [n] in {0, 1}, both there.

    The area is the mean over the positives of the share of negatives that each one scores above, ties one half, and the
    same the other way round; both sets of shares have a variance. Without any (separated perfectly) it has no width.
    """
    positive, negative = np.sort(scores[labels == 1]), np.sort(scores[labels != 1])
    above = _share_below(positive, negative)
    below = 1 - _share_below(negative, positive)
    error = math.sqrt(above.var() / len(above) + below.var() / len(below))
    area = float(above.mean())
    return max(0.0, area - Z_LEVEL * error), min(1.0, area + Z_LEVEL * error)


def _share_below(values: NDArray[np.floating[Any]], others: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """For each value the share of the sorted others that are below it, equal ones counted one half."""
    less, not_more = others.searchsorted(values, "left"), others.searchsorted(values, "right")
    share: NDArray[np.float64] = (less + not_more) / (2 * len(others))
    return share
