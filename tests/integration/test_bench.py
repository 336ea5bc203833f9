"""quantci bench with real processes: the virtual device on a pty and behind TCP, and emulators that fail."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.integration.command import Command
from tests.running import read_until, serving

from quantci.bench import greeting, session
from quantci.bench.emulator import emulated
from quantci.device.driver import Device
from quantci.device.lock import BoardLock
from quantci.errors import BoardError, ConfigError, ToolError
from quantci.records.base import read
from quantci.records.bench import BenchRecord, BenchResult
from quantci.records.device_config import DeviceConfig
from quantci.records.report import Report
from quantci.tflite.tflm import tflm_available

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="a pty is needed")]
SERVE = "-P,-m,quantci,device,serve,--tcp"


@pytest.fixture(scope="module")
def judged(quantci: Command, make_project: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that is quantized and evaluated, with few enough samples."""
    folder = make_project(tmp_path_factory.mktemp("bench"))
    done = quantci("pipeline", cwd=folder)
    assert done.code == 0, done.err
    (folder / "flash.bin").write_bytes(b"\xe9" * 1024)
    return folder


def result_of(folder: Path) -> BenchResult:
    record = read(folder / "out" / "bench.json", BenchRecord)
    assert record.failure is None
    assert record.result is not None
    return record.result


def failure_of(folder: Path) -> tuple[str, str]:
    """Status and code; the record is there whatever happened."""
    record = read(folder / "out" / "bench.json", BenchRecord)
    assert record.result is None
    assert record.failure is not None
    return record.status, record.failure.code


def test_without_a_board_the_virtual_device_takes_part_and_says_so(quantci: Command, judged: Path) -> None:
    done = quantci("bench", "--device-kind", "virtual", cwd=judged)
    assert done.code == 0, done.err
    assert "virtual" in done.out.splitlines()[0]
    result = result_of(judged)
    assert (result.device.kind, result.latency) == ("virtual", None)
    assert result.outputs.agreement.identical_outputs == result.outputs.agreement.samples > 100
    assert quantci("report", cwd=judged).code == 0
    report = read(judged / "out" / "report.json", Report)
    assert report.bench is not None
    assert report.device_latency_us is None
    assert "INT8 on the virtual device" in (judged / "out" / "report.md").read_text(encoding="utf-8")


def test_a_device_behind_tcp_that_an_emulator_starts(quantci: Command, judged: Path) -> None:
    """The virtual device in the emulator's place: the same protocol over socket://."""
    command = f"{sys.executable},{SERVE},{{port}}"
    options = ("--device-kind=emulated", "--device-emulator=own", "--device-image=flash.bin")
    done = quantci("bench", *options, f"--device-emulator-command={command}", cwd=judged)
    assert done.code == 0, done.err
    result = result_of(judged)
    assert result.device.kind == "virtual"  # it says so itself, and that is less than emulated
    assert result.device.port.startswith("socket://127.0.0.1:")


def test_a_device_that_the_user_started(quantci: Command, judged: Path) -> None:
    with serving("--tcp", 0) as url:
        done = quantci("bench", "--device", url, cwd=judged)
    assert done.code == 0, done.err
    assert result_of(judged).device.port == url


@pytest.mark.skipif(not tflm_available(), reason="the checksums of a device's ops are TFLM's")
def test_faults_of_the_device_end_in_a_record(quantci: Command, judged: Path, tmp_path: Path) -> None:
    link = tmp_path / "board"
    for faults, expected in (
        ("reboot=panic@run:20", ("board_error", "reboot")),
        ("gone@run:20", ("board_error", "port-lost")),
        ("wrong-output@run:3", ("board_error", "golden")),
        ("timer-mismatch=1.05", ("board_error", "timer")),
    ):
        with serving("--link", link, "--faults", faults):
            done = quantci("bench", "--device", link, cwd=judged)
        assert done.code == 4, done.err
        assert failure_of(judged) == expected
        assert quantci("report", cwd=judged).code == 0, "a board error decides nothing"


