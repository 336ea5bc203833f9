"""How good one model is at classification.

A sample is given the class with the largest output; of equal outputs the first (lowest index) wins, which is what
np.argmax, TFLM's examples and most firmware do. INT8 outputs are often equal, so the rule matters and is the same
everywhere here. A model with one output answers a question of two classes: the output is the probability of class 1,
and class 1 is chosen above 0.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quantci.errors import ModelRejected
from quantci.records.metrics import ClassificationMetrics, ClassMetrics
from quantci.statistics.roc import roc_auc
from quantci.tasks.custom import apply_metrics

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from numpy.typing import NDArray

    from quantci.tasks.custom import Metric


def class_scores(outputs: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Outputs [n, classes] as float64; one sigmoid output p [n, 1] becomes the two columns [1 - p, p].

    Raises:
        ModelRejected: `not-finite`: NaN or infinite outputs have no order.
    """
    scores = outputs.astype(np.float64)
    if not np.isfinite(scores).all():
        raise ModelRejected(
            "not-finite",
            f"The model's output is NaN or infinite for {int((~np.isfinite(scores)).any(axis=1).sum())} samples.",
            remedy="Look for overflowing or NaN weights, and for an input range that differs from training.",
        )
    return np.hstack([1 - scores, scores]) if scores.shape[1] == 1 else scores


def predict(outputs: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
    """Class [n] for outputs [n, classes] or [n, 1]: arg-max, the first of equal ones."""
    classes: NDArray[np.int64] = class_scores(outputs).argmax(axis=1).astype(np.int64)
    return classes


def classification_metrics(
    outputs: NDArray[np.floating[Any]],
    labels: NDArray[np.integer[Any]],
    names: Sequence[str],
    top_k: int,
    custom: Mapping[str, Metric],
) -> ClassificationMetrics:
    """Metrics of one model.

    Args:
        outputs: dequantized outputs, [n, classes], or [n, 1] for a sigmoid; n >= 1. For two classes the AUC takes the
            last column as score, so they should be probabilities.
        labels: true classes, [n], each in 0..classes-1.
        names: class names in the order of the outputs.
        top_k: k of the top-k accuracy; capped at the number of classes.
        custom: own metrics by module:function; called with (scores float64 [n, classes], labels int64 [n]).
    """
    scores = class_scores(outputs)
    _check(scores, labels, names)
    classes = scores.shape[1]
    k = min(top_k, classes)
    confusion = confusion_matrix(scores.argmax(axis=1), labels, classes)
    per_class = [_class_metrics(name, confusion, index) for index, name in enumerate(names)]
    with_samples = [one.f1 for one in per_class if one.f1 is not None]
    return ClassificationMetrics(
        top1_accuracy=int(confusion.trace()) / len(labels),
        top_k=k,
        top_k_accuracy=int((label_ranks(scores, labels) < k).sum()) / len(labels),
        macro_f1=sum(with_samples) / len(with_samples),
        roc_auc=roc_auc(scores[:, 1], labels) if classes == 2 else None,
        per_class=per_class,
        confusion_matrix=confusion.tolist(),
        custom=apply_metrics(custom, scores, labels),
    )


def confusion_matrix(
    predicted: NDArray[np.integer[Any]], labels: NDArray[np.integer[Any]], classes: int
) -> NDArray[np.int64]:
    """Counts [classes, classes]: rows are true classes, columns predicted ones."""
    cells = labels.astype(np.int64) * classes + predicted
    return np.bincount(cells, minlength=classes * classes).reshape(classes, classes).astype(np.int64)


def label_ranks(scores: NDArray[np.float64], labels: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """How many classes [n] stand before the label: larger scores, and equal ones of a lower index.

    Rank 0 is exactly a right arg-max, and rank < k is exactly "among the k first of a stable descending sort".
    """
    own = np.take_along_axis(scores, labels[:, np.newaxis].astype(np.int64), axis=1)
    earlier = np.arange(scores.shape[1]) < labels[:, np.newaxis]
    ranks: NDArray[np.int64] = ((scores > own) | ((scores == own) & earlier)).sum(axis=1, dtype=np.int64)
    return ranks


def _class_metrics(name: str, confusion: NDArray[np.int64], index: int) -> ClassMetrics:
    right = int(confusion[index, index])
    support, predicted = int(confusion[index].sum()), int(confusion[:, index].sum())
    return ClassMetrics(
        label=name,
        support=support,
        recall=right / support if support else None,
        precision=right / predicted if predicted else None,
        f1=2 * right / (support + predicted) if support else None,
    )


def _check(scores: NDArray[np.float64], labels: NDArray[np.integer[Any]], names: Sequence[str]) -> None:
    """Callers have matched labels and outputs already; what comes through here would be a bug."""
    n, classes = scores.shape
    if not n or labels.shape != (n,) or len(names) != classes or labels.min() < 0 or labels.max() >= classes:
        msg = f"outputs {scores.shape}, labels {labels.shape} and {len(names)} names do not belong together"
        raise ValueError(msg)
