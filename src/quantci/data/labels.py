"""From labels as written to indices of the model's outputs."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from quantci.data.culprits import counted, first_of
from quantci.errors import DataRejected

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from quantci.data.listing import Listing

_NUMBERS = re.compile(r"[-+.\de; ]*\d[-+.\de; ]*", re.ASCII | re.IGNORECASE)  # what a regression has as labels
_MOST_CLASSES = 100_000  # an index by mistake (a year, an id) must not make a list of millions of labels


def infer(listing: Listing) -> tuple[str, ...]:
    """The class names that follow from the set itself.

    Class folders are sorted by name, as Keras does. A CSV's names are sorted likewise; indices become names.
    A set without labels has none.

    Raises:
        DataRejected: `label-out-of-range`: an index that no classifier has.
    """
    written = sorted({entry.label for entry in listing.entries if entry.label is not None})
    if listing.class_count is not None:
        count = listing.class_count
    elif listing.kind == "manifest" and written and all(_is_index(label) for label in written):
        count = max(map(int, written)) + 1
    else:
        return tuple(written)
    if count > _MOST_CLASSES:
        raise DataRejected(
            "label-out-of-range",
            f"The labels go up to class {count - 1}.",
            where=listing.where,
            remedy="Write class names, or indices that count from 0.",
        )
    return tuple(str(index) for index in range(count))


def resolve(listing: Listing, labels: Sequence[str]) -> list[int | None]:
    """The index of each entry's label; None where it has none.

    Raises:
        DataRejected: `label-mismatch` (a name that is no label, another number of classes) or `label-out-of-range`.
    """
    known = {name: index for index, name in enumerate(labels)}
    if listing.class_count is not None:
        if listing.class_count != len(labels):
            raise DataRejected(
                "label-mismatch",
                f"This file has {listing.class_count} classes, but task.labels has others {counted(labels)}.",
                where=listing.where,
                remedy="Correct task.labels, or use the set that belongs to this model.",
            )
        return [None if entry.label is None else int(entry.label) for entry in listing.entries]
    indices = [_index(entry.label, known, by_number=listing.kind == "manifest") for entry in listing.entries]
    unknown = list(dict.fromkeys(e.label for e, i in zip(listing.entries, indices, strict=True) if e.label and i == -1))
    if unknown:
        beyond = listing.kind == "manifest" and all(_is_index(label) for label in unknown)
        what = "Class folders" if listing.kind == "folders" else "Labels"
        raise DataRejected(
            "label-out-of-range" if beyond else "label-mismatch",
            f"{what} of this set that task.labels does not have {counted(unknown)}. It has: {first_of(labels)}.",
            where=listing.where,
            remedy='They are numbers: if the model predicts numbers, set task.kind to "regression".'
            if listing.kind == "manifest" and not beyond and all(map(_NUMBERS.fullmatch, unknown))
            else "Rename them, or add them to task.labels in the order of the model's outputs.",
        )
    return indices


def resolve_several(listing: Listing, labels: Sequence[str]) -> list[tuple[int, ...]]:
    """The indices of each entry's labels, split by `;`, ascending; an empty text is no label.

    Raises:
        DataRejected: as resolve().
    """
    words = [_words(entry.label) for entry in listing.entries]
    single = tuple(
        replace(entry, label=word) for entry, own in zip(listing.entries, words, strict=True) for word in own
    )
    found = iter(resolve(replace(listing, entries=single), labels))
    return [tuple(sorted({index for _ in own if (index := next(found)) is not None})) for own in words]


def infer_several(listing: Listing) -> tuple[str, ...]:
    """The label names that follow from the set itself, sorted; see infer().

    Raises:
        DataRejected: `label-out-of-range`.
    """
    words = dict.fromkeys(word for entry in listing.entries for word in _words(entry.label))
    return infer(replace(listing, entries=tuple(replace(listing.entries[0], label=word) for word in words)))


def _words(label: str | None) -> list[str]:
    return [word.strip() for word in (label or "").split(";") if word.strip()]


def _index(label: str | None, known: dict[str, int], *, by_number: bool) -> int | None:
    if label is None:
        return None
    if label in known:  # a name comes first: classes may be called 7 and 3
        return known[label]
    if by_number and _is_index(label) and int(label) < len(known):
        return int(label)
    return -1


def _is_index(label: str) -> bool:
    return label.isascii() and label.isdigit() and len(label) <= 12


def check_classes(listing: Listing, labels: Sequence[str], indices: Sequence[int | None], remedy: str) -> None:
    """Refuse an evaluation set with a sample without a label, or a label without a sample.

    Raises:
        DataRejected: `label-mismatch` or `empty-class`, which `remedy` is for.
    """
    if bare := [entry.id for entry, index in zip(listing.entries, indices, strict=True) if index is None]:
        raise DataRejected(
            "label-mismatch",
            f"Samples of this evaluation set without a label {counted(bare)}.",
            where=listing.where,
            remedy="Put the files into one folder per class, or write a manifest.csv with their labels.",
        )
    check_none_empty(listing, labels, set(indices), remedy)


def check_none_empty(listing: Listing, labels: Sequence[str], present: Container[int | None], remedy: str) -> None:
    """Refuse an evaluation set that has no sample of some label.

    Raises:
        DataRejected: `empty-class`.
    """
    if empty := [name for index, name in enumerate(labels) if index not in present]:
        raise DataRejected(
            "empty-class",
            f"Classes without a sample in this evaluation set {counted(empty)}.",
            where=listing.where,
            remedy=remedy,
        )
