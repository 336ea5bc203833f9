"""A pool of workers: speed, and a wall between us and native code that runs a stranger's model.

An interpreter that dies (SIGSEGV on a malformed model, SIGKILL by the kernel for memory) takes its worker with it, not
quantci and not another worker. Not concurrent.futures.ProcessPoolExecutor: its threads forbid the next fork, it does
not tell what a worker died of, and in Python 3.11.2 (Debian 12) it hangs when a worker dies with a large call
behind it (CPython gh-94777). This pool has no threads: it sends and receives while somebody submits or waits.
"""

from __future__ import annotations

import os
import time
from collections import deque
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from quantci.errors import ModelRejected, QuantciError
from quantci.workers.call import Call
from quantci.workers.death import death_of, died_at_its_start, kills_for_memory, out_of_memory
from quantci.workers.start import Worker, start_worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")

CALL_TIMEOUT_S: Final = 900.0  # WHILE is an op: a model may run for ever
_AHEAD_BYTES: Final = 4096  # fits into the buffer of every pipe: sending so much never blocks


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
        self.size = workers
        self._where = where
        self._setup = initializer, initargs
        self._workers: list[Worker] = []
        self._waiting: deque[Call[Any]] = deque()
        self._kills_before = kills_for_memory()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._kill()

    def start(self) -> None:
        """Start all workers now; without this, they start with the first call.

        Raises:
            ToolError: `worker-killed`.
        """
        while len(self._workers) < self.size:
            try:
                self._workers.append(start_worker(*self._setup))
            except (EOFError, ConnectionError):
                raise died_at_its_start(self._where) from None

    def submit(self, function: Callable[..., T], *args: object) -> Call[T]:
        """Hand in one call; `result()` waits for it."""
        call = Call(function, args)
        self._waiting.append(call)
        self.start()
        self._receive(0)
        self._send()
        return call

    def result(self, call: Call[T], timeout_s: float = CALL_TIMEOUT_S) -> T:
        """Wait for a call, at most `timeout_s` from now.

        Raises:
            ModelRejected: `crashed-interpreter` or `too-slow`: the worker died or took too long.
            ToolError: `out-of-memory`, `worker-killed`.
            QuantciError: what the function itself raised.
        """
        deadline_s = time.monotonic() + timeout_s
        while not call.is_done:
            left_s = deadline_s - time.monotonic()
            if left_s <= 0:
                self._end_all(self._too_slow(timeout_s))
                break
            self._receive(left_s)
            self._send()
        try:
            return call.outcome()
        except MemoryError:
            raise out_of_memory("A worker ran out of memory.", self._where) from None

    def call(self, function: Callable[..., T], *args: object) -> T:
        """Run one call and wait for it."""
        return self.result(self.submit(function, *args))

    def map(self, function: Callable[[Any], T], items: Iterable[Any]) -> Iterator[T]:
        """Results in the order of `items`; at most two items a worker are under way, so memory stays bounded."""
        waiting: deque[Call[T]] = deque()
        for item in items:
            waiting.append(self.submit(function, item))
            if len(waiting) >= 2 * self.size:
                yield self.result(waiting.popleft())
        while waiting:
            yield self.result(waiting.popleft())

    def _send(self) -> None:
        """Give waiting calls to workers that are free; a small one may wait at a worker that is not."""
        while self._waiting and (worker := self._next_worker(len(self._waiting[0].message))) is not None:
            call = self._waiting.popleft()
            worker.calls.append(call)
            try:
                worker.connection.send_bytes(call.message)
            except OSError:
                self._bury(worker)

    def _next_worker(self, message_bytes: int) -> Worker | None:
        worker = min(self._workers, key=lambda worker: len(worker.calls))
        most = 2 if message_bytes <= _AHEAD_BYTES else 1
        return worker if len(worker.calls) < most else None

    def _receive(self, timeout_s: float) -> None:
        """Take what workers have sent, after waiting for the first of it, and see which of them died."""
        by_connection = {worker.connection: worker for worker in self._workers}
        for connection in wait(list(by_connection), timeout_s):
            worker = by_connection[connection]  # type: ignore[index]  # of all that could be waited for, these are connections
            try:
                value, error = worker.connection.recv()
            except (EOFError, OSError):
                self._bury(worker)
                continue
            worker.calls.popleft().end(value, error)

    def _bury(self, worker: Worker) -> None:
        """A worker died or is stuck: its call fails, one that only waited there goes to another, started for it."""
        self._workers.remove(worker)
        code = worker.end()
        if worker.calls:
            worker.calls.popleft().end(None, death_of(code, worker.is_served, self._kills_before, self._where))
        self._waiting.extendleft(reversed(worker.calls))
        if self._waiting:
            self.start()

    def _end_all(self, error: QuantciError) -> None:
        for call in [*self._waiting, *(call for worker in self._workers for call in worker.calls)]:
            call.end(None, error)
        self._kill()

    def _kill(self) -> None:
        """End the workers: they hold nothing that must be kept."""
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.end()
        self._workers.clear()
        self._waiting.clear()

    def _too_slow(self, timeout_s: float) -> ModelRejected:
        return ModelRejected(
            "too-slow",
            f"The model did not finish within {timeout_s:g} s.",
            where=self._where,
            remedy="Check that it is meant for a microcontroller.",
        )
