"""What a person sees while a command runs: a bar on a terminal, plain lines elsewhere. It all goes to stderr."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import TracebackType

_PLAIN_INTERVAL_S = 5.0


class Console:
    """Shows the progress of a stage; a context manager, and a quantci.progress.Progress."""

    def __init__(self, name: str, *, quiet: bool = False) -> None:
        self._name = name
        self._quiet = quiet
        self._bar: Any = None
        self._task: Any = None
        self._what = ""
        self._shown_s = 0.0

    def __enter__(self) -> Self:
        self._started_s = time.monotonic()
        # Some runners give a step a terminal. A bar there begins the line on which an annotation should stand.
        self._has_bar = not self._quiet and sys.stderr.isatty() and os.environ.get("GITHUB_ACTIONS") != "true"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
        if kind is None and not self._quiet:
            self._line(f"done in {time.monotonic() - self._started_s:.2f} s")

    def __call__(self, what: str, done: int = 0, total: int = 0) -> None:
        """Show what is going on."""
        if self._quiet:
            return
        count = f"{done}/{total}" if total else ""
        if self._has_bar:
            self._start_bar()
            self._bar.update(
                self._task,
                description=f"{self._name}: {what}",
                completed=done,
                total=total or None,
                count=count,
            )
            return
        now_s = time.monotonic()
        if what != self._what or (total and now_s - self._shown_s > _PLAIN_INTERVAL_S):
            self._line(f"{what} {count}".rstrip())
            self._what, self._shown_s = what, now_s

    def _start_bar(self) -> None:
        """Not before there is something to show: it has a thread, and workers are forked while there is none."""
        if self._bar is not None:
            return
        from rich.console import Console as RichConsole
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[count]}", markup=False),
            TimeElapsedColumn(),
            console=RichConsole(stderr=True),
            transient=True,
        )
        self._bar.start()
        self._task = self._bar.add_task(self._name, total=None, count="")

    def _line(self, text: str) -> None:
        print(f"quantci {self._name}: {text}", file=sys.stderr, flush=True)
