"""Samples: what a calibration or an evaluation set consists of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantci.data.folder import list_folder
from quantci.data.listing import too_many
from quantci.data.manifest import read_manifest, read_rows
from quantci.data.tensor import item_type
from quantci.data.y_labels import is_truth, read_truth
from quantci.errors import DataRejected
from quantci.records.dataset import MOST_SAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from quantci.data.labelling import Labelling
    from quantci.data.listing import Entry, Listing, Role
    from quantci.records.config import InputConfig
    from quantci.records.truth import Truth

MANIFEST = "manifest.csv"
TRUTH = "y_labels.csv"


@dataclass(frozen=True)
class Sample:
    """One input of the model.

    Attributes:
        id: path relative to the set with forward slashes, plus ``#k`` for its k-th window.
        path: the file.
        truth: what is right about it; None where that is not known.
        tags: words by which results are grouped.
        group: id of the file; windows of one file share it.
        window: byte offset and length within a .bin; None is the whole file.
    """

    id: str
    path: Path
    truth: Truth | None
    tags: tuple[str, ...]
    group: str
    window: tuple[int, int] | None


def find_samples(data: str, base: Path, task: Labelling, input: InputConfig, role: Role) -> list[Sample]:  # noqa: A002 - the name in quantci.toml
    """Find the samples of a set in an order that is the same on every machine.

    Args:
        data: a folder per class; a folder with manifest.csv or y_labels.csv; such a CSV; for calibration also a flat
            folder of images or tensors.
        base: folder that `data` is relative to.
        task: reads the labels; see `infer_labels`.
        input: its dtype says how to read .bin files.
        role: an evaluation set must have a label for each sample and a sample for each label.

    Raises:
        DataRejected: `not-found`, `unreadable`, `no-samples`, `path`, `manifest`, `label-mismatch`,
            `label-out-of-range`, `empty-class`, `tensor-size` (a file shorter than its window) or `too-many-samples`.
        ConfigError: `input-dtype`: .bin files without a dtype.
    """
    listing = _list(data, base, role, needs_label=role == "evaluation" and task.needs_label)
    if any(entry.path.suffix.lower() == ".bin" for entry in listing.entries):
        item_type(input.dtype)
    truths = task.truths(listing, task.labels or task.names(listing), role)
    samples: list[Sample] = []
    for entry, truth in zip(listing.entries, truths, strict=True):
        for k, window in enumerate(_windows(entry, listing.where, input)):
            name = entry.id if window is None else f"{entry.id}#{k}"
            samples.append(Sample(name, entry.path, truth, entry.tags, entry.id, window))
            if len(samples) > MOST_SAMPLES:
                raise too_many(listing.where, entry.id)
    return samples


def infer_labels(data: str, base: Path, task: Labelling) -> tuple[str, ...]:
    """The class names in the order of the model's outputs: `task.labels`, or those that follow from the set.

    Sorted class folders, sorted names of a manifest, "0", "1", .. for indices; normal and anomaly for that task.
    Ask the evaluation set: a calibration set may lack labels or classes.

    Raises:
        DataRejected: as `find_samples`.
    """
    return task.labels or task.names(_list(data, base, "calibration", needs_label=False))


def _list(data: str, base: Path, role: Role, *, needs_label: bool) -> Listing:
    try:
        return _list_any(data, base, role, needs_label=needs_label)
    except OSError as error:
        raise DataRejected(
            "unreadable",
            f"{error.filename or 'This set'} cannot be read: {error.strerror or error}.",
            where=data,
            remedy="Give the user that runs quantci permission to read the whole set.",
        ) from error


def _list_any(data: str, base: Path, role: Role, *, needs_label: bool) -> Listing:
    path = base / data
    if path.is_dir():
        for name in (MANIFEST, TRUTH):
            if (path / name).is_file():
                return _list_any(f"{data.rstrip('/')}/{name}", base, role, needs_label=needs_label)
        return list_folder(path, data)
    if not path.is_file():
        raise DataRejected(
            "not-found",
            f"There is no {role} set here.",
            where=data,
            remedy=f"Correct {role}.data; it is relative to the folder of quantci.toml.",
        )
    if path.suffix.lower() != ".csv":
        raise DataRejected(
            "manifest", "This is neither a folder nor a .csv.", where=data, remedy=f"Correct {role}.data."
        )
    rows = read_rows(path, data)
    if path.name == TRUTH or (rows and is_truth(rows[0][1])):
        return read_truth(path, data)
    return read_manifest(path, data, role, needs_label=needs_label)


def _windows(entry: Entry, where: str, config: InputConfig) -> Iterator[tuple[int, int] | None]:
    if entry.windows is None:
        yield None
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
