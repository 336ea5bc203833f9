"""The lock of a board among processes: it dies with its holder, and who waits first is served first."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.running import read_until

from quantci.device.lock import BoardLock
from quantci.errors import BoardError

PROGRAM = """
import sys, time
from pathlib import Path
from quantci.device.lock import BoardLock
name, folder, wait_s, hold_s = sys.argv[1:]
lock = BoardLock("S3", command=name, folder=Path(folder))
with lock.held(float(wait_s), on_wait=lambda *_: print("waits", flush=True)):
    print("has", time.monotonic(), flush=True)
    time.sleep(float(hold_s))
"""


def start(name: str, folder: Path, wait_s: float, hold_s: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM, name, str(folder), str(wait_s), str(hold_s)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def says(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return read_until(process.stdout, "\n").strip()


def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    with start("first", tmp_path, 0, 60) as first:
        assert says(first).startswith("has")
        lock = BoardLock("S3", command="second", folder=tmp_path)
        with pytest.raises(BoardError, match=rf"process {first.pid} of .*\(first\)"), lock.held():
            pytest.fail("two have it")
        os.kill(first.pid, signal.SIGKILL)
        began_s = time.monotonic()
        with lock.held(5):
            assert time.monotonic() - began_s < 5
        first.wait(60)


def test_who_waited_first_is_served_first_and_a_killed_one_is_passed_over(tmp_path: Path) -> None:
    with BoardLock("S3", command="ours", folder=tmp_path).held():
        waiting = []
        for name in ("first", "killed", "third"):
            waiting.append(start(name, tmp_path, 60, 0.5))
            assert says(waiting[-1]) == "waits"
        waiting[1].kill()
        waiting[1].wait(60)
    got_s = []
    for process in (waiting[0], waiting[2]):
        said, _ = process.communicate(timeout=60)
        got_s.append(float(said.split("has ")[1]))
    assert got_s[1] - got_s[0] >= 0.5
    assert waiting[1].communicate(timeout=60)[0].count("has") == 0
