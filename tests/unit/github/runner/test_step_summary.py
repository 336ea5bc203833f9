"""The step summary is appended to, and never grows so large that it is dropped."""

from __future__ import annotations

from pathlib import Path

import pytest

from quantci.errors import ToolError
from quantci.github.runner.step_summary import LIMIT_BYTES, append, fitting


def test_text_is_appended_after_a_blank_line(tmp_path: Path) -> None:
    path = tmp_path / "summary"
    append(path, "| a |\n| - |\n")
    append(path, "second")
    assert path.read_text() == "| a |\n| - |\n\nsecond\n"


def test_text_that_is_too_long_ends_with_a_line_and_a_note(tmp_path: Path) -> None:
    path = tmp_path / "summary"
    append(path, "begun\n")
    append(path, "ä" * 99 + "\n" + "line ü\n" * 200_000)
    size = path.stat().st_size
    assert LIMIT_BYTES - 100 < size <= LIMIT_BYTES
    lines = path.read_text().splitlines()
    assert lines[-1] == "The rest does not fit into a summary; it is in report.md."
    assert lines[-3] == "line ü"


def test_full_summary_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "summary"
    path.write_bytes(b"x" * (LIMIT_BYTES - 10))
    append(path, "some more lines\nof text\n")
    assert path.stat().st_size == LIMIT_BYTES - 10


def test_nothing_fits_into_no_room() -> None:
    assert fitting("a\n", 0) == ""
    assert fitting("a\n", -5) == ""
    assert fitting("a\n", 2) == "a\n"


def test_summary_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(ToolError) as caught:
        append(tmp_path, "text")
    assert (caught.value.code, caught.value.where) == ("unwritable", str(tmp_path))
