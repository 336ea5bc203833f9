"""manifest.csv: a CSV with the columns path, label and tags; other columns are for its author."""

from __future__ import annotations

import csv
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from quantci.data.culprits import counted
from quantci.data.listing import Entry, Listing, check_inside, check_readable, locate
from quantci.errors import DataRejected
from quantci.git_lfs import IS_POINTER, is_pointer

if TYPE_CHECKING:
    from pathlib import Path

    from quantci.data.listing import Role

MOST_BYTES = 200_000_000  # a hundred for each of the samples that a set may have


def read_rows(path: Path, where: str) -> list[tuple[int, list[str]]]:
    """The non-empty rows of a CSV with their line numbers; cells are stripped.

    Raises:
        DataRejected: `manifest`: it is not a CSV in UTF-8; the line is named.
        OSError: it cannot be read.
    """
    line = 0
    if path.stat().st_size > MOST_BYTES:
        raise fault([f"it is larger than {MOST_BYTES // 1_000_000} MB"], where)
    if is_pointer(path):
        raise fault([IS_POINTER], where)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            rows = []
            for row in reader:
                line = reader.line_num
                if any(cell.strip() for cell in row):
                    rows.append((line, [cell.strip() for cell in row]))
            return rows
    except (csv.Error, UnicodeDecodeError) as error:
        reason = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        raise fault([f"line {line + 1}: {reason}"], where) from error


def read_manifest(path: Path, where: str, role: Role, *, needs_label: bool) -> Listing:
    """Read a manifest; paths are relative to it and stay inside its folder.

    `needs_label`: whether an empty label is a fault.

    Raises:
        DataRejected: `manifest` naming the lines, `path`, `not-found` or `no-samples`.
    """
    rows = read_rows(path, where)
    header = [name.lower() for name in rows[0][1]] if rows else []
    wanted = ["path", "label"] if role == "evaluation" else ["path"]
    if absent := [name for name in wanted if name not in header]:
        raise fault([f"line 1: there is no column {' and no column '.join(absent)}"], where)
    root = path.parent.resolve()
    problems: list[str] = []
    escaping: list[str] = []
    entries: dict[str, Entry] = {}
    for line, row in rows[1:]:
        cells = dict(zip(header, row, strict=False))
        problem = _problem(cells, len(row), len(header), needs_label=needs_label)
        identity = PurePosixPath(cells.get("path", "")).as_posix()
        if not problem and identity in entries:
            problem = "an earlier line names the path already"
        if problem:
            problems.append(f"line {line}: {problem}")
            continue
        file = locate(root, cells["path"])
        if file is None:
            escaping.append(f"{cells['path']} (line {line})")
            continue
        tags = tags_of(cells.get("tags", ""))
        entries[identity] = Entry(identity, file, label=cells.get("label") or None, tags=tags)
    if problems:
        raise fault(problems, where)
    check_inside(escaping, where)
    check_not_empty(len(entries), where)
    check_readable(entries.values(), where)
    return Listing(where, "manifest", tuple(entries.values()))


def tags_of(cell: str) -> tuple[str, ...]:
    """The tags of a cell, split by `;`, each once."""
    return tuple(dict.fromkeys(tag.strip() for tag in cell.split(";") if tag.strip()))


def check_not_empty(number: int, where: str) -> None:
    """Refuse a CSV without samples.

    Raises:
        DataRejected: `no-samples`.
    """
    if not number:
        raise DataRejected(
            "no-samples", "This CSV names no samples.", where=where, remedy="Write one line for each sample."
        )


def fault(problems: list[str], where: str) -> DataRejected:
    """The fault of a CSV whose lines are wrong."""
    return DataRejected(
        "manifest",
        f"Faults in this CSV {counted(problems)}.",
        where=where,
        remedy="A manifest starts with the line `path,label,tags` and has one line for each sample, tags split by `;`.",
    )


def _problem(cells: dict[str, str], width: int, header_width: int, *, needs_label: bool) -> str | None:
    if width != header_width:
        return f"columns: {width}, where the header has {header_width}"
    if not cells["path"]:
        return "the path is empty"
    if needs_label and not cells["label"]:
        return "the label is empty"
    return None
