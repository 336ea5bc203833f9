"""A stranger's model as a copy in a jail: bounded, and without links, which could lead anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantci.errors import ModelRejected

if TYPE_CHECKING:
    from pathlib import Path


def copy_in(path: Path, inside: Path, limit_bytes: int) -> None:
    """Copy a file or a folder.

    Raises:
        ModelRejected: `too-large`, `path` (a link), `unreadable`.
    """
    left = limit_bytes
    try:
        for file in _files(path):
            target = inside / file.relative_to(path) if path.is_dir() else inside
            target.parent.mkdir(parents=True, exist_ok=True)
            with file.open("rb") as source, target.open("wb") as copy:
                while block := source.read(1024**2):
                    left -= len(block)
                    if left < 0:
                        raise _too_large(path, limit_bytes)
                    copy.write(block)
    except OSError as error:
        raise _not_copied(path, error) from error


def _files(path: Path) -> list[Path]:
    """The file itself, or all files of the folder.

    Raises:
        ModelRejected: `path`: a link inside could lead anywhere.
    """
    if not path.is_dir():
        return [path]
    files = []
    for entry in sorted(path.rglob("*")):
        if entry.is_symlink() or not (entry.is_file() or entry.is_dir()):
            raise ModelRejected(
                "path",
                "The folder holds a link or a device, which could lead out of it.",
                where=str(entry),
                remedy="Copy the file that it stands for into the folder.",
            )
        if entry.is_file():
            files.append(entry)
    return files


def _too_large(path: Path, limit_bytes: int) -> ModelRejected:
    return ModelRejected(
        "too-large",
        f"The model has more than {limit_bytes:,} bytes.",
        where=str(path),
        remedy="Save it without the optimizer's state; a model for a microcontroller is far smaller.",
    )


def _not_copied(path: Path, error: OSError) -> ModelRejected:
    return ModelRejected(
        "unreadable",
        f"The model cannot be copied for reading: {error}.",
        where=str(path),
        remedy="Check its permissions, and that the temporary folder (TMPDIR) has room.",
    )
