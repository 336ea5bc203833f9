"""Sound files: what is missing between them and a model's input."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from quantci.data.culprits import counted
from quantci.errors import DataRejected

if TYPE_CHECKING:
    from collections.abc import Sequence

_SUFFIXES: Final = frozenset({".aac", ".flac", ".m4a", ".mp3", ".ogg", ".opus", ".wav"})


def refuse_sound(names: Sequence[str], where: str) -> None:
    """Refuse files of sound, and say what they lack.

    Raises:
        DataRejected: `no-samples`.
    """
    if sounds := [name for name in names if PurePath(name).suffix.lower() in _SUFFIXES]:
        raise DataRejected(
            "no-samples",
            f"These are sound files {counted(sounds)}, and what makes the model's input of them is missing: the "
            "feature extraction (window, FFT, mel filters or MFCC) of your training is not part of quantci.",
            where=where,
            remedy="Run that code once and save what it gives: a .npy for each sound in the same folders, or one X.npy "
            "and y.npy.",
        )
