"""The tally of a set while it is read: what was used, what was skipped, and what the files needed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from quantci.data.culprits import counted, printable
from quantci.data.labelling import as_written, classes_of
from quantci.errors import DataRejected
from quantci.records.dataset import DatasetSummary, ImageCounts, SampleDigest, SkippedFile
from quantci.records.doubt import InputValues

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from quantci.data.preprocess import LoadedSample, Preprocessing
    from quantci.data.sample import Sample

SKIPPABLE = frozenset({"unreadable-image", "unreadable-tensor"})
MAX_SKIPPED_RATIO = 0.01
MOST_PIXELS = 100_000_000_000  # of a set: 300,000 pictures of 640 x 480; an hour or so of one core


@dataclass
class Tally:
    """Counts over loaded samples. Workers keep one each; merged in any order they tell the same.

    Attributes:
        used: by id, the samples that were read, each with the digest of its content.
        unreadable: by id, those that were not, each with its fault.
        counts: what the files needed.
        pixels: how many were decoded.
        input: what they gave the INT8 model; nothing where none was run.
    """

    used: dict[str, tuple[Sample, str]] = field(default_factory=dict)
    unreadable: dict[str, tuple[Sample, DataRejected]] = field(default_factory=dict)
    counts: ImageCounts = field(default_factory=ImageCounts)
    pixels: int = 0
    input: InputValues = field(default_factory=InputValues)

    def read(self, samples: Iterable[Sample], preprocessing: Preprocessing) -> Iterator[tuple[Sample, LoadedSample]]:
        """Read one sample after the other and count it; those that cannot be read are left out.

        Raises:
            DataRejected: a sample that no set may hold.
        """
        for sample in samples:
            try:
                loaded = preprocessing.load(sample)
            except DataRejected as error:
                self.skip(sample, error)
                continue
            self.add(sample, loaded)
            yield sample, loaded

    def add(self, sample: Sample, loaded: LoadedSample) -> None:
        """Count a sample that is used.

        Raises:
            DataRejected: `too-many-pixels`.
        """
        self.used[sample.id] = (sample, loaded.content_sha256)
        self.counts = _sum(self.counts, loaded.counts)
        self._count_pixels(loaded.pixels)

    def skip(self, sample: Sample, fault: DataRejected) -> None:
        """Count a sample whose file cannot be read; raise any other fault again."""
        if fault.code not in SKIPPABLE:
            raise fault
        self.unreadable[sample.id] = (sample, fault)

    def merge(self, other: Tally) -> None:
        """Take over what another worker counted; no sample is in both.

        Raises:
            DataRejected: `too-many-pixels`.
        """
        self.used.update(other.used)
        self.unreadable.update(other.unreadable)
        self.counts = _sum(self.counts, other.counts)
        self.input = self.input.joined(other.input)
        self._count_pixels(other.pixels)

    def _count_pixels(self, more: int) -> None:
        """A few kilobytes can hold the largest of images: what a set may take is bounded by what was decoded."""
        self.pixels += more
        if self.pixels > MOST_PIXELS:
            raise DataRejected(
                "too-many-pixels",
                f"The first {len(self.used):,} images of this set have {self.pixels:,} pixels, and {MOST_PIXELS:,} are "
                "the most that one run decodes.",
                where=next(iter(self.used)),
                remedy="Store the images no larger than the model needs them, or name fewer with a manifest.csv.",
            )

    @property
    def skipped(self) -> list[SkippedFile]:
        """The files that could not be read, each once, sorted."""
        return [SkippedFile(path=path, reason=fault.cause) for path, fault in self._faults]

    @property
    def _faults(self) -> list[tuple[str, DataRejected]]:
        """A fault for each file, however many windows it has, sorted by file."""
        faults = {sample.group: fault for sample, fault in self.unreadable.values()}
        return [(path, faults[path]) for path in sorted(faults)]

    @property
    def digests(self) -> list[SampleDigest]:
        """The identity of every used sample, sorted by id."""
        return [SampleDigest(id=name, content_sha256=self.used[name][1]) for name in sorted(self.used)]

    def summary(self, path: str, found: int, labels: Sequence[str], seed: int | None) -> DatasetSummary:
        """What the record says of this set.

        Args:
            path: the set as written in the configuration.
            found: samples in the set, of which these were chosen.
            labels: class names by index.
            seed: seed of the choice; None when all are used.

        Raises:
            DataRejected: as `check_skipped`.
        """
        files = {sample.group for sample, _ in (*self.used.values(), *self.unreadable.values())}
        check_skipped(self._faults, len(files), path)
        known = dict(enumerate(labels))
        per_class = dict.fromkeys(labels, 0) if any(classes_of(s.truth) for s, _ in self.used.values()) else {}
        total = hashlib.sha256()
        for identity in sorted(self.used):
            sample, content = self.used[identity]
            for index in classes_of(sample.truth):
                name = known.get(index, str(index))
                per_class[name] = per_class.get(name, 0) + 1
            truth = as_written(sample.truth, labels)
            total.update(json.dumps([identity, truth, sample.tags, content]).encode() + b"\n")
        return DatasetSummary(
            path=path,
            sha256=total.hexdigest(),
            found=found,
            used=len(self.used),
            seed=seed,
            per_class=per_class,
            image_counts=self.counts,
            skipped=self.skipped,
        )


def check_skipped(faults: Sequence[tuple[str, DataRejected]], attempted: int, where: str) -> None:
    """Accept a few unreadable files, each with its fault: under 1 % of the files that were attempted.

    Raises:
        DataRejected: the code of the first fault, naming the first five files and their number.
    """
    if not faults or len(faults) < MAX_SKIPPED_RATIO * attempted:
        return
    path, first = faults[0]
    raise DataRejected(
        first.code,
        f"Of {attempted} files, these cannot be read {counted([name for name, _ in faults])}. "
        f"{printable(path)}: {printable(first.cause, 1000)}",
        where=where,
        remedy="Save these files again or take them out of the set; fewer than 1 % are skipped.",
    )


def _sum(first: ImageCounts, second: ImageCounts) -> ImageCounts:
    return ImageCounts(**{name: getattr(first, name) + getattr(second, name) for name in ImageCounts.__struct_fields__})
