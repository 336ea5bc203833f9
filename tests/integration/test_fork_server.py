"""The server that workers are forked from: a fork of the command without its open files, or a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the server is forked on Linux only")

# What a worker says of itself, called by names that every process can import.
SCRIPT = """
import json, os, pathlib, signal, sys, threading
from quantci.cli.cancel import cancellable
from quantci.tflite.fork_server import warm
from quantci.tflite.pool import Pool

def held_back(process):
    status = dict(line.split(":", 1) for line in open(f"/proc/{{process}}/status"))
    return bool(int(status["SigBlk"], 16) & 1 << signal.SIGINT - 1)

secret = open({secret!r})
if {threads}:
    threading.Thread(target=threading.Event().wait, daemon=True).start()
print("written before the fork")
with cancellable():
    warm("json.tool")
    with Pool(2, where="test") as pool:
        pool.start()
        worker = pool.call(os.getpid)
        server = pool.call(os.getppid)
        print(json.dumps({{
            "is_child": server != os.getpid(),
            "command": pathlib.Path(f"/proc/{{server}}/cmdline").read_text().split("\\0"),
            "open": [os.path.realpath(f"/proc/{{number}}/fd/{{entry}}")
                     for number in (server, worker) for entry in os.listdir(f"/proc/{{number}}/fd")],
            "sigterm": pool.call(signal.getsignal, signal.SIGTERM) is signal.SIG_DFL,
            "sigint": [held_back(number) for number in (server, worker, os.getpid())],
        }}))
"""


def ask(tmp_path: Path, *, threads: bool) -> dict[str, Any]:
    secret = tmp_path / "secret"
    secret.touch()
    code = SCRIPT.format(secret=str(secret), threads=threads)
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    first, answer = done.stdout.splitlines()
    assert first == "written before the fork"  # once: the child does not print what its parent had buffered
    assert done.stderr == ""
    found: dict[str, Any] = json.loads(answer)
    assert found["is_child"]
    assert str(secret) not in found["open"]
    assert found["sigterm"]
    assert found["sigint"] == [True, True, False]
    return found


def test_it_is_a_fork_that_keeps_nothing_open(tmp_path: Path) -> None:
    assert "secret" in ask(tmp_path, threads=False)["command"][2]


def test_with_other_threads_it_is_a_process_of_its_own(tmp_path: Path) -> None:
    assert "multiprocessing.forkserver" in ask(tmp_path, threads=True)["command"][-2]
