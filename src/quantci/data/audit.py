"""The audit of the sets: leaks between them, duplicates inside them, classes that calibration never sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantci.data.culprits import counted
from quantci.data.labelling import classes_of
from quantci.data.listing import IMAGES
from quantci.records.dataset import SampleDigest
from quantci.records.stage import Advice

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from quantci.data.sample import Sample
    from quantci.data.tally import Tally


def find_overlap(calibration: Iterable[SampleDigest], evaluation: Iterable[SampleDigest]) -> list[str]:
    """What is in both sets, each with its name in the calibration set: compared is content, not names."""
    known: dict[str, str] = {}
    for sample in calibration:
        known.setdefault(sample.content_sha256, sample.id)
    return [
        f"{sample.id} (calibration: {known[sample.content_sha256]})"
        for sample in evaluation
        if sample.content_sha256 in known
    ]


def image_bytes(sample: Sample) -> int | None:
    """Size of an image's file; None of a tensor, and of a file that is not there."""
    if sample.path.suffix.lower() not in IMAGES:
        return None
    try:
        return sample.path.stat().st_size
    except OSError:
        return None


def identify(tally: Tally) -> list[SampleDigest]:
    """The identity of every used sample with the size of its file, by which copies are found without decoding all."""
    return [
        SampleDigest(id=name, content_sha256=digest, file_bytes=image_bytes(sample))
        for name, (sample, digest) in sorted(tally.used.items())
    ]


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
