"""Processes that tests start: none outlives its test, and none is waited for without a limit."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO

START_S = 120.0  # of a command on a machine that has much else to do
STOP_S = 60.0


@contextmanager
def running(*command: object) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process, and the first line that it prints; at the end it is asked to stop, and has to end well in time."""
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        try:
            assert process.stdout is not None
            line = read_until(process.stdout, "\n")
            assert line, f"It printed nothing: {text_of(errors)}"
            yield process, line.strip()
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_S)
            assert process.returncode == 0, f"Exit code {process.returncode} (None: it runs on): {text_of(errors)}"
        finally:
            process.kill()


@contextmanager
def serving(*arguments: object) -> Iterator[str]:
    """The name of a virtual device's port."""
    with running(sys.executable, "-m", "quantci", "device", "serve", *arguments) as (_, name):
        yield name


def read_until(stream: IO[str], end: str) -> str:
    """What a process writes, until this is in it, it has closed the stream, or it writes nothing for START_S.

    It is read past Python's own buffer, into which `select` cannot see.
    """
    said = b""
    while end.encode() not in said and select.select([stream], [], [], START_S)[0]:
        part = os.read(stream.fileno(), 65_536)
        if not part:
            break
        said += part
    return said.decode()


def text_of(file: IO[str]) -> str:
    """All that was written into a file."""
    file.seek(0)
    return file.read()
