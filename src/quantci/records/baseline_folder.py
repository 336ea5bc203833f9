"""The folder that a baseline is: report.json, model_quant.tflite and predictions.npz. Strangers may have made it."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final, NamedTuple

from quantci.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from quantci.records.report import Report

REPORT_FILE: Final = "report.json"
PREDICTIONS_FILE: Final = "predictions.npz"


class Baseline(NamedTuple):
    """A folder, and the report in it, which is of the right model and branch."""

    folder: Path
    report: Report


def folder_of(path: Path) -> Path:
    """The folder that was named, by itself or by its report.json."""
    return path.parent if path.name == REPORT_FILE or path.is_file() else path


def read_file(folder: Path, name: str, most_bytes: int) -> bytes:
    """The content of a file of the folder. A link is not followed: it could lead anywhere.

    Raises:
        ConfigError: `baseline-file`: it is missing, a link, a device or too large.
    """
    path = folder / name
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        if path.is_symlink():
            raise _refused(path, f"its {name} is a link")
        with os.fdopen(os.open(path, flags), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise _refused(path, f"its {name} is not a regular file")
            data = b"" if status.st_size > most_bytes else file.read(most_bytes + 1)
            if status.st_size > most_bytes or len(data) > most_bytes:
                raise _refused(path, f"its {name} is larger than {most_bytes / 1_000_000:,.0f} MB")
    except FileNotFoundError:
        raise _refused(path, f"it has no {name}") from None
    except OSError as error:
        raise _refused(path, f"its {name} cannot be read ({error.strerror})") from None
    return data


def _refused(path: Path, reason: str) -> ConfigError:
    return ConfigError(
        "baseline-file",
        f"The baseline cannot be used: {reason}.",
        where=str(path),
        remedy="Name the folder with the report.json, model_quant.tflite and predictions.npz that quantci wrote on the "
        "base branch.",
    )
