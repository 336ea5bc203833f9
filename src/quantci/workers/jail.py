"""A separate process for code that a hostile model might exploit: the loaders of Keras and SavedModel.

It is a new program, not a fork: its memory never held a token. It is given an empty folder, which is its home, its
temporary folder and the only place where it may write, and an environment of a few words (confine.py has the rest).
What it answers is data, never a pickle: who takes over the jail can lie about the model, but runs nothing outside.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from quantci.errors import ModelRejected, QuantciError, ToolError
from quantci.workers import message
from quantci.workers.copy_in import copy_in
from quantci.workers.death import death_of, kills_for_memory
from quantci.workers.pool import CALL_TIMEOUT_S

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

# Where libraries lie, what glibc and TensorFlow look up, and devices without a memory. Of /proc only what is its own
# and what is everybody's: to a process of root the kernel shows even the environment of others.
_READABLE: Final = (
    *("/usr", "/lib", "/lib64", "/nix/store", "/sys/devices/system", "/etc/ld.so.cache", "/etc/localtime"),
    *("/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/sys/vm"),
)
_WRITABLE: Final = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")
_KEPT_VARIABLES: Final = (
    *("LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TZ"),
    *("OMP_NUM_THREADS", "TF_NUM_INTEROP_THREADS", "TF_NUM_INTRAOP_THREADS"),
)
_START: Final = (
    "import json, sys; settings = json.loads(sys.argv[1]); sys.path[:] = settings['path'];"
    " from quantci.workers.jailed import main; main(settings)"
)


class Jail:
    """One confined process, used as a context manager; it starts with the first call.

    Args:
        where: the file that is named when the process dies.
    """

    def __init__(self, *, where: str) -> None:
        self._where = where
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = ""
        self._errors: Any = None
        self._kills_before: int | None = None
        self._own: list[str] = []

    def __enter__(self) -> Self:
        self._folder = tempfile.mkdtemp(prefix="quantci-")
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            _kill(self._process)
            self._process.wait()
            for stream in (self._process.stdin, self._process.stdout, self._errors):
                with contextlib.suppress(OSError):  # what was still to be sent to it
                    if stream is not None:
                        stream.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def bring(self, path: Path, name: str, limit_bytes: int) -> Path:
        """Copy a file or folder to where the process can read it and nothing else can change it.

        Raises:
            ModelRejected: `too-large`, `path` (a link), `unreadable`.
        """
        inside = Path(self._folder, name)
        copy_in(path, inside, limit_bytes)
        return inside

    def let_read(self, folder: Path) -> None:
        """Let the process read a folder where it lies: that of the user's own code. Before the first call."""
        self._own.append(str(folder))

    def call(self, function: Callable[..., T], *args: object) -> T:
        """Run one call in there and wait for it; a tuple comes back as a list.

        Raises:
            ModelRejected: `crashed-interpreter` or `too-slow`: the process died or took too long.
            ToolError: `out-of-memory`, `worker`.
            QuantciError: what the function itself raised.
        """
        process = self._started()
        timer = threading.Timer(CALL_TIMEOUT_S, _kill, (process,))
        timer.start()
        try:
            message.send(process.stdin, pickle.dumps((function, args)))
            answer = message.receive(process.stdout)
        except (OSError, EOFError):
            raise self._death(process, is_late=not timer.is_alive()) from None
        finally:
            timer.cancel()
            timer.join()  # with another thread, the next worker could not be a fork
        result: T = message.result(answer, self._where)
        return result

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._kills_before = kills_for_memory()
            self._errors = tempfile.TemporaryFile()  # noqa: SIM115  closed with the process
            path = _module_path()
            readable = [*_READABLE, *self._own, *path, sys.prefix, sys.base_prefix, *_linked_packages(path)]
            readable += os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep)
            settings = {
                "path": path,
                "readable": [place for place in readable if place],
                "writable": [*_WRITABLE, self._folder],
                "parent": os.getpid(),
            }
            self._process = subprocess.Popen(  # noqa: S603  our own interpreter
                [sys.executable, "-I", "-c", _START, json.dumps(settings)],
                cwd=self._folder,
                env=self._environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                start_new_session=True,  # Ctrl-C is for quantci, which ends it
            )
        return self._process

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        home = dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP"), self._folder)
        return kept | home | {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}

    def _death(self, process: subprocess.Popen[bytes], *, is_late: bool) -> QuantciError:
        if is_late:
            return ModelRejected(
                "too-slow",
                f"The model was not read within {CALL_TIMEOUT_S:g} s.",
                where=self._where,
                remedy="Check that it is meant for a microcontroller.",
            )
        code = process.wait()
        if code < 0:
            return death_of(code, is_served=False, kills_before=self._kills_before, where=self._where)
        self._errors.seek(0)
        said = self._errors.read(1_000_000).decode(errors="replace").strip().splitlines()
        return ToolError(
            "worker",
            f"The process that reads the model ended with exit code {code}: {' '.join(said[-1:])[:300]}",
            where=self._where,
            remedy="Check the installation of quantci and TensorFlow; if they are fine, report this as a bug.",
        )


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the process and those that it started; seccomp keeps them in its group."""
    if process.returncode is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (AttributeError, OSError):  # Windows has no groups
            process.kill()


def _module_path() -> list[str]:
    """Where Python finds modules here, without the folder that a command happened to be started in."""
    here = os.path.realpath(Path.cwd())
    own = os.path.realpath(Path(__file__).parents[2])
    return [p for p in sys.path if p and (os.path.realpath(p) != here or os.path.realpath(p) == own)]


def _linked_packages(path: list[str]) -> list[str]:
    """Folders that packages really lie in: uv can link them from its cache."""
    records = (record for folder in path for record in Path(folder).glob("*.dist-info/METADATA"))
    return [str(record.resolve().parents[1]) for record in records if record.is_symlink()]
