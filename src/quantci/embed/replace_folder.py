"""Put a whole folder in place, or leave what is there."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from quantci.errors import ConfigError, ToolError
from quantci.records.embed import EmbeddedFile

if TYPE_CHECKING:
    from collections.abc import Mapping

# First line of a generated CMakeLists.txt: only a folder that has it is ever replaced.
MARKER: Final = "# Written by quantci embed, which replaces this folder as a whole."


def replace_folder(folder: Path, files: Mapping[str, bytes]) -> list[EmbeddedFile]:
    """Write the files (by path relative to the folder) into a temporary sibling, then swap it in.

    Raises:
        ConfigError: `not-ours`: the folder is there and is not one that quantci wrote.
        ToolError: `unwritable`: the disk refused.
    """
    if (folder.is_symlink() or folder.exists()) and not _is_ours(folder):
        raise ConfigError(
            "not-ours",
            "This exists and was not written by quantci: it is left alone.",
            where=str(folder),
            remedy="Move it away, or choose another component name or output folder.",
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
        try:
            _fill(work / "new", files)
            _swap(work, folder)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    except OSError as error:
        raise ToolError(
            "unwritable",
            f"Cannot write this folder: {error.strerror or error}.",
            where=str(folder),
            remedy="Choose another folder with --output-dir, or free the disk.",
        ) from error
    return [
        EmbeddedFile(path=name, file_bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
        for name, data in sorted(files.items())
    ]


def _fill(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _swap(work: Path, folder: Path) -> None:
    old = work / "old"
    if folder.exists():
        folder.replace(old)
    try:
        (work / "new").replace(folder)
    except OSError:
        if old.exists():
            old.replace(folder)
        raise


def _is_ours(folder: Path) -> bool:
    if folder.is_symlink() or not folder.is_dir():
        return False
    try:
        if not any(folder.iterdir()):
            return True
        with (folder / "CMakeLists.txt").open(encoding="utf-8", errors="replace") as file:
            return file.readline().rstrip() == MARKER
    except OSError:
        return False
