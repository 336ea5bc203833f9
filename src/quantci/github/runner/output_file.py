"""Outputs of a step: lines that are appended to the file that GITHUB_OUTPUT names."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Final

from quantci.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_NAME: Final = re.compile(r"[a-z][a-z0-9-]*")
_ONE_LINE: Final = re.compile(r"[^\r\n]*")


def render(outputs: Mapping[str, str]) -> str:
    """The outputs as a runner reads them, whatever is in the values.

    A value of several lines stands between two lines of a random word: no value can hold it, so none can end early and
    add an output of its own.

    Raises:
        ValueError: a name is not kebab-case.
    """
    lines = []
    for name, value in outputs.items():
        if not _NAME.fullmatch(name):
            msg = f"{name!r} is not a valid name of an output"
            raise ValueError(msg)
        if _ONE_LINE.fullmatch(value):
            lines.append(f"{name}={value}\n")
        else:
            word = f"quantci-{secrets.token_hex(16)}"
            lines.append(f"{name}<<{word}\n{value}\n{word}\n")
    return "".join(lines)


def append(path: Path, outputs: Mapping[str, str]) -> None:
    """Append to the step's outputs.

    Raises:
        ToolError: `unwritable`.
    """
    try:
        with path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(render(outputs))
    except OSError as error:
        raise ToolError(
            "unwritable",
            f"Cannot write the step's outputs: {error.strerror or error}.",
            where=str(path),
            remedy="Set GITHUB_OUTPUT to a file that can be written.",
        ) from None
