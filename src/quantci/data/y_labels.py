"""y_labels.csv, MLPerf Tiny's ground truth: no header, and windows that slide over a file for anomaly detection."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from quantci.data.culprits import counted
from quantci.data.listing import Entry, Listing, check_inside, check_readable, locate
from quantci.data.manifest import check_not_empty, fault, read_rows
from quantci.errors import DataRejected

if TYPE_CHECKING:
    from pathlib import Path

_WHOLE_FILE_COLUMNS = 3
_WINDOW_COLUMNS = 5


def is_truth(row: list[str]) -> bool:
    """Whether this first row of a CSV is of a truth file: a name, then numbers only."""
    return len(row) in {_WHOLE_FILE_COLUMNS, _WINDOW_COLUMNS} and all(_is_number(cell) for cell in row[1:])


def read_truth(path: Path, where: str) -> Listing:
    """Read lines of ``file,classes,label`` or ``file,classes,label,window bytes,stride bytes``.

    Raises:
        DataRejected: `manifest` naming the lines, `label-out-of-range`, `path`, `not-found` or `no-samples`.
    """
    rows = read_rows(path, where)
    check_not_empty(len(rows), where)
    root = path.parent.resolve()
    problems: list[str] = []
    escaping: list[str] = []
    beyond: list[str] = []
    entries: dict[str, Entry] = {}
    class_count = rows[0][1][1] if is_truth(rows[0][1]) else ""
    for line, row in rows:
        identity = PurePosixPath(row[0]).as_posix()
        problem = _problem(row, class_count)
        if not problem and identity in entries:
            problem = "an earlier line names the file already"
        if problem:
            problems.append(f"line {line}: {problem}")
            continue
        file = locate(root, row[0])
        if file is None:
            escaping.append(f"{row[0]} (line {line})")
            continue
        if int(row[2]) >= int(row[1]):
            beyond.append(f"{row[2]} (line {line})")
        windows = (int(row[3]), int(row[4])) if len(row) == _WINDOW_COLUMNS else None
        entries[identity] = Entry(identity, file, label=row[2], windows=windows)
    if problems:
        raise fault(problems, where)
    check_inside(escaping, where)
    if beyond:
        raise DataRejected(
            "label-out-of-range",
            f"Labels that are not below the number of classes {counted(beyond)}.",
            where=where,
            remedy="Labels count from 0; correct these lines.",
        )
    check_readable(entries.values(), where)
    return Listing(where, "truth", tuple(entries.values()), class_count=int(class_count))


def _problem(row: list[str], class_count: str) -> str | None:
    if not row[0] or not is_truth(row):
        return "it is not `file,classes,label` or `file,classes,label,window bytes,stride bytes`"
    if row[1] != class_count:
        return f"{row[1]} classes where the first line has {class_count}"
    if len(row) == _WINDOW_COLUMNS and "0" in {row[3].lstrip("0") or "0", row[4].lstrip("0") or "0"}:
        return "window and stride must be at least one byte"
    return None


def _is_number(cell: str) -> bool:
    return cell.isascii() and cell.isdigit() and len(cell) <= 12
