"""What native code prints to file descriptor 2, caught: TFLM says only there why it refuses a model."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Captured:
    """The text, once the block has ended."""

    text = ""

    def reason(self, default: str) -> str:
        """The last two lines that say something (TFLM's check, then the op that it belongs to), or `default`."""
        lines = [line.strip().rstrip(".") for line in self.text.splitlines() if line.strip()]
        return "; ".join(lines[-2:]) + "." if lines else default


@contextmanager
def native_stderr() -> Iterator[Captured]:
    """Send file descriptor 2 of the whole process into a file while the block runs.

    For worker processes: what other threads print in the meantime is caught, too.
    """
    captured = Captured()
    if sys.stderr is not None:
        sys.stderr.flush()
    saved = os.dup(2)
    try:
        # A file, not a pipe: native code that prints much would block on a full pipe.
        with tempfile.TemporaryFile() as file:
            os.dup2(file.fileno(), 2)
            try:
                yield captured
            finally:
                os.dup2(saved, 2)
                file.seek(0)
                captured.text = file.read(1_000_000).decode(errors="replace")
    finally:
        os.close(saved)
