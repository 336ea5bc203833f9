"""The step summary: Markdown that a runner shows on the page of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.errors import ToolError

if TYPE_CHECKING:
    from pathlib import Path

LIMIT_BYTES: Final = 1000 * 1024  # over 1 MiB GitHub drops the summary whole, and near it without a word
_CUT: Final = "\n\nThe rest does not fit into a summary; it is in report.md.\n"


def fitting(text: str, room_bytes: int) -> str:
    """As much of the text as takes at most `room_bytes` in UTF-8, cut at the end of a line; empty if none fits."""
    data = text.encode("utf-8", "replace")
    if len(data) <= room_bytes:
        return data.decode()
    kept = data[: max(0, room_bytes - len(_CUT))]
    kept = kept[: kept.rfind(b"\n") + 1].rstrip(b"\n")
    return kept.decode() + _CUT if kept else ""


def append(path: Path, text: str) -> None:
    """Append to the step's summary, which other commands of the step may have begun.

    Raises:
        ToolError: `unwritable`.
    """
    try:
        begun = path.stat().st_size if path.exists() else 0
        kept = fitting(text if text.endswith("\n") else f"{text}\n", LIMIT_BYTES - begun - 1)
        if not kept:
            return
        with path.open("a", encoding="utf-8") as file:
            # A blank line, so that the last line of what is there does not take this for its own.
            file.write(f"\n{kept}" if begun else kept)
    except OSError as error:
        raise ToolError(
            "unwritable",
            f"Cannot write the step summary: {error.strerror or error}.",
            where=str(path),
            remedy="Set GITHUB_STEP_SUMMARY to a file that can be written.",
        ) from None
