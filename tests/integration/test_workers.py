"""Workers, forked by this process and by a server, as the process that starts them has one thread or more."""

from __future__ import annotations

import functools
import json
import operator
import os
import posix
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from quantci.errors import ModelRejected, ToolError
from quantci.workers import start
from quantci.workers.pool import Pool

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
BIG = b"x" * 1_000_000  # more than a pipe holds


@pytest.fixture(params=["forked", "served"])
def way(request: pytest.FixtureRequest) -> Iterator[None]:
    """Another thread while the test runs, or none."""
    end = threading.Event()
    if request.param == "served":
        threading.Thread(target=end.wait, daemon=True).start()
    yield
    end.set()


@pytest.fixture
def pool(way: None) -> Iterator[Pool]:
    with Pool(2, where="model.tflite") as workers:
        yield workers


def test_calls_come_back_in_order_and_errors_as_they_were_raised(pool: Pool) -> None:
    assert list(pool.map(operator.neg, range(50))) == [-number for number in range(50)]
    assert pool.call(len, BIG) == len(BIG)
    assert pool.call(operator.mul, BIG, 3) == 3 * BIG
    with pytest.raises(ZeroDivisionError, match="zero") as caught:
        pool.call(operator.truediv, 1, 0)
    assert "In a worker:\nTraceback" in caught.value.__notes__[0]
    with pytest.raises(RuntimeError, match="SystemExit: 3"):  # it does not end the caller
        pool.call(sys.exit, 3)
    with pytest.raises((TypeError, AttributeError), match="pickle"):
        pool.call(threading.Lock)
    with pytest.raises(RecursionError):  # of the pickle of what it returned
        pool.call(functools.reduce, nested, range(100_000), ())
    assert pool.call(len, BIG) == len(BIG)


def nested(inner: tuple[Any, ...], _: int) -> tuple[Any, ...]:
    return (inner,)


@linux
def test_a_worker_that_is_stuck_is_ended(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "STUCK_S", 1)
    monkeypatch.setattr(start, "DYING_S", 0.5)
    pool.size = 1
    os.kill(pool.call(os.getpid), signal.SIGSTOP)  # as one that waits for a lock for ever
    with pytest.raises(ToolError, match="took no call") as caught:
        pool.call(len, BIG)
    assert caught.value.code == "worker-killed"
    assert pool.call(len, BIG) == len(BIG)


def test_a_worker_that_dies_while_it_starts_is_one_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*_: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr("quantci.workers.pool.start_worker", die)
    with Pool(1, where="model.tflite") as pool, pytest.raises(ToolError, match="while it was started") as caught:
        pool.call(len, BIG)
    assert caught.value.code == "worker-killed"


def test_a_worker_that_dies_takes_only_itself(pool: Pool) -> None:
    lives = pool.submit(time.sleep, 0.5)
    dies = pool.submit(os.abort)
    behind = [pool.submit(len, BIG) for _ in range(3)] + [pool.submit(len, b"small") for _ in range(3)]
    with pytest.raises(ModelRejected, match=r"model\.tflite: The interpreter died of SIGABRT") as caught:
        pool.result(dies, 60)
    assert caught.value.code == "crashed-interpreter"
    pool.result(lives, 60)
    assert [pool.result(call, 60) for call in behind] == [len(BIG)] * 3 + [5] * 3
    for _ in range(5):
        with pytest.raises(ModelRejected, match="died of SIGSEGV"):
            pool.call(signal.raise_signal, signal.SIGSEGV)
    with pytest.raises(ModelRejected, match="died of exit code 3"):
        pool.call(posix._exit, 3)  # not os._exit, which coverage replaces
    assert pool.call(len, b"four") == 4


@linux
def test_memory_is_named_only_where_the_kernel_has_killed_for_it(pool: Pool) -> None:
    with pytest.raises(ToolError, match="SIGKILL, though not by the kernel for memory") as caught:
        pool.call(signal.raise_signal, signal.SIGKILL)
    assert caught.value.code == "worker-killed"
    with pytest.raises(ToolError, match="ran out of memory") as caught:
        pool.call(bytearray, 64 * 1024**3)
    assert caught.value.code == "out-of-memory"


