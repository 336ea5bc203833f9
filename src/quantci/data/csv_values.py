"""A CSV of values: a line for each sample, a column for each value, and one called `label`."""

from __future__ import annotations

import contextlib
import csv
import functools
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from quantci.data.culprits import counted, first_of, printable
from quantci.data.listing import Entry, Listing, too_many
from quantci.data.manifest import check_not_empty, tags_of
from quantci.errors import DataRejected
from quantci.records.dataset import MOST_SAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from quantci.data.sample import Sample

MOST_BYTES = 4_000_000_000
_LONGEST_LINE = 10_000_000
_BOM = b"\xef\xbb\xbf"


class Columns(NamedTuple):
    """Where what stands in a line; label and tags are None where there is no such column."""

    names: tuple[str, ...]
    values: list[int]
    label: int | None
    tags: int | None


def read_columns(path: Path) -> Columns:
    """What the first line says.

    Raises:
        DataRejected: `manifest`.
    """
    number, _, line = next(_lines(path, path.name), (1, 0, b""))
    names = tuple(cell.strip() for cell in _cells(line.removeprefix(_BOM), number, path.name))
    lower = [name.lower() for name in names]
    label, tags = (lower.index(word) if word in lower else None for word in ("label", "tags"))
    return Columns(names, [place for place in range(len(names)) if place not in {label, tags}], label, tags)


def list_values(path: Path, where: str, *, needs_label: bool) -> Listing:
    """A sample for each line; of its values only those of the first line are looked at.

    Raises:
        DataRejected: `manifest` naming the lines, `no-samples` or `too-many-samples`.
    """
    if path.stat().st_size > MOST_BYTES:
        raise _fault([f"it is larger than {MOST_BYTES // 10**9} GB"], where)
    columns = read_columns(path)
    if all(map(_is_number, columns.names)):
        raise _fault(["line 1 has numbers where the names of the columns belong"], where)
    if needs_label and columns.label is None:
        raise _fault([f"line 1: there is no column `label` among {first_of(columns.names)}"], where)
    problems: list[str] = []
    entries: list[Entry] = []
    lines = _lines(path, where)
    next(lines, None)
    for number, start, line in lines:
        cells = _cells(line, number, where)
        if len(cells) != len(columns.names):
            problems.append(f"line {number}: columns: {len(cells)}, where the header has {len(columns.names)}")
            continue
        label = cells[columns.label].strip() if columns.label is not None else ""
        if needs_label and not label:
            problems.append(f"line {number}: the label is empty")
        if not entries and (problem := _bad_cell(cells, columns)):
            raise _fault(
                [f"line 1: there is no column `path`, so it is one of values; but line {number}: {problem}"], where
            )
        tags = tags_of(cells[columns.tags]) if columns.tags is not None else ()
        name = f"{path.name}:{number}"
        entries.append(Entry(name, path, label=label or None, tags=tags, place=(start, len(line))))
        if len(entries) > MOST_SAMPLES:
            raise too_many(where, name)
    if problems:
        raise _fault(problems, where)
    check_not_empty(len(entries), where)
    return Listing(where, "manifest", tuple(entries))


def read_line(sample: Sample, place: tuple[int, int], shape: tuple[int, ...]) -> NDArray[Any]:
    """The values of one line as an array of `shape`.

    Raises:
        DataRejected: `manifest` naming line and column, or `tensor-size`.
    """
    columns = _columns(sample.path, sample.path.stat().st_mtime_ns)
    wanted = columns.values
    if len(wanted) != math.prod(shape):
        raise DataRejected(
            "tensor-size",
            f"The CSV has {len(wanted)} columns of values ({first_of([columns.names[place] for place in wanted])}), "
            f"but the model's input {list(shape)} takes {math.prod(shape)}.",
            where=str(sample.path),
            remedy="Keep the columns that the model takes, in the order of the training, and `label` and `tags`.",
        )
    number = sample.id.rpartition(":")[2]
    with sample.path.open("rb") as file:
        file.seek(place[0])
        line = file.read(place[1])
    cells = _cells(line, int(number), sample.path.name)
    if len(cells) != len(columns.names):
        raise _fault([f"line {number}: the file has changed"], str(sample.path))
    if b"_" not in line:
        with contextlib.suppress(ValueError):
            return np.array([float(cells[place]) for place in wanted]).reshape(shape)
    if problem := _bad_cell(cells, columns):
        raise _fault([f"line {number}: {problem}"], str(sample.path))
    return np.array([float(cells[place]) for place in wanted]).reshape(shape)  # an underscore in its label


@functools.lru_cache(maxsize=2)
def _columns(path: Path, _changed_ns: int) -> Columns:
    return read_columns(path)


def _lines(path: Path, where: str) -> Iterator[tuple[int, int, bytes]]:
    """Number, first byte and text of each line that is not empty."""
    with path.open("rb") as file:
        start = number = 0
        while line := file.readline(_LONGEST_LINE):
            number += 1
            if len(line) == _LONGEST_LINE:
                raise _fault([f"line {number} is longer than {_LONGEST_LINE:,} bytes"], where)
            if line.strip():
                yield number, start, line
            start += len(line)


def _cells(line: bytes, number: int, where: str) -> list[str]:
    try:
        text = line.decode()
        return next(csv.reader([text], strict=True), []) if '"' in text else text.rstrip("\r\n").split(",")
    except (UnicodeDecodeError, csv.Error) as error:
        reason = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        raise _fault([f"line {number}: {reason}"], where) from error


def _bad_cell(cells: list[str], columns: Columns) -> str | None:
    for place in columns.values:
        if not _is_number(cells[place]):
            found = f"is {printable(cells[place], 40)!r}" if cells[place].strip() else "is empty"
            return f"column `{printable(columns.names[place], 40)}` {found}, where a number belongs"
    return None


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell


def _fault(problems: list[str], where: str) -> DataRejected:
    return DataRejected(
        "manifest",
        f"Faults in this CSV {counted(problems)}.",
        where=where,
        remedy="A CSV of values starts with a line of names, separated by commas: one for each value that the model "
        "takes, and `label`. One that names files starts with `path,label,tags`.",
    )
