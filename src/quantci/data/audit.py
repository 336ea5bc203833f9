"""The audit of the sets: leaks between them, duplicates inside them, classes that calibration never sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantci.data.culprits import counted
from quantci.data.labelling import classes_of
from quantci.errors import DataRejected
from quantci.records.stage import Advice

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from quantci.data.sample import Sample
    from quantci.records.dataset import SampleDigest


def check_overlap(calibration: Iterable[SampleDigest], evaluation: Iterable[SampleDigest]) -> None:
    """Refuse to evaluate on what the ranges were calibrated on: compared is content, not names.

    Raises:
        DataRejected: `leak` naming the first five pairs and their number.
    """
    known: dict[str, str] = {}
    for sample in calibration:
        known.setdefault(sample.content_sha256, sample.id)
    pairs = [
        f"{sample.id} (calibration: {known[sample.content_sha256]})"
        for sample in evaluation
        if sample.content_sha256 in known
    ]
    if pairs:
        raise DataRejected(
            "leak",
            f"Samples of the evaluation set that are in the calibration set too {counted(pairs)}.",
            where="evaluation.data",
            remedy="Draw the calibration set from the training data, never from what the model is judged on.",
        )


def find_duplicates(samples: Iterable[SampleDigest]) -> list[Advice]:
    """Advice `duplicates` when samples of one set have the same content, with how many there are beyond the first."""
    first: dict[str, str] = {}
    pairs: list[str] = []
    for sample in samples:
        original = first.setdefault(sample.content_sha256, sample.id)
        if original != sample.id:
            pairs.append(f"{sample.id} (same as {original})")
    if not pairs:
        return []
    text = (
        f"Samples that repeat another one of their set {counted(pairs)}. "
        "Remove them: what is repeated counts twice in every number."
    )
    return [Advice(code="duplicates", text=text)]


def find_empty_classes(samples: Iterable[Sample], labels: Sequence[str]) -> list[Advice]:
    """Advice `empty-class` when a labelled calibration set lacks a class; a set without labels has none to lack."""
    present = {index for sample in samples for index in classes_of(sample.truth)}
    empty = [name for index, name in enumerate(labels) if index not in present]
    if not present or not empty:
        return []
    text = (
        f"Classes without a sample in the calibration set {counted(empty)}. "
        "Add some: ranges that these classes alone reach are clipped."
    )
    return [Advice(code="empty-class", text=text)]
