"""What a jail's process can and cannot do: its own file, and nothing else."""

from __future__ import annotations

import os
import platform
import posix
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from quantci.errors import ModelRejected, ToolError
from quantci.workers.jail import Jail

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="Landlock and seccomp are Linux")


def has_landlock() -> bool:
    import ctypes

    return sys.platform == "linux" and int(ctypes.CDLL(None).syscall(444, None, 0, 1)) >= 1


LANDLOCK = pytest.mark.skipif(not has_landlock(), reason="this kernel has no Landlock")


@pytest.fixture
def jail() -> Any:
    with Jail(where="model.keras") as inside:
        yield inside


def refused(jail: Jail, function: Any, *args: object) -> str:
    with pytest.raises(ToolError) as caught:
        jail.call(function, *args)
    return caught.value.cause


def test_its_environment_holds_no_token_and_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_TOKEN", "ACTIONS_RUNTIME_TOKEN", "AWS_SECRET_ACCESS_KEY", "MY_OWN_SECRET", "PYTHONPATH"):
        monkeypatch.setenv(name, "a-secret")
    with Jail(where="model.keras") as jail:
        assert jail.call(os.getenv, "MY_OWN_SECRET") is None
        if sys.platform == "linux":  # with what the process was started with, whatever it has changed since
            assert "a-secret" not in jail.call(Path.read_text, Path("/proc/self/environ"))
        folder = jail.call(os.getcwd)
        assert {jail.call(os.getenv, name) for name in ("HOME", "TMPDIR", "TMP", "TEMP")} == {folder}
        assert jail.call(os.listdir, folder) == []
    assert not Path(folder).exists()


@LANDLOCK
def test_it_reads_and_writes_nothing_of_ours(jail: Jail, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("a secret")
    assert "PermissionError" in refused(jail, Path.read_text, tmp_path / "secret")
    assert "PermissionError" in refused(jail, os.listdir, str(tmp_path))
    assert "PermissionError" in refused(jail, Path.write_text, tmp_path / "new", "x")
    assert "PermissionError" in refused(jail, os.unlink, str(tmp_path / "secret"))
    assert "PermissionError" in refused(jail, Path.write_text, Path(__file__).with_name("new"), "x")
    assert "PermissionError" in refused(jail, Path.read_text, Path("/etc/passwd"))
    assert "PermissionError" in refused(jail, Path.read_bytes, Path(f"/proc/{os.getpid()}/environ"))
    assert "PermissionError" in refused(jail, Path.read_bytes, Path("/proc/1/environ"))
    assert "PermissionError" in refused(jail, os.kill, os.getpid(), signal.SIGTERM)
    assert jail.call(Path.write_text, Path("inside"), "x") == 1
    assert (tmp_path / "secret").read_text() == "a secret"


@LINUX
@pytest.mark.skipif(platform.machine() not in {"x86_64", "aarch64"}, reason="system calls are known of two machines")
def test_it_talks_to_nobody_and_starts_nothing(jail: Jail) -> None:
    assert "PermissionError" in refused(jail, socket.socket)
    assert "PermissionError" in refused(jail, socket.create_connection, ("127.0.0.1", 9))
    assert "PermissionError" in refused(jail, subprocess.check_output, ["/bin/true"])
    assert "PermissionError" in refused(jail, os.execv, sys.executable, ["python"])


def test_a_file_is_copied_in_and_a_folder_without_links(jail: Jail, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "a").write_text("one")
    inside = jail.bring(tmp_path / "model", "copy", 100)
    assert jail.call(Path.read_text, inside / "a") == "one"
    with pytest.raises(ModelRejected) as caught:
        jail.bring(tmp_path / "model", "again", 2)
    assert caught.value.code == "too-large"
    (tmp_path / "model" / "b").symlink_to("/etc/passwd")
    with pytest.raises(ModelRejected) as caught:
        jail.bring(tmp_path / "model", "linked", 100)
    assert caught.value.code == "path"
    with pytest.raises(ModelRejected) as caught:
        jail.bring(tmp_path / "nowhere", "gone", 100)
    assert caught.value.code == "unreadable"


@pytest.mark.parametrize(
    ("name", "code"),
    [(signal.SIGSEGV, "crashed-interpreter"), (signal.SIGKILL, "worker-killed")],
    ids=["crash", "killed"],
)
def test_its_death_is_an_error_that_names_the_cause(jail: Jail, name: signal.Signals, code: str) -> None:
    with pytest.raises((ModelRejected, ToolError)) as caught:
        jail.call(signal.raise_signal, name)
    assert (caught.value.code, caught.value.where) == (code, "model.keras")


def fork_and_sleep() -> None:
    if os.fork() == 0:
        time.sleep(60)
    time.sleep(60)


@LINUX
def test_what_it_forks_ends_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quantci.workers.jail.CALL_TIMEOUT_S", 2)
    monkeypatch.setattr("quantci.workers.jail._module_path", lambda: [*sys.path, str(Path(__file__).parents[2])])
    begin = time.monotonic()
    with Jail(where="model.keras") as jail, pytest.raises(ModelRejected) as caught:
        jail.call(fork_and_sleep)
    assert caught.value.code == "too-slow"
    assert time.monotonic() - begin < 30
    assert "PermissionError" in refused_in_new(os.setsid)


def refused_in_new(function: Any) -> str:
    with Jail(where="model.keras") as jail:
        return refused(jail, function)


def test_an_end_of_its_own_tells_the_exit_code(jail: Jail) -> None:
    with pytest.raises(ToolError) as caught:
        jail.call(posix._exit, 3)  # not os._exit, which coverage replaces
    assert caught.value.code == "worker"
    assert "exit code 3" in caught.value.cause


def test_it_ends_in_time(jail: Jail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quantci.workers.jail.CALL_TIMEOUT_S", 0.5)
    with pytest.raises(ModelRejected) as caught:
        jail.call(time.sleep, 60)
    assert caught.value.code == "too-slow"


@LINUX
def test_it_ends_with_quantci_however_that_ends() -> None:
    script = (
        "import os, time\nfrom quantci.workers.jail import Jail\n"
        "jail = Jail(where='m').__enter__()\nprint(jail.call(os.getpid), jail._folder, flush=True)\n"
        "jail.call(time.sleep, 60)"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            pid, folder = process.stdout.readline().split()
        finally:
            process.kill()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists()
    Path(folder).rmdir()
