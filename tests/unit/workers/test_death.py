"""What a worker's exit code means."""

from __future__ import annotations

import signal

import pytest

from quantci.errors import ModelRejected, ToolError
from quantci.workers import death
from quantci.workers.death import death_of


def test_a_signal_is_named() -> None:
    fault = death_of(-signal.SIGSEGV, False, 0, "model.tflite")
    assert isinstance(fault, ModelRejected)
    assert (fault.code, fault.where) == ("crashed-interpreter", "model.tflite")
    assert "died of SIGSEGV" in fault.cause


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [(7, 8, "out-of-memory"), (7, 7, "worker-killed"), (None, 7, "out-of-memory"), (7, None, "out-of-memory")],
)
def test_memory_is_named_unless_the_kernel_has_killed_nobody_for_it(
    monkeypatch: pytest.MonkeyPatch, before: int | None, after: int | None, code: str
) -> None:
    monkeypatch.setattr(death, "kills_for_memory", lambda: after)
    fault = death_of(-signal.SIGKILL, False, before, "model.tflite")
    assert isinstance(fault, ToolError)
    assert fault.code == code


def test_a_server_that_is_gone_is_no_fault_of_the_model_nor_of_memory() -> None:
    fault = death_of(255, True, 0, "model.tflite")
    assert isinstance(fault, ToolError)
    assert fault.code == "worker-killed"
    assert "memory" not in str(fault)
    assert "exit code 255" in death_of(255, False, 0, "model.tflite").cause


def test_a_worker_that_was_stuck_is_no_fault_of_the_model() -> None:
    fault = death_of(None, False, 0, "model.tflite")
    assert isinstance(fault, ToolError)
    assert fault.code == "worker-killed"
    assert "took no call and gave no answer" in fault.cause
