"""What a set asks of the task: which labels there are, and what is right about each sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from quantci.records.truth import ClassTruth, LabelsTruth, ValuesTruth

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantci.data.listing import Listing, Role
    from quantci.records.truth import Truth


class Labelling(Protocol):
    """The part of a task that reads labels.

    Attributes:
        labels: those of the configuration, in the order of the model's outputs; empty where it has none.
        needs_label: False where a sample of the evaluation set may have nothing written as its label.
        has_numbers: True where a label is numbers, not names or indices.
    """

    @property
    def labels(self) -> tuple[str, ...]: ...

    @property
    def needs_label(self) -> bool: ...

    @property
    def has_numbers(self) -> bool: ...

    def names(self, listing: Listing) -> tuple[str, ...]:
        """The labels that follow from the set itself, if the configuration has none.

        Raises:
            DataRejected: `label-out-of-range`, or what a label cannot be.
        """
        ...

    def truths(self, listing: Listing, names: Sequence[str], role: Role) -> list[Truth | None]:
        """What is right about each entry; None where nothing is written.

        Raises:
            DataRejected: `label-mismatch` or `label-out-of-range`; for an evaluation set also what it lacks.
        """
        ...


def classes_of(truth: Truth | None) -> tuple[int, ...]:
    """Indices of the labels that a sample counts for."""
    match truth:
        case ClassTruth(index=index):
            return (index,)
        case LabelsTruth(indices=indices):
            return indices
        case _:
            return ()


def as_written(truth: Truth | None, names: Sequence[str]) -> str | list[str] | list[float] | None:
    """The truth in the words of the labels. A class has no name where labels are unknown: its index stands for it."""
    match truth:
        case ClassTruth(index=index):
            return _name(index, names)
        case LabelsTruth(indices=indices):
            return [_name(index, names) for index in indices]
        case ValuesTruth(values=values):
            return list(values)
        case _:
            return None


def _name(index: int, names: Sequence[str]) -> str:
    return names[index] if index < len(names) else str(index)
