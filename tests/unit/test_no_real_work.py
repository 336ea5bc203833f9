"""The fixture of conftest.py, tested: what it forbids fails the test that does it."""

import multiprocessing
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable

import pytest


@pytest.mark.parametrize(
    "work",
    [
        pytest.param(lambda: socket.create_connection(("127.0.0.1", 9)), id="socket"),
        pytest.param(lambda: subprocess.run([sys.executable, "-c", ""], check=False), id="subprocess"),
        pytest.param(lambda: os.system("true"), id="shell"),
        pytest.param(lambda: multiprocessing.get_context("spawn").Process(target=print).start(), id="multiprocessing"),
        pytest.param(lambda: time.sleep(0), id="sleep"),
    ],
)
def test_real_work_fails_a_unit_test(work: Callable[[], object]) -> None:
    with pytest.raises(pytest.fail.Exception, match="belongs in tests/integration"):
        work()
