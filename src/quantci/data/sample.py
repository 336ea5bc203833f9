"""One sample of a calibration or an evaluation set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from quantci.records.truth import Truth


@dataclass(frozen=True, slots=True)
class Sample:
    """One input of the model.

    Attributes:
        id: path relative to the set with forward slashes, plus ``#k`` for its k-th window, ``:k`` for line k of a CSV,
            ``[k]`` for row k of an array.
        path: the file.
        truth: what is right about it; None where that is not known.
        tags: words by which results are grouped.
        group: id of the file, which the windows of one share; of a line or a row its own id.
        window: byte offset and length within a .bin or a CSV; row and 1 in an array; None is the whole file.
    """

    id: str
    path: Path
    truth: Truth | None
    tags: tuple[str, ...]
    group: str
    window: tuple[int, int] | None
