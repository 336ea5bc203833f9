"""Samples: what a calibration or an evaluation set consists of."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from quantci.data.annotations import refuse_annotation, refuse_annotations
from quantci.data.array_file import is_archived, read_header
from quantci.data.arrays import list_arrays, pair_in_archive, pair_in_folder, pair_of_file
from quantci.data.csv_values import list_values, read_columns
from quantci.data.folder import list_folder
from quantci.data.listing import IMAGES, too_many
from quantci.data.manifest import read_manifest
from quantci.data.sample import Sample
from quantci.data.sound import refuse_sound
from quantci.data.tensor import item_type
from quantci.data.y_labels import is_truth, read_truth
from quantci.errors import DataRejected
from quantci.records.dataset import MOST_SAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from quantci.data.labelling import Labelling
    from quantci.data.listing import Entry, Listing, Role
    from quantci.records.input_config import InputConfig

MANIFEST = "manifest.csv"
TRUTH = "y_labels.csv"


class SampleSet(NamedTuple):
    """A set, read once.

    Attributes:
        samples: in an order that is the same on every machine.
        labels: class names in the order of the model's outputs: those of the configuration, or what the set tells by
            itself: sorted class folders, sorted names of a file, "0", "1", .. for indices.
    """

    samples: list[Sample]
    labels: tuple[str, ...]


def find_samples(data: str, base: Path, task: Labelling, input: InputConfig, role: Role) -> SampleSet:  # noqa: A002 - the name in quantci.toml
    """Find the samples of a set.

    Args:
        data: see `list_set`.
        base: folder that `data` is relative to.
        task: reads the labels.
        input: its dtype says how to read .bin files.
        role: an evaluation set must have a label for each sample and a sample for each label.

    Raises:
        DataRejected: as `list_set`; `label-mismatch`, `label-out-of-range`, `empty-class`, `tensor-size` (a file
            shorter than its window) or `too-many-samples`.
        ConfigError: `input-dtype`: .bin files without a dtype; `task-not-judged`: see `list_set`.
    """
    listing = list_set(data, base, task, role, needs_label=role == "evaluation" and task.needs_label)
    if any(entry.path.suffix.lower() == ".bin" for entry in listing.entries):
        item_type(input.dtype)
    labels = task.labels or task.names(listing)
    samples: list[Sample] = []
    for entry, truth in zip(listing.entries, task.truths(listing, labels, role), strict=True):
        for k, window in enumerate(_windows(entry, listing.where, input)):
            name = entry.id if entry.windows is None else f"{entry.id}#{k}"
            samples.append(Sample(name, entry.path, truth, entry.tags, entry.id, window))
            if len(samples) > MOST_SAMPLES:
                raise too_many(listing.where, entry.id)
    return SampleSet(samples, labels)


def list_set(data: str, base: Path, task: Labelling, role: Role, *, needs_label: bool = False) -> Listing:
    """The files, lines or rows of a set, with labels as written there.

    Args:
        data: a folder per class; a folder with manifest.csv, y_labels.csv, or X.npy and y.npy; such a CSV or .npy; a
            CSV of values; an .npz; for calibration also a flat folder of images or tensors.
        base: folder that `data` is relative to.
        task: says what an array of labels means.
        role: of several arrays, which are taken.
        needs_label: whether something without a label is a fault.

    Raises:
        DataRejected: `not-found`, `unreadable`, `no-samples`, `path`, `manifest`, `label-mismatch`,
            `unreadable-tensor` or `too-many-samples`.
        ConfigError: `task-not-judged`: it has annotations of another task.
    """
    try:
        return _list_any(data, base, task, role, needs_label=needs_label)
    except OSError as error:
        raise DataRejected(
            "unreadable",
            f"{error.filename or 'This set'} cannot be read: {error.strerror or error}.",
            where=data,
            remedy="Give the user that runs quantci permission to read the whole set.",
        ) from error


def holds_pixels(listing: Listing) -> bool:
    """Whether the set has pictures: image files, or arrays of 8-bit values.

    Raises:
        DataRejected: `unreadable-tensor`.
    """
    path = listing.entries[0].path
    if path.suffix.lower() == ".npy" or is_archived(path):
        return read_header(path).dtype == "uint8"
    return path.suffix.lower() in IMAGES


def _list_any(data: str, base: Path, task: Labelling, role: Role, *, needs_label: bool) -> Listing:
    path = base / data
    if path.is_dir():
        for name in (MANIFEST, TRUTH):
            if (path / name).is_file():
                return _list_any(f"{data.rstrip('/')}/{name}", base, task, role, needs_label=needs_label)
        if pair := pair_in_folder(path, data, role):
            return list_arrays(pair, data, task, needs_label=needs_label)
        listing = list_folder(path, data)
        if needs_label:
            refuse_annotations(path, listing, data)
        return listing
    if not path.is_file():
        raise DataRejected(
            "not-found",
            f"There is no {role} set here.",
            where=data,
            remedy=f"Correct {role}.data; it is relative to the folder of quantci.toml.",
        )
    match path.suffix.lower():
        case ".npy":
            return list_arrays(pair_of_file(path, data), data, task, needs_label=needs_label)
        case ".npz":
            return list_arrays(pair_in_archive(path, data, role), data, task, needs_label=needs_label)
        case ".csv":
            return _list_csv(path, data, role, needs_label=needs_label)
    refuse_sound([path.name], data)
    refuse_annotation(path, data)
    raise DataRejected(
        "manifest", "This is neither a folder nor a .csv, .npy or .npz.", where=data, remedy=f"Correct {role}.data."
    )


def _list_csv(path: Path, data: str, role: Role, *, needs_label: bool) -> Listing:
    columns = read_columns(path)
    if path.name == TRUTH or is_truth(list(columns.names)):
        return read_truth(path, data)
    if path.name == MANIFEST or "path" in (name.lower() for name in columns.names) or not any(columns.names):
        return read_manifest(path, data, role, needs_label=needs_label)
    return list_values(path, data, needs_label=needs_label)


def _windows(entry: Entry, where: str, config: InputConfig) -> Iterator[tuple[int, int] | None]:
    if entry.windows is None:
        yield entry.place
        return
    length, stride = entry.windows
    if entry.path.suffix.lower() != ".bin" or length % item_type(config.dtype).itemsize:
        problem = f"a window of {length} bytes does not fit .bin files of {config.dtype}"
    elif stride % item_type(config.dtype).itemsize:
        problem = f"a stride of {stride} bytes splits values of {config.dtype}"
    elif (size := entry.path.stat().st_size) < length:
        problem = f"the file has {size} bytes, fewer than its window of {length}"
    else:
        yield from ((offset, length) for offset in range(0, size - length + 1, stride))
        return
    raise DataRejected(
        "tensor-size",
        f"{entry.id}: {problem}.",
        where=where,
        remedy="Correct window and stride in the CSV, or input.dtype in quantci.toml.",
    )
