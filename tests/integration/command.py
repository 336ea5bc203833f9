"""The command as users run it, in forks of a process that has imported it: most of a short run is the start of Python.

A fork has its own memory, folder, environment, streams and end, as a process has that was started for it.
"""

from __future__ import annotations

import importlib
import json
import multiprocessing.process
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, NoReturn, Self

IMPORTED = (
    "quantci.tflite.interpreters",
    *("quantci.quantize.run", "quantci.evaluate.score", "quantci.diagnose.compare", "quantci.embed.run"),
    *(f"quantci.cli.{name}" for name in ("pipeline", "quantize", "evaluate", "bench", "report", "action")),
)


class Done(NamedTuple):
    """A finished command."""

    code: int
    out: str
    err: str


class Command:
    """`quantci`, used as a context manager: the process that has imported it must end."""

    def __enter__(self) -> Self:
        self._server = subprocess.Popen(
            [sys.executable, "-c", "from tests.integration.command import serve; serve()"],
            cwd=Path(__file__).parents[2],
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # with threads, it could not fork
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._server.communicate(timeout=60)

    def __call__(
        self, *arguments: object, cwd: Path, environment: Mapping[str, str] = os.environ, timeout_s: int = 300
    ) -> Done:
        """Run it in a folder, to its end."""
        with tempfile.TemporaryDirectory() as folder:
            streams = [Path(folder, name) for name in ("out", "err")]
            request = {
                "arguments": list(map(str, arguments)),
                "cwd": str(cwd),
                "environment": dict(environment),
                "streams": list(map(str, streams)),
                "timeout_s": timeout_s,
            }
            assert self._server.stdin is not None
            assert self._server.stdout is not None
            self._server.stdin.write(json.dumps(request) + "\n")
            self._server.stdin.flush()
            assert select.select([self._server.stdout], [], [], timeout_s + 60)[0], "the command is not killed"
            code = int(self._server.stdout.readline())
            out, err = (stream.read_text() for stream in streams)
        assert code != -signal.SIGALRM, f"not done within {timeout_s} s: {err}"
        assert "Traceback" not in err, err
        return Done(code, out, err)


def serve() -> None:
    """Fork for each line of stdin, and answer the exit code."""
    for name in IMPORTED:
        importlib.import_module(name)
    if sys.platform == "linux":
        assert len(list(Path("/proc/self/task").iterdir())) == 1, "a process with threads cannot be forked safely"
    answers = os.dup(1)
    for line in sys.stdin:
        process = os.fork()
        if process == 0:
            os.close(answers)
            _run(**json.loads(line))
        code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        os.write(answers, f"{code}\n".encode())


def _run(arguments: list[str], cwd: str, environment: dict[str, str], streams: list[str], timeout_s: int) -> NoReturn:
    signal.alarm(timeout_s)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    added = [path for path in environment.get("PYTHONPATH", "").split(os.pathsep) if path]
    sys.path[:1] = [cwd, *added]
    multiprocessing.process.ORIGINAL_DIR = cwd  # type: ignore[attr-defined]  # where workers of a fork server start
    for number, path in enumerate([os.devnull, *streams]):
        file = os.open(path, os.O_RDWR | os.O_CREAT)
        os.dup2(file, number)
        os.close(file)
    from quantci.cli import main

    sys.exit(main(arguments))
