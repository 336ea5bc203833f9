"""The truth of tasks in which a sample has one class."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from quantci.data.labels import check_classes, resolve
from quantci.records.truth import ClassTruth

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from quantci.data.listing import Listing, Role
    from quantci.data.sample import Sample
    from quantci.records.truth import Truth


class OneClass:
    """The part of a task that reads labels, where a sample has one class.

    Attributes:
        empty_remedy: what to do where a class of the evaluation set has no sample.
    """

    empty_remedy: ClassVar[str]
    needs_label = True
    has_numbers = False

    def truths(self, listing: Listing, names: Sequence[str], role: Role) -> list[Truth | None]:
        """The class of each entry. An evaluation set has a label for each sample, and a sample for each label.

        Raises:
            DataRejected: `label-mismatch`, `label-out-of-range` or `empty-class`.
        """
        indices = resolve(listing, names)
        if role == "evaluation":
            check_classes(listing, names, indices, self.empty_remedy)
        return [None if index is None else ClassTruth(index=index) for index in indices]

    def fits(self, truth: Truth, labels: Sequence[str]) -> bool:
        """Whether this is one class of the list."""
        return isinstance(truth, ClassTruth) and truth.index < len(labels)

    def truth_of(self, samples: Sequence[Sample], labels: Sequence[str]) -> NDArray[np.int64]:
        """Index of the class of each sample, [n]."""
        del labels
        truths = (sample.truth for sample in samples)
        return np.array([truth.index for truth in truths if isinstance(truth, ClassTruth)], dtype=np.int64)
