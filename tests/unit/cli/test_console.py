"""What a person, and a runner, sees while a command runs."""

from __future__ import annotations

import io
import sys

import pytest

from quantci.cli.console import Console


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """It does not know better."""
        return True


@pytest.mark.parametrize(("runner", "is_plain"), [("true", True), ("", False)])
def test_a_step_gets_plain_lines_even_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, runner: str, is_plain: bool
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", runner)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with Console("stage") as console:
        console("looking")
    written = terminal.getvalue()
    assert ("\x1b" not in written) == is_plain
    assert not is_plain or written.startswith("quantci stage: looking\nquantci stage: done in ")
