"""What was read from a calibration or evaluation set."""

from typing import Annotated

from msgspec import Meta

from quantci.records.base import Record
from quantci.records.units import Count, Sha256

MOST_SAMPLES = 2_000_000  # a stride of one byte over a large file must not fill the memory


class ImageCounts(Record, frozen=True, kw_only=True):
    """How many files needed each correction."""

    exif_rotated: Annotated[Count, Meta(description="Turned or mirrored as their EXIF orientation says.")] = 0
    greyscale: Annotated[Count, Meta(description="Stored as greyscale, used as RGB.")] = 0
    colour_to_grey: Annotated[Count, Meta(description="Stored in colour, used as greyscale.")] = 0
    palette: Annotated[Count, Meta(description="Palette expanded.")] = 0
    alpha: Annotated[Count, Meta(description="Alpha channel composited or dropped, as input.alpha says.")] = 0
    cmyk: Annotated[Count, Meta(description="Converted from CMYK.")] = 0
    sixteen_bit: Annotated[Count, Meta(description="Scaled from 16 bits to 8 bits.")] = 0
    resized: Annotated[Count, Meta(description="Resized, cut or letterboxed to the model's input.")] = 0


class SkippedFile(Record, frozen=True, kw_only=True):
    """A file that could not be read; under one percent of a set may be skipped."""

    path: Annotated[str, Meta(description="Relative to the set.")]
    reason: Annotated[str, Meta(description="One sentence why it cannot be read.")]


class SampleDigest(Record, frozen=True, kw_only=True):
    """Identity of a sample: the digest of its decoded pixels (before resizing) or of its tensor's bytes."""

    id: Annotated[
        str,
        Meta(description="Path relative to the set; #k for a window of a file, :k for a line of a CSV, [k] for a row."),
    ]
    content_sha256: Sha256
    file_bytes: Annotated[
        Count | None,
        Meta(description="Size of an image's file; null of a tensor, and where an older quantci wrote this."),
    ] = None


class DatasetSummary(Record, frozen=True, kw_only=True):
    """One set as it was used."""

    path: Annotated[str, Meta(description="As written in the configuration.")]
    sha256: Annotated[Sha256, Meta(description="Digest over ids, labels, tags and contents of the used samples.")]
    found: Annotated[Count, Meta(description="Samples found.")]
    used: Annotated[Count, Meta(description="Samples used.")]
    seed: Annotated[int | None, Meta(description="Seed of the choice; null when all are used.")]
    per_class: Annotated[dict[str, int], Meta(description="Used samples by label; empty without labels.")]
    image_counts: Annotated[ImageCounts, Meta(description="How many of the used files needed each correction.")]
    skipped: Annotated[list[SkippedFile], Meta(description="Files that could not be read, by path.")]
