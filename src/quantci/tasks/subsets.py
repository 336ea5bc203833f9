"""How a part of the samples fares: those of a class, those that carry a tag."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quantci.records.evaluate import TagMetrics
from quantci.records.paired import ClassDelta

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from quantci.data.sample import Sample


def worst_recall(classes: Iterable[tuple[str, int, int]]) -> ClassDelta | None:
    """The class whose recall falls most (or rises least); of equal ones that with more samples, then the first.

    Args:
        classes: of each its name, how many samples have it, and how many more of them are right now than before.
    """
    deltas = [
        ClassDelta(label=name, recall_delta=change / support, support=support)
        for name, support, change in classes
        if support
    ]
    return min(deltas, key=lambda one: (one.recall_delta, -one.support), default=None)


def by_tag(
    samples: Sequence[Sample], metric: Callable[[NDArray[np.bool_]], tuple[float | None, float | None]]
) -> list[TagMetrics]:
    """The task's metric on the samples of each tag.

    Args:
        samples: [n].
        metric: before and after, on the samples of a mask [n]; None where these have none.
    """
    rows = []
    for tag in sorted({tag for sample in samples for tag in sample.tags}):
        own = np.array([tag in sample.tags for sample in samples])
        before, after = metric(own)
        rows.append(TagMetrics(tag=tag, samples=int(own.sum()), float_metric=before, quantized_metric=after))
    return rows


def shares_by_tag(samples: Sequence[Sample], before: NDArray[np.bool_], after: NDArray[np.bool_]) -> list[TagMetrics]:
    """The share of right answers [n] before and after, by the tags of the samples."""
    return by_tag(samples, lambda own: (float(before[own].mean()), float(after[own].mean())))