def test_a_device_is_checked_listed_and_released(quantci: Command, tmp_path: Path) -> None:
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path)}

    def device(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "quantci", "device", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)

    link = str(tmp_path / "board")
    with serving("--link", link, "--board-id", "b1", "--faults", "hello.device=board,wrong-output@run:4"):
        first, second = device("check", "--port", link), device("check", "--port", link)
    assert (first.returncode, second.returncode) == (4, 0), first.stderr + second.stderr
    assert "[golden]" in first.stderr
    assert "b1 is sound: board" in second.stdout
    assert "still in quarantine" in second.stdout
    assert "b1: in quarantine since" in device("list").stdout
    assert "b1 is released" in device("release", "b1").stdout
    assert "b1: may be used" in device("list").stdout
    assert device("release", "b1").returncode == 2


def test_a_pipeline_benches_where_a_device_is_named(quantci: Command, judged: Path) -> None:
    done = quantci("pipeline", "--device-kind", "virtual", "--output-dir", "out2", cwd=judged)
    assert done.code == 0, done.err
    report = read(judged / "out2" / "report.json", Report)
    assert report.bench is not None
    assert [(one.stage, one.status) for one in report.stages][-1] == ("bench", "ok")
    assert [gate.verdict for gate in report.gates if gate.name == "identical_on_device"] == ["pass"]


def test_a_baseline_that_cannot_be_used_costs_the_comparison_alone(
    quantci: Command, judged: Path, tmp_path: Path
) -> None:
    link = tmp_path / "board"
    base = tmp_path / "base"
    shutil.copytree(judged / "out", base)
    with serving("--link", link, "--faults", "hello.device=board"):
        whole = quantci("bench", "--device", link, "--baseline", base, cwd=judged)
        compared = result_of(judged)
        (base / "model_quant.tflite").write_bytes(b"another")
        damaged = quantci("bench", "--device", link, "--baseline", base, cwd=judged)
    assert (whole.code, damaged.code) == (0, 0), whole.err + damaged.err
    assert compared.against_base is not None
    assert compared.against_base.base_sha256 == compared.quantized_sha256
    failure = result_of(judged).base_failure
    assert failure is not None
    assert failure.code == "baseline-damaged"
    assert result_of(judged).latency is not None


def test_a_board_that_another_job_has_is_busy(quantci: Command, judged: Path, tmp_path: Path) -> None:
    """Who has it is named."""
    link = tmp_path / "held"
    with serving("--link", link), BoardLock(os.path.realpath(link), command="another job").held():
        done = quantci("bench", "--device", link, "--device-wait-s", "0.5", cwd=judged)
    assert done.code == 4, done.err
    assert failure_of(judged) == ("board_error", "busy")
    assert f"process {os.getpid()}" in done.err
    assert "another job" in done.err


def test_a_log_that_cannot_be_written_is_the_machines_fault(quantci: Command, judged: Path) -> None:
    (judged / "out" / "serial.log").unlink(missing_ok=True)
    (judged / "out" / "serial.log").mkdir()
    try:
        done = quantci("bench", "--device-kind", "virtual", cwd=judged)
    finally:
        (judged / "out" / "serial.log").rmdir()
    assert done.code == 4, done.err
    assert failure_of(judged) == ("tool_error", "unwritable")
    assert "serial.log" in done.err


def test_no_port_is_no_board(quantci: Command, judged: Path) -> None:
    done = quantci("bench", "--device", "/dev/there-is-none", cwd=judged)
    assert done.code == 4
    assert failure_of(judged) == ("board_error", "no-board")


