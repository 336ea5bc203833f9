"""A unit test reaches no network, starts no process and never waits: those belong to tests/integration."""

import multiprocessing.process
import os
import socket
import subprocess
import time
from typing import Any, NoReturn

import pytest

# Methods, not classes, so that what subclasses them while it is imported still can.
FORBIDDEN: list[tuple[Any, str]] = [
    (socket.socket, "__init__"),
    (subprocess.Popen, "__init__"),
    (multiprocessing.process.BaseProcess, "start"),
    *((os, name) for name in ("fork", "forkpty", "posix_spawn", "posix_spawnp", "system") if hasattr(os, name)),
    (time, "sleep"),
]


@pytest.fixture(autouse=True)
def no_real_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every way out of the test's own process, and of its time, raise."""
    for owner, name in FORBIDDEN:
        what = f"{owner.__name__}.{name}"

        def refuse(*_args: object, _what: str = what, **_kwargs: object) -> NoReturn:
            pytest.fail(
                f"a unit test must not use {_what}; a test that needs it belongs in tests/integration", pytrace=True
            )

        monkeypatch.setattr(owner, name, refuse)