def test_too_slow_a_call_ends_all_of_its_pool_and_the_next_starts_anew(pool: Pool) -> None:
    slow, waiting = pool.submit(time.sleep, 600), pool.submit(time.sleep, 600)
    for call in (slow, waiting):
        with pytest.raises(ModelRejected, match=r"within 0\.2 s") as caught:
            pool.result(call, 0.2)
        assert caught.value.code == "too-slow"
    assert pool.call(len, BIG) == len(BIG)


@pytest.mark.usefixtures("way")
def test_leaving_the_pool_waits_for_nothing() -> None:
    started_s = time.monotonic()
    with Pool(1, where="model.tflite") as workers:
        workers.submit(time.sleep, 600)
        workers.submit(len, BIG)
    assert time.monotonic() - started_s < 60


# What workers say of themselves, called by names that every process can import; then they hang.
SCRIPT = """
import json, os, re, signal, sys, threading, time
from pathlib import Path
from quantci.cli.cancel import cancellable
from quantci.workers.pool import Pool
from quantci.workers.preload import preload

def held_back(process):
    status = dict(line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines())
    return bool((int(status["SigBlk"], 16) | int(status["SigIgn"], 16)) & 1 << signal.SIGINT - 1)

if __name__ == "__main__":
    print("written before the fork")
    with cancellable():
        preload("json.tool")
        if sys.argv[1] == "served":
            threading.Thread(target=threading.Event().wait, daemon=True).start()
        with Pool(2, where="test") as pool:
            pool.start()
            workers = sorted({pool.call(os.getpid) for _ in range(20)})
            parent = pool.call(os.getppid)
            print(json.dumps({
                "pids": sorted({*workers, parent} - {os.getpid()}),
                "is_served": parent != os.getpid(),
                "preloaded": pool.call(eval, "'json.tool' in __import__('sys').modules"),
                "sigterm": pool.call(signal.getsignal, signal.SIGTERM) is signal.SIG_DFL,
                "sigint": [held_back(number) for number in (*workers, parent)],
                "here": held_back(os.getpid()),
            }), flush=True)
            for _ in range(2):  # native code that lets no other thread of Python run
                pool.submit(re.fullmatch, "(a+)+", "a" * 99 + "b")
            pool.call(time.sleep, 600)
"""


@linux
@pytest.mark.parametrize("kind", ["forked", "served"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_signals_are_for_the_parent_and_its_workers_end_with_it(
    tmp_path: Path, kind: str, number: signal.Signals
) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    command = [sys.executable, str(script), kind]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        too_late = threading.Timer(120, process.kill)
        too_late.start()
        try:
            assert process.stdout.readline() == "written before the fork\n"
            answer = process.stdout.readline()
            assert answer, process.communicate(timeout=60)[1]
            found: dict[str, Any] = json.loads(answer)
            if number == signal.SIGKILL:
                process.kill()
            else:
                os.killpg(process.pid, number)  # as a terminal does
            said, error = process.communicate(timeout=60)
        finally:
            too_late.cancel()
            process.kill()
    assert found["is_served"] == (kind == "served")
    assert found["preloaded"]
    assert found["sigterm"]
    assert set(found["sigint"]) == ({True} if kind == "served" else {True, False})  # the last one is the parent itself
    assert not found["here"]
    assert said == ""  # once: a child does not print what its parent had buffered
    assert error.count("Traceback") == (0 if number == signal.SIGKILL else 1), error  # the script's own
    deadline_s = time.monotonic() + 20
    while gone := [pid for pid in found["pids"] if Path(f"/proc/{pid}/cwd").exists()]:
        assert time.monotonic() < deadline_s, f"still there: {gone}"
        time.sleep(0.05)
