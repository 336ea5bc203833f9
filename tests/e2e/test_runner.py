"""The runner of these tests: what hangs in it is ended, and told."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from tests.e2e.runner import call


def test_a_run_that_hangs_is_ended_and_its_log_is_shown(tmp_path: Path) -> None:
    """Also where a process that it started lives on, with its output open."""
    script = """echo '{"job": "model", "msg": "the third step waits"}'; sleep 20; echo"""
    started_s = time.monotonic()
    with pytest.raises(AssertionError, match=r"did not end in 1 s(.|\n)*the third step waits"):
        call(["sh", "-c", script], tmp_path, os.environ, tmp_path / "log", longest_s=1.0)
    assert time.monotonic() - started_s < 15