DIES = "import sys; print('Guru Meditation Error'); sys.exit(3)"
NEVER_OPENS = "import time; time.sleep(600)"
HANGS = """
import socket, sys
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
host, _ = server.accept()
while host.recv(4096): pass
import time; time.sleep(600)
"""
DIES_LATER = """
import socket, sys
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
host, _ = server.accept()
host.recv(1)
print("assert failed", flush=True)
sys.exit(134)
"""
WITH_A_CHILD = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open(sys.argv[2], "w").write(str(child.pid))
import socket, time
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
time.sleep(600)
"""


def emulator(script: str, *arguments: str) -> DeviceConfig:
    command = (sys.executable, "-c", script, "{port}", *arguments)
    return DeviceConfig(kind="emulated", emulator="own", emulator_command=command, image="flash.bin")


def opened(config: DeviceConfig, folder: Path, port_s: float = 20.0) -> BoardError:
    """The fault that such an emulator ends in, when it is opened or talked to."""
    with pytest.raises(BoardError) as caught:
        talk(config, folder, port_s)
    return caught.value


def talk(config: DeviceConfig, folder: Path, port_s: float) -> None:
    with emulated(config, folder, "esp32s3", folder / "device.log", port_s=port_s) as line:
        for _ in range(100):
            line.write(b"\0")
            line.read(0.1)


def test_an_emulator_that_dies_at_once_is_quoted(judged: Path) -> None:
    error = opened(emulator(DIES), judged)
    assert error.code == "emulator-died"
    assert "exit code 3" in error.cause
    assert "Guru Meditation Error" in error.cause


def test_an_emulator_that_never_opens_its_port(judged: Path) -> None:
    started_s = time.monotonic()
    assert opened(emulator(NEVER_OPENS), judged, port_s=1.0).code == "emulator-port"
    assert time.monotonic() - started_s < 30


def test_an_emulator_that_dies_in_the_middle_is_not_a_lost_port(judged: Path) -> None:
    error = opened(emulator(DIES_LATER), judged)
    assert error.code == "emulator-died"
    assert "assert failed" in error.cause


def test_what_an_emulator_started_ends_with_it(judged: Path, tmp_path: Path) -> None:
    told = tmp_path / "child"
    with emulated(emulator(WITH_A_CHILD, str(told)), judged, "esp32s3", judged / "device.log"):
        child = int(told.read_text())
        os.kill(child, 0)
    for _ in range(100):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        state = Path(f"/proc/{child}/stat")
        if state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z":
            return  # dead, and nobody has asked yet how
        time.sleep(0.1)
    pytest.fail("it still runs")


def test_an_emulator_that_never_answers_is_given_up(judged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(greeting, "_BOOT_S", 1.0)
    with (
        emulated(emulator(HANGS), judged, "esp32s3", judged / "device.log") as line,
        Device(line) as device,
        pytest.raises(BoardError) as caught,
    ):
        session.Session(device, "emulated", DeviceConfig(), expected_us=1.0)
    assert caught.value.code == "usb-dead"


def test_an_emulator_that_is_not_installed(judged: Path) -> None:
    config = DeviceConfig(
        kind="emulated", emulator="own", emulator_command=("no-such-emulator", "{port}"), image="flash.bin"
    )
    with pytest.raises(ToolError) as caught, emulated(config, judged, "esp32s3", judged / "device.log"):
        pass
    assert caught.value.code == "missing-tool"


@pytest.mark.parametrize(
    "config",
    [
        DeviceConfig(kind="emulated"),
        DeviceConfig(kind="emulated", emulator="own", image="flash.bin"),
        DeviceConfig(kind="emulated", emulator="own", emulator_command=("qemu", "{image}"), image="flash.bin"),
    ],
    ids=["no image", "no command", "no port"],
)
def test_an_emulator_that_is_not_configured(judged: Path, config: DeviceConfig) -> None:
    with pytest.raises(ConfigError) as caught, emulated(config, judged, "esp32s3", judged / "device.log"):
        pass
    assert caught.value.code == "emulator"


def test_a_flash_image_that_is_missing(judged: Path) -> None:
    config = DeviceConfig(kind="emulated", image="nothing.bin")
    with pytest.raises(ConfigError) as caught, emulated(config, judged, "esp32s3", judged / "device.log"):
        pass
    assert caught.value.code == "not-found"


def test_a_run_that_is_killed_leaves_no_process(judged: Path) -> None:
    """The virtual device ends when whoever started it is gone."""
    command = [sys.executable, "-m", "quantci", "bench", "--device-kind", "virtual"]
    with subprocess.Popen(command, cwd=judged, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            said = read_until(process.stderr, "opened")
            assert "opened" in said, said
            process.terminate()
            process.communicate(timeout=60)
        finally:
            process.kill()
    record = json.loads((judged / "out" / "bench.json").read_bytes())
    assert (record["status"], record["failure"]["code"]) == ("cancelled", "cancelled")
