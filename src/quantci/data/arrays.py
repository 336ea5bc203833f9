"""Arrays of a whole set: X.npy with y.npy beside it, or both in an .npz; one row of X is one sample."""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from quantci.data.array_file import is_archived, read_header, read_labels, unreadable
from quantci.data.culprits import counted, printable
from quantci.data.listing import Entry, Listing, check_inside, is_inside, too_many
from quantci.errors import DataRejected
from quantci.records.dataset import MOST_SAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from quantci.data.labelling import Labelling
    from quantci.data.listing import Role

_NAME: Final = re.compile(r"([xy])(?:[_-]?(train|calibration|calib|test|val|valid|validation|eval))?", re.IGNORECASE)
_PARTS: Final = {
    "calibration": ("calibration", "calib", "train"),
    "evaluation": ("test", "eval", "val", "valid", "validation"),
}
_MOST_LABEL_BYTES: Final = 400_000_000
_SAVE: Final = 'Save X.npy and y.npy, or both by `np.savez("data.npz", X=X, y=y)`.'


class Pair(NamedTuple):
    """The arrays of a set: values, and labels if there are some."""

    x: Path
    y: Path | None


def pair_in_folder(folder: Path, where: str, role: Role) -> Pair | None:
    """X.npy and y.npy (or X_test.npy and y_test.npy, ...) in a folder; None where it is another kind of set.

    Raises:
        DataRejected: `no-samples`: there are several, and none is for this role; `path`: a link leaves the folder.
    """
    if any(path.is_dir() and not path.name.startswith(".") for path in folder.iterdir()):
        return None
    files = {path.name: path for path in folder.iterdir() if path.suffix.lower() == ".npy" and path.is_file()}
    pairs = _pairs({path.stem: path for path in files.values()})
    is_set = any(pair.y for pair in pairs.values()) or len(files) == 1
    if not pairs or not is_set:
        return None
    pair = _choose(pairs, where, role)
    root = folder.resolve()
    check_inside([path.name for path in (pair.x, pair.y) if path and not is_inside(root, root / path.name)], where)
    return pair


def pair_in_archive(path: Path, where: str, role: Role) -> Pair:
    """X and y (or x_test and y_test, ...) of an .npz.

    Raises:
        DataRejected: `unreadable-tensor`, or `no-samples` naming what is in it.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name.removesuffix(".npy") for name in archive.namelist()]
    except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError) as error:
        raise unreadable(path, "it is not an .npz, or it is cut off") from error
    pairs = _pairs({name: path / name for name in names})
    if not pairs:
        raise DataRejected(
            "no-samples",
            f"This archive has no array called X {counted(names)}.",
            where=where,
            remedy=_SAVE,
        )
    return _choose(pairs, where, role)


def pair_of_file(path: Path, where: str) -> Pair:
    """A .npy that the configuration names, and of X_test.npy the y_test.npy beside it.

    Raises:
        DataRejected: `path`: the labels are a link that leaves the folder.
    """
    found = _NAME.fullmatch(path.stem)
    if found is None or found[1].lower() != "x":
        return Pair(path, None)
    names = (f"{letter}{path.stem[1:]}{path.suffix}" for letter in "yY")
    y = next((file for name in names if (file := path.with_name(name)).is_file()), None)
    root = path.parent.resolve()
    check_inside([y.name] if y and not is_inside(root, root / y.name) else [], where)
    return Pair(path, y)


def list_arrays(pair: Pair, where: str, task: Labelling, *, needs_label: bool) -> Listing:
    """A sample for each row of X, with what y says of it.

    Raises:
        DataRejected: `unreadable-tensor`, `no-samples`, `too-many-samples`, or `label-mismatch`.
    """
    header = read_header(pair.x)
    name = f"{pair.x.parent.name}/{pair.x.name}" if is_archived(pair.x) else pair.x.name
    count = header.shape[0] if len(header.shape) > 1 else 0
    if not count:
        raise DataRejected(
            "no-samples",
            f"{name} has shape {list(header.shape)}: no samples along the first axis.",
            where=where,
            remedy="Save one array of all samples, of shape [samples, ...].",
        )
    if count > MOST_SAMPLES:
        raise too_many(where, f"{name}[{MOST_SAMPLES}]")
    if pair.y is None and needs_label:
        raise DataRejected("label-mismatch", f"There are no labels beside {name}.", where=where, remedy=_SAVE)
    labels: list[str | None] = [None] * count
    if pair.y is not None:
        labels = _written(read_labels(pair.y, _MOST_LABEL_BYTES), pair.y, where, task)
        if len(labels) != count:
            raise DataRejected(
                "label-mismatch",
                f"{name} has {count} samples, but {pair.y.name} has {len(labels)} labels.",
                where=where,
                remedy="Save the y that belongs to this X.",
            )
    entries = tuple(Entry(f"{name}[{row}]", pair.x, label=label, place=(row, 1)) for row, label in enumerate(labels))
    return Listing(where, "flat" if pair.y is None else "manifest", entries)


def _pairs(arrays: dict[str, Path]) -> dict[str, Pair]:
    """By what follows the letter."""
    found: dict[tuple[str, str], Path] = {}
    for name, path in sorted(arrays.items()):
        if match := _NAME.fullmatch(name):
            found[match[1].lower(), (match[2] or "").lower()] = path
    return {part: Pair(path, found.get(("y", part))) for (letter, part), path in found.items() if letter == "x"}


def _choose(pairs: dict[str, Pair], where: str, role: Role) -> Pair:
    if len(pairs) == 1:
        return next(iter(pairs.values()))
    for part in _PARTS[role]:
        if part in pairs:
            return pairs[part]
    names = [printable(pair.x.name) for pair in pairs.values()]
    raise DataRejected(
        "no-samples",
        f"Which of these arrays is the {role} set is not clear {counted(names)}.",
        where=where,
        remedy=f"Name the file, or call it {' or '.join(f'X_{part}' for part in _PARTS[role][:2])}.",
    )


def _written(y: NDArray[Any], path: Path, where: str, task: Labelling) -> list[str | None]:
    """Each row of y as a manifest would write it: a name, an index, or several or numbers, split by `;`."""

    def fault(problem: str) -> DataRejected:
        return DataRejected(
            "label-mismatch",
            f"{path.name} {problem}.",
            where=where,
            remedy="Save names, indices from 0, or for several labels a row of 0 and 1 for each sample; if the model "
            'predicts numbers, set task.kind to "regression".',
        )

    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim not in {1, 2}:
        raise fault(f"has shape {list(y.shape)}")
    if y.dtype.kind in "US":
        if y.ndim == 2:
            raise fault("has several words for a sample")
        words = y.tolist()
        return [
            (word.decode("utf-8", "replace") if isinstance(word, bytes) else word).strip() or None for word in words
        ]
    if task.has_numbers:
        return [";".join(map(repr, row)) for row in y.reshape(len(y), -1).astype(np.float64).tolist()]
    numbers = y.astype(np.float64)
    if wrong := [
        repr(value) for value in y[~np.isfinite(numbers) | (numbers != np.floor(numbers)) | (numbers < 0)].tolist()
    ]:
        raise fault(f"has numbers that are no classes {counted(wrong)}")
    if y.ndim == 1:
        return [str(int(value)) for value in y.tolist()]
    if not ((y == 0) | (y == 1)).all():
        raise fault(f"has rows of {y.shape[1]} values that are not all 0 or 1")
    return [";".join(_ones(row)) or None for row in y.tolist()]


def _ones(row: Iterable[float]) -> list[str]:
    return [str(place) for place, value in enumerate(row) if value]
