"""A listing: the files of one set as a folder or a CSV names them, with labels as written there."""

from __future__ import annotations

import ntpath
import os
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Literal

from quantci.data.culprits import counted, printable
from quantci.errors import DataRejected
from quantci.records.dataset import MOST_SAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Role = Literal["calibration", "evaluation"]
Kind = Literal["folders", "flat", "manifest", "truth"]

IMAGES = (".bmp", ".gif", ".jfif", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".pnm", ".ppm", ".tif", ".tiff", ".webp")
SUFFIXES = frozenset({*IMAGES, ".bin", ".npy"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a set, or one of many samples in a file.

    Attributes:
        id: path relative to the set, with forward slashes.
        path: where the file is.
        label: as written: a class name or an index; None without one.
        tags: as written.
        windows: bytes of a window and of the stride from one to the next; None takes the whole file.
        place: where in the file a single sample is, see samples.Sample.window; None takes the whole file.
    """

    id: str
    path: Path
    label: str | None = None
    tags: tuple[str, ...] = ()
    windows: tuple[int, int] | None = None
    place: tuple[int, int] | None = None


@dataclass(frozen=True)
class Listing:
    """All files of a set.

    Attributes:
        where: the folder or CSV, as written in the configuration.
        kind: how the set is laid out; a manifest is whatever has labels written in a file.
        entries: in the order of the CSV, or sorted by id.
        class_count: number of classes that a truth file states; None elsewhere.
    """

    where: str
    kind: Kind
    entries: tuple[Entry, ...]
    class_count: int | None = None


def too_many(where: str, last: str) -> DataRejected:
    """The fault of a set that would fill the memory."""
    return DataRejected(
        "too-many-samples",
        f"This set has more than {MOST_SAMPLES} samples; {printable(last)} was read last.",
        where=where,
        remedy="Use a larger stride or fewer files.",
    )


def locate(root: Path, relative: str) -> Path | None:
    """The path of `relative` below the resolved `root`, or None where it is absolute, climbs, or leaves by a link."""
    # Both systems' rules on both systems: a manifest that is refused on one machine is refused on all.
    if "\0" in relative or "\\" in relative or ntpath.splitdrive(relative)[0] or relative.startswith("/"):
        return None
    path = root / relative
    return path if ".." not in relative.split("/") and is_inside(root, path) else None


def is_inside(root: Path, path: Path) -> bool:
    """Whether `path`, all symbolic links followed, lies below the resolved `root`."""
    top = str(root).rstrip(os.sep) + os.sep
    if str(path).startswith(top):
        # Without `..` or a link below the root no path can lead out: the folders above need no check for each file.
        parts = path.parts[len(root.parts) :]
        if ".." not in parts and not any(map(os.path.islink, accumulate(parts, os.path.join, initial=top))):
            return True
    return os.path.realpath(path).startswith(top)


def check_inside(escaping: list[str], where: str) -> None:
    """Refuse a set that names files outside of its own folder.

    Raises:
        DataRejected: `path`.
    """
    if escaping:
        raise DataRejected(
            "path",
            f"Paths that lead out of the set's folder or are not plain and relative {counted(escaping)}.",
            where=where,
            remedy="Copy the files into the folder and write relative paths with forward slashes, without `..`.",
        )


def check_readable(entries: Iterable[Entry], where: str) -> None:
    """Refuse a set with files that are not there, or whose names cannot be written into a record.

    Raises:
        DataRejected: `path` or `not-found`.
    """
    entries = list(entries)
    if broken := [ascii(entry.id) for entry in entries if not _is_unicode(entry.id)]:
        raise DataRejected(
            "path",
            f"File names that are not Unicode {counted(broken)}.",
            where=where,
            remedy="Rename these files.",
        )
    # A named pipe or a device would be read for ever: only regular files are samples.
    if missing := [entry.id for entry in entries if not entry.path.is_file()]:
        raise DataRejected(
            "not-found",
            f"Files that do not exist {counted(missing)}.",
            where=where,
            remedy="Add the files or remove their lines; with Git LFS or DVC, check that the data was pulled.",
        )


def _is_unicode(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:  # undecodable bytes of a file name come as lone surrogates
        return False
    return True
