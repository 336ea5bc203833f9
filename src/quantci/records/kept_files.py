"""What earlier runs have made, by the content that it depends on: what was made once is not made again.

Each entry is a record, in a file that is named after its key, and files beside it that their own digests name. They lie
in a folder of the output folder that is hidden, so that artifacts of a CI run do not take it along.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from quantci.records.base import Record, decode, encode, write_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable

FOLDER: Final = Path(".kept")

R = TypeVar("R", bound=Record)


def key_of(*parts: object) -> str:
    """The key of what depends on these; each can be written as JSON."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


class KeptFiles:
    """The entries in one folder, which need not exist; without a folder there are none, and none is kept."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._used: set[str] = set()

    def find(self, key: str, kind: type[R]) -> R | None:
        """The record of an entry; None where there is none, or where it is damaged."""
        if (path := self._record(key)) is None:
            return None
        with contextlib.suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError):
            return decode(path.read_bytes(), kind)
        return None

    def has(self, key: str) -> bool:
        """Whether there is such an entry."""
        path = self._record(key)
        return path is not None and path.exists()

    def file(self, sha256: str) -> bytes | None:
        """A file of an entry; None where it is missing or damaged."""
        if self._folder is None:
            return None
        path = self._folder / f"{sha256}.tflite"
        with contextlib.suppress(OSError):
            data = path.read_bytes()
            if hashlib.sha256(data).hexdigest() == sha256:
                self._used.add(path.name)
                return data
        return None

    def keep(self, key: str, record: Record, files: Iterable[bytes] = ()) -> None:
        """Keep an entry: its files first, so that a record never names one that is not there.

        Raises:
            ToolError: `unwritable`.
        """
        if self._folder is None:
            return
        for data in files:
            path = self._folder / f"{hashlib.sha256(data).hexdigest()}.tflite"
            write_bytes(path, data)
            self._used.add(path.name)
        if (last := self._record(key)) is not None:
            write_bytes(last, encode(record))

    def tidy(self) -> None:
        """Remove what was neither found nor kept here."""
        for path in self._folder.glob("*") if self._folder and self._folder.is_dir() else ():
            if path.name not in self._used:
                with contextlib.suppress(OSError):
                    path.unlink()

    def _record(self, key: str) -> Path | None:
        if self._folder is None:
            return None
        path = self._folder / f"{key}.json"
        self._used.add(path.name)
        return path
