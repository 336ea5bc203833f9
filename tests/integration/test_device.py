"""`quantci device serve` at a real pty and a real TCP port, driven by the host's own end."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from tests.running import running, serving
from tests.virtual_line import VECTORS, echo_model

from quantci.device.command import Flag
from quantci.device.driver import Device
from quantci.device.transport import open_port
from quantci.errors import BoardError
from quantci.tflite.model import Model
from quantci.tflite.oracle import choose_oracle, open_oracle

INPUT = np.arange(490, dtype=np.int16).astype(np.int8).reshape(1, 490)


@pytest.mark.parametrize("place", [(), ("--tcp", "0")], ids=["pty", "tcp"])
def test_a_device_uploads_and_runs(place: tuple[str, ...]) -> None:
    with serving("--engine", "echo", *place) as name, Device(open_port(name)) as device:
        assert device.hello().device == "virtual"
        model = np.random.default_rng(0).bytes(300_000)
        assert device.upload(1, model).sha256 == hashlib.sha256(model).hexdigest()
        device.upload(0, echo_model(490))
        device.select(0)
        np.testing.assert_array_equal(device.run([INPUT]).outputs[0], INPUT)
        assert device.link.counts.repeated == 0


def test_a_model_gives_on_the_device_what_the_oracle_gives(model: Path) -> None:
    data = model.read_bytes()
    oracle = choose_oracle("auto")
    runner = open_oracle(Model(data, str(model)), oracle)
    with serving(model) as name, Device(open_port(name)) as device:
        hello = device.hello()
        assert hello.slot_sha256[0] == hashlib.sha256(data).hexdigest()
        description = device.select(0)
        assert description.arena_used_bytes > 0 or oracle != "tflm"
        for seed in range(3):
            inputs = [
                np.random.default_rng(seed).uniform(-1, 1, spec.shape).astype(spec.dtype) for spec in runner.inputs
            ]
            outcome = device.run(inputs)
            for got, wanted in zip(outcome.outputs, runner.run(inputs), strict=True):
                np.testing.assert_array_equal(got, wanted)
        device.invoke(1, 3, flags=Flag.CHECKSUMS)
        ops = device.ops()
        assert len(ops) == description.op_count
        assert ops[-1].output_crc == zlib.crc32(device.output(0))
        assert len({op.output_crc for op in ops}) > 1
        assert all(timing.microseconds > 0 for timing in device.times(3))


def test_what_is_no_model_is_refused_and_the_device_lives() -> None:
    with serving() as name, Device(open_port(name)) as device:
        device.hello()
        device.upload(0, b"TFL3 is not enough" * 10)
        with pytest.raises(Exception, match="tflm-refused"):
            device.select(0)
        assert device.echo(b"still here") == b"still here"


@pytest.mark.parametrize("faults", ["drop=1e-4", "flip=1e-4", "duplicate=1e-3", "drop=1e-2,flip=1e-2", "noise=0.5"])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_bad_line_gives_the_right_answer_or_says_that_it_is_bad(faults: str, seed: int) -> None:
    with serving("--engine", "echo", "--faults", faults, "--seed", seed) as name, Device(open_port(name)) as device:
        word = ""
        try:
            device.hello()
            device.upload(0, echo_model(490))
            device.select(0)
            for value in range(50):
                values = np.roll(INPUT, value)
                np.testing.assert_array_equal(device.run([values]).outputs[0], values)
        except BoardError as error:
            word = error.code
        assert word in {"", "link", "timeout"}
        assert not word or "1e-2" in faults or "1e-3" in faults


def boots_when_back(name: str) -> int:
    for _ in range(100):
        try:
            with Device(open_port(name)) as device:
                return device.hello().boot_count
        except BoardError:
            time.sleep(0.1)
    pytest.fail("it did not come back")


def test_a_port_that_goes_is_lost_and_comes_back_under_its_link(tmp_path: Path) -> None:
    link = tmp_path / "board"
    with serving("--engine", "echo", "--link", link, "--faults", "vanish@echo:2") as name:
        assert name == str(link)
        with Device(open_port(name)) as device:
            device.hello()
            device.echo(b"1")
            with pytest.raises(BoardError) as caught:
                device.echo(b"2")
            assert caught.value.code == "port-lost"
            assert "while testing the line; last frame ECHO 2; requests 3, replies 2" in caught.value.cause
        assert boots_when_back(name) == 1


def test_a_device_that_reads_no_more_blocks_nobody() -> None:
    arguments = ("--engine", "echo", "--faults", "deaf@echo")
    with serving(*arguments) as name, Device(open_port(name, write_timeout_s=1)) as device:
        device.hello()
        device.echo(b"the last that it reads")
        with pytest.raises(BoardError) as caught:
            device.echo(bytes(4000))
        assert caught.value.code == "link-write"


def test_sighup_is_its_reset_button() -> None:
    command = (sys.executable, "-m", "quantci", "device", "serve", "--engine", "echo", "--faults", "hang@echo")
    with running(*command) as (process, name), Device(open_port(name)) as device:
        device.hello()
        process.send_signal(signal.SIGHUP)
        for _ in range(100):
            hello = device.hello()
            if hello.boot_count:
                break
            time.sleep(0.1)
        assert (hello.boot_count, hello.reset_reason) == (1, "external")


def test_text_over_a_real_line_is_that_of_the_vectors() -> None:
    wanted = {"name", "a bad digit takes nothing", "a buffer is filled", "unknown with arguments"}
    with serving("--engine", "echo") as name, open_port(name) as port:
        while port.read(0.5):
            pass  # what it says at boot
        for case in VECTORS["text"]:
            if case["name"] in wanted:
                port.write(case["send"].encode())
                got = b""
                while len(got) < len(case["expect"]):
                    part = port.read(10)
                    assert part, got
                    got += part
                assert got.decode() == case["expect"]


def test_what_is_wrong_on_the_command_line_is_said() -> None:
    command = [sys.executable, "-m", "quantci", "device", "serve", "--faults", "wat"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "[config-value]" in done.stderr


def test_a_port_that_is_not_there_is_no_board(tmp_path: Path) -> None:
    with pytest.raises(BoardError) as caught:
        open_port(str(tmp_path / "nothing"))
    assert caught.value.code == "no-board"
    assert caught.value.cause == "The port does not open: No such file or directory."
