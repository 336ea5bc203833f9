"""A process that stands in for a board: started, watched, and ended with everything that it started itself."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Final

from quantci.errors import BoardError, ToolError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_PATIENCE_S: Final = 3.0
_LAST_LINES: Final = 3
_MOST_READ: Final = 20_000


class Watched:
    """A running process with its output in a file.

    Attributes:
        what: words for it, such as `the emulator`.
        log: file with its output.
    """

    def __init__(self, what: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self.what, self.log = what, log
        self._process = process

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def said(self) -> str:
        """The last lines of its output."""
        try:
            with self.log.open("rb") as file:
                file.seek(max(0, self.log.stat().st_size - _MOST_READ))
                text = file.read().decode(errors="replace")
        except OSError:
            return ""
        lines = ["".join(c if c.isprintable() else " " for c in line).strip() for line in text.splitlines()]
        return " / ".join([line for line in lines if line][-_LAST_LINES:])[:500]

    def check(self, within_s: float = 0.0) -> None:
        """Refuse one that has ended, or ends soon: its port may be gone a little earlier.

        Raises:
            BoardError: `emulator-died`.
        """
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(within_s)
        if self.exit_code is not None:
            raise self.fault("emulator-died", f"{self.what} ended with exit code {self.exit_code}")

    def fault(self, code: str, cause: str) -> BoardError:
        """What went wrong with it, and what it said last."""
        said = self.said()
        return BoardError(
            code,
            f"{cause[0].upper()}{cause[1:]}{f'; it said: {said}' if said else ''}.",
            where=str(self.log),
            remedy="Look at its whole output in that file, and try its command line by hand.",
        )

    def end(self) -> None:
        """End it and all that it started: asked first, then killed."""
        for number in (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if hasattr(os, "killpg"):
                    os.killpg(self._process.pid, number)  # its session's, also after it ended itself
                else:
                    self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_PATIENCE_S)
                if number != signal.SIGTERM:
                    break


@contextlib.contextmanager
def running(what: str, command: Sequence[str], log: Path) -> Iterator[Watched]:
    """Start a process, and end it whatever happens.

    Args:
        what: words for it.
        command: its command line; no shell reads it.
        log: file for what it prints.

    Raises:
        ToolError: `missing-tool`: it cannot be started; `unwritable`.
    """
    if shutil.which(command[0]) is None:
        raise ToolError(
            "missing-tool",
            f"{what[0].upper()}{what[1:]} cannot be started: there is no such program.",
            where=command[0],
            remedy="Install it, or add its folder to PATH.",
        )
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        file = log.open("wb")
    except OSError as error:
        raise ToolError(
            "unwritable",
            f"Cannot write this file: {error.strerror}.",
            where=str(log),
            remedy="Choose another folder with --output-dir, or free the disk.",
        ) from None
    leash = [sys.executable, "-P", "-m", "quantci.workers.leash", str(os.getpid())]  # -P: see virtual.py
    with file:
        process = subprocess.Popen(  # noqa: S603  the user's own command line, which no stranger may set
            [*leash, *command] if sys.platform == "linux" else command,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    watched = Watched(what, process, log)
    try:
        yield watched
    finally:
        watched.end()
