"""Truths of samples with one class, by the class's index."""

from __future__ import annotations

from quantci.data.labelling import classes_of
from quantci.data.sample import Sample
from quantci.records.truth import ClassTruth


def of(index: int | None) -> ClassTruth | None:
    return None if index is None else ClassTruth(index=index)


def index_of(sample: Sample) -> int | None:
    return next(iter(classes_of(sample.truth)), None)
