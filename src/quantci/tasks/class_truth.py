"""The truth of tasks in which a sample has one class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quantci.data.labels import check_classes, resolve
from quantci.records.truth import ClassTruth

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from quantci.data.listing import Listing, Role
    from quantci.data.samples import Sample
    from quantci.records.truth import Truth


def class_truths(listing: Listing, names: Sequence[str], role: Role, remedy: str) -> list[Truth | None]:
    """The class of each entry; None where it has none.

    Args:
        listing: the set.
        names: class names by index.
        role: an evaluation set has a label for each sample, and a sample for each label.
        remedy: what to do where a class has no sample.

    Raises:
        DataRejected: `label-mismatch`, `label-out-of-range` or `empty-class`.
    """
    indices = resolve(listing, names)
    if role == "evaluation":
        check_classes(listing, names, indices, remedy)
    return [None if index is None else ClassTruth(index=index) for index in indices]


def is_class(truth: Truth, labels: Sequence[str]) -> bool:
    """Whether this is one class of the list."""
    return isinstance(truth, ClassTruth) and truth.index < len(labels)


def class_indices(samples: Sequence[Sample]) -> NDArray[np.int64]:
    """Index of the class of each sample, [n]."""
    return np.array([sample.truth.index for sample in samples if isinstance(sample.truth, ClassTruth)], dtype=np.int64)
