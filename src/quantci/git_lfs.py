"""Git LFS pointers: a few lines of text, in the place of a file that was not fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

HEAD: Final = b"version https://git-lfs.github.com/spec/"
IS_POINTER: Final = "it is a Git LFS pointer: run `git lfs pull`, or in a workflow give `lfs: true`"


def is_pointer(path: Path) -> bool:
    """Whether a pointer stands in the place of this file."""
    try:
        with path.open("rb") as file:
            return file.read(len(HEAD)) == HEAD
    except OSError:
        return False
