"""Worker processes: speed, and a wall between us and native code that runs a stranger's model.

An interpreter that dies (SIGSEGV on a malformed model, SIGKILL by the kernel for memory) takes a worker with it, never
quantci. Workers are forked from a small server that has the interpreters imported already (fork_server.py), so a second
worker costs milliseconds.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Any, Self, TypeVar

from quantci.errors import ModelRejected, QuantciError, ToolError
from quantci.tflite import fork_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from multiprocessing.connection import Connection

T = TypeVar("T")

_MEMORY_LIMIT_BYTES = 16 * 1024**3
_SERVER_IS_GONE = 255  # multiprocessing's exit code for a worker that the fork server can no longer tell about
CALL_TIMEOUT_S = 900.0  # WHILE is an op: a model may run for ever


def core_count() -> int:
    """Cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS
        return os.cpu_count() or 1


class Pool:
    """A fixed number of workers, used as a context manager.

    Args:
        workers: number of processes.
        where: the file that is named when a worker dies.
        initializer: called once in each worker with `initargs`.
    """

    def __init__(
        self,
        workers: int,
        *,
        where: str,
        initializer: Callable[..., None] | None = None,
        initargs: tuple[Any, ...] = (),
    ) -> None:
        self._where = where
        self.size = workers
        fork_server.start()
        context = fork_server.context()
        # Its other end is this process's alone: a worker that reads the end of the file has lost its parent.
        alive, self._alive = context.Pipe(duplex=False)
        self._executor = ProcessPoolExecutor(
            workers, mp_context=context, initializer=_start_worker, initargs=(alive, initializer, initargs)
        )
        # All start with the first call. One by one, the second would start only when the first is found busy.
        self._executor._safe_to_dynamically_spawn_children = False  # type: ignore[attr-defined]  # noqa: SLF001
        self._processes: list[Any] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None:
            for process in self._processes:
                process.terminate()
        self._executor.shutdown(wait=True, cancel_futures=True)
        self._alive.close()

    def start(self) -> None:
        """Start the workers now; without this, they start with the first call."""
        self.submit(_nothing)

    def submit(self, function: Callable[..., T], *args: object) -> Future[T]:
        """Start one call; `result()` waits for it."""
        try:
            with _uninterrupted():
                future = self._executor.submit(function, *args)
        except BrokenProcessPool:
            raise self._crash() from None
        # The executor forgets processes that have ended: keep the handles, their exit codes name the signal.
        self._processes = list((self._executor._processes or {}).values()) or self._processes  # noqa: SLF001
        return future

    def result(self, future: Future[T], timeout_s: float = CALL_TIMEOUT_S) -> T:
        """Wait for a call, at most `timeout_s` from now.

        Raises:
            ModelRejected: `crashed-interpreter` or `too-slow`: the worker died or took too long.
            ToolError: `out-of-memory`.
            QuantciError: what the function itself raised.
        """
        try:
            return future.result(timeout_s)
        except BrokenProcessPool:
            raise self._crash() from None
        except MemoryError:
            raise self._out_of_memory("A worker ran out of memory.") from None
        except FutureTimeout:
            for process in self._processes:
                process.kill()
            raise ModelRejected(
                "too-slow",
                f"The model did not finish within {timeout_s:g} s.",
                where=self._where,
                remedy="Check that it is meant for a microcontroller.",
            ) from None

    def call(self, function: Callable[..., T], *args: object) -> T:
        """Run one call and wait for it."""
        return self.result(self.submit(function, *args))

    def map(self, function: Callable[[Any], T], items: Iterable[Any]) -> Iterator[T]:
        """Results in the order of `items`; at most two items a worker are under way, so memory stays bounded."""
        waiting: deque[Future[T]] = deque()
        for item in items:
            waiting.append(self.submit(function, item))
            if len(waiting) >= 2 * self.size:
                yield self.result(waiting.popleft())
        while waiting:
            yield self.result(waiting.popleft())

    def _crash(self) -> QuantciError:
        for process in self._processes:
            process.join(timeout=5)
        codes = [process.exitcode for process in self._processes if process.exitcode]
        # The executor terminates the survivors with SIGTERM: look for the one that died by itself first.
        code = next((code for code in codes if code != -signal.SIGTERM), codes[0] if codes else 0)
        name = _signal_name(code)
        if code == -signal.SIGKILL:
            return self._out_of_memory("A worker was killed by SIGKILL, most likely because memory ran out.")
        if code == _SERVER_IS_GONE:
            return self._out_of_memory("The workers' server was killed, most likely because memory ran out.")
        return ModelRejected(
            "crashed-interpreter",
            f"The interpreter died of {name} on this model.",
            where=self._where,
            remedy="The file is damaged or uses an op in a way that its kernel does not expect: export it again.",
        )

    def _out_of_memory(self, cause: str) -> ToolError:
        return ToolError(
            "out-of-memory",
            cause,
            where=self._where,
            remedy="Use a machine with more memory, or fewer workers with --evaluation-workers 1.",
        )


def _signal_name(code: int) -> str:
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"exit code {code}"


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold signals back while a worker is started: cut off there, it would print a traceback of its own."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _nothing() -> None:
    """What the first call to a worker does."""


def _start_worker(alive: Connection, initializer: Callable[..., None] | None, initargs: tuple[Any, ...]) -> None:
    threading.Thread(target=_end_with_parent, args=(alive,), daemon=True).start()
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_LIMIT_BYTES, _MEMORY_LIMIT_BYTES))
    if initializer is not None:
        initializer(*initargs)


def _end_with_parent(alive: Connection) -> None:
    """End this worker when quantci is gone, however it went; the fork server ends with its last worker."""
    alive.poll(None)
    os._exit(1)
