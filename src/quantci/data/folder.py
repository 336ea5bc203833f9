"""A folder of samples: one folder per class, or flat and without labels."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

from quantci.data.culprits import counted
from quantci.data.listing import SUFFIXES, Entry, Listing, check_inside, check_readable, is_inside, too_many
from quantci.data.sound import refuse_sound
from quantci.errors import DataRejected
from quantci.records.dataset import MOST_SAMPLES


def list_folder(root: Path, where: str) -> Listing:
    """List the images and tensors below `root`, sorted by id. Hidden files and files of other types are left out.

    Raises:
        DataRejected: `no-samples`, `too-many-samples`, `path`, `not-found`; `label-mismatch` when samples lie beside
            class folders.
        OSError: a folder cannot be read.
    """
    root = root.resolve()
    ids: list[str] = []
    links: list[str] = []
    others: list[str] = []
    for folder, names, files in os.walk(root, onerror=_stop):
        names[:] = sorted(name for name in names if not name.startswith("."))
        place = Path(folder)
        # os.walk does not enter linked folders; left unsaid, their samples would be missing in silence.
        links += [(place / name).relative_to(root).as_posix() for name in names if (place / name).is_symlink()]
        ids += [(place / name).relative_to(root).as_posix() for name in files if _is_sample(name)]
        if not ids:
            others += [(place / name).relative_to(root).as_posix() for name in files if not name.startswith(".")]
        if len(ids) > MOST_SAMPLES:
            raise too_many(where, ids[-1])
    check_inside(sorted(links) + sorted(name for name in ids if not is_inside(root, root / name)), where)
    if not ids:
        refuse_sound(sorted(others), where)
        found = f" What it has is not read {counted(sorted(others))}." if others else ""
        raise DataRejected(
            "no-samples",
            f"This folder has no samples.{found}",
            where=where,
            remedy="Put images (or .npy or .bin tensors) into one folder per class, or a manifest.csv beside them; or "
            "name a CSV of values, an .npz or X.npy.",
        )
    loose = sorted(name for name in ids if "/" not in name)
    if loose and len(loose) < len(ids):
        raise DataRejected(
            "label-mismatch",
            f"Files that lie beside the class folders instead of in one {counted(loose)}.",
            where=where,
            remedy="Move them into the folder of their class, or write a manifest.csv.",
        )
    entries = tuple(Entry(name, root / name, label=None if loose else name.split("/")[0]) for name in sorted(ids))
    check_readable(entries, where)
    return Listing(where, "flat" if loose else "folders", entries)


def _stop(error: OSError) -> NoReturn:
    """os.walk would leave out a folder that it cannot read, and with it perhaps a class, without a word."""
    raise error


def _is_sample(name: str) -> bool:
    return not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES
