"""The firmware as a program of Linux, driven by the host's end: it and the virtual device answer alike."""

from __future__ import annotations

import hashlib
import re
import shutil
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from tests.running import running
from tests.virtual_line import VECTORS, echo_model

from quantci.device.command import Command, ErrorCode, Flag
from quantci.device.driver import Device
from quantci.device.fault import DeviceError
from quantci.device.text import TextClient
from quantci.device.transport import open_port

SOURCE = Path(__file__).parents[2] / "firmware" / "host"
MODEL = echo_model(64)
DIGEST = hashlib.sha256(MODEL).digest()


@pytest.fixture(scope="session")
def firmware(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program with the echo engine."""
    if shutil.which("cmake") is None or shutil.which("g++") is None:
        pytest.skip("needs CMake and a C++ compiler")
    build = tmp_path_factory.mktemp("firmware")
    settings = ("-DBUILD_TESTING=OFF", "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_CXX_COMPILER=g++")
    subprocess.run(["cmake", "-S", SOURCE, "-B", build, *settings], check=True, capture_output=True, timeout=600)
    subprocess.run(
        ["cmake", "--build", build, "--target", "quantci-device"], check=True, capture_output=True, timeout=600
    )
    return build / "quantci-device"


def virtual(*options: object) -> tuple[object, ...]:
    return (sys.executable, "-m", "quantci", "device", "serve", "--engine", "echo", *options)


@pytest.mark.parametrize("place", [(), ("--tcp", "0")], ids=["pty", "tcp"])
def test_the_host_drives_the_firmware(firmware: Path, place: tuple[str, ...]) -> None:
    with running(firmware, "--echo", 30_000, *place) as (_, name), Device(open_port(name)) as device:
        hello = device.hello()
        assert (hello.protocol, hello.engine, hello.device) == (1, "echo", "virtual")
        model = np.random.default_rng(0).bytes(300_000)
        assert device.upload(1, model) == (hashlib.sha256(model).hexdigest(), 0, 300_000)
        assert device.upload(1, model).sent_bytes == 0
        assert device.hello().slot_sha256 == (None, hashlib.sha256(model).hexdigest())
        description = device.select(1, model_id="kws01")
        assert description.inputs[0].shape == (1, 30_000)
        for seed in range(5):
            values = np.random.default_rng(seed).integers(-128, 128, (1, 30_000)).astype(np.int8)
            np.testing.assert_array_equal(device.run([values]).outputs[0], values)
        assert device.invoke(2, 300, flags=Flag.PROFILE | Flag.CHECKSUMS).iterations == 300
        timings = device.times(300)
        assert len(timings) == 300
        assert all(cycles / 1000 <= microseconds + 2 for cycles, microseconds in timings)
        assert len(device.ops()) == 1
        assert device.link.counts.repeated == 0
        boots = hello.boot_count
        device.reboot()
        assert device.hello().boot_count == boots + 1


BEGIN, SELECT = struct.pack("<BI", 0, len(MODEL)), struct.pack("<BBI", 0, 0, 0)
# What is right and what is wrong, in an order in which each means something.
REQUESTS = [
    ("short hello", Command.HELLO, b"\1"),
    ("hello of another version", Command.HELLO, b"\2\0"),
    ("full echo", Command.ECHO, bytes(4096)),
    ("counters with a payload", Command.COUNTERS, b"1"),
    ("select an empty slot", Command.SELECT, SELECT),
    ("select no slot", Command.SELECT, struct.pack("<BBI", 9, 0, 0)),
    ("begin in no slot", Command.BEGIN, struct.pack("<BI", 9, 10) + DIGEST),
    ("begin nothing", Command.BEGIN, struct.pack("<BI", 0, 0) + DIGEST),
    ("begin too much", Command.BEGIN, struct.pack("<BI", 0, 2**31) + DIGEST),
    ("chunk before begin", Command.CHUNK, struct.pack("<BI", 0, 0) + MODEL),
    ("end before begin", Command.END, b"\0"),
    ("erase no slot", Command.ERASE, b"\x09"),
    ("erase", Command.ERASE, b"\0"),
    ("run without a model", Command.RUN, bytes(64)),
    ("invoke without a model", Command.INVOKE, struct.pack("<IIB", 0, 1, 0)),
    ("input without a model", Command.INPUT, struct.pack("<BI", 0, 0) + b"1"),
    ("output without a model", Command.OUTPUT, struct.pack("<BII", 0, 0, 1)),
    ("times of nothing", Command.TIMES, struct.pack("<IH", 0, 1)),
    ("ops without a model", Command.OPS, struct.pack("<H", 0)),
    ("begin with a wrong digest", Command.BEGIN, BEGIN + bytes(32)),
    ("chunk ahead", Command.CHUNK, struct.pack("<BI", 0, 4) + MODEL[4:]),
    ("end too early", Command.END, b"\0"),
    ("whole chunk", Command.CHUNK, struct.pack("<BI", 0, 0) + MODEL),
    ("the same once more", Command.CHUNK, struct.pack("<BI", 0, 0) + MODEL),
    ("end with a wrong digest", Command.END, b"\0"),
    ("begin", Command.BEGIN, BEGIN + DIGEST),
    ("chunk too long", Command.CHUNK, struct.pack("<BI", 0, 0) + MODEL + b"1"),
    ("first chunk", Command.CHUNK, struct.pack("<BI", 0, 0) + MODEL[:4]),
    ("select half a model", Command.SELECT, SELECT),
    ("begin again", Command.BEGIN, BEGIN + DIGEST),
    ("second chunk", Command.CHUNK, struct.pack("<BI", 0, 4) + MODEL[4:]),
    ("end", Command.END, b"\0"),
    ("begin what is there", Command.BEGIN, BEGIN + DIGEST),
    ("no such memory", Command.SELECT, struct.pack("<BBI", 0, 4, 0)),
    ("too large an arena", Command.SELECT, struct.pack("<BBI", 0, 0, 2**31)),
    ("too long an id", Command.SELECT, SELECT + b"x" * 33),
    ("select from PSRAM", Command.SELECT, struct.pack("<BBI", 0, 2, 0)),
    ("select", Command.SELECT, SELECT + b"kws01"),
    ("run without inputs", Command.RUN, b""),
    ("output before a run", Command.OUTPUT, struct.pack("<BII", 0, 0, 1)),
    ("run with too little", Command.RUN, bytes(63)),
    ("run with too much", Command.RUN, bytes(65)),
    ("no such input", Command.INPUT, struct.pack("<BI", 1, 0) + b"1"),
    ("input ahead", Command.INPUT, struct.pack("<BI", 0, 5) + b"1"),
    ("too long an input", Command.INPUT, struct.pack("<BI", 0, 0) + bytes(65)),
    ("half an input", Command.INPUT, struct.pack("<BI", 0, 0) + bytes(60)),
    ("run with half an input", Command.RUN, b""),
    ("the rest of it", Command.INPUT, struct.pack("<BI", 0, 60) + b"abcd"),
    ("too many iterations", Command.INVOKE, struct.pack("<IIB", 0, 10**6, 0)),
    ("only warm-up", Command.INVOKE, struct.pack("<IIB", 1, 0, 0)),
    ("no such output", Command.OUTPUT, struct.pack("<BII", 1, 0, 1)),
    ("beyond the output", Command.OUTPUT, struct.pack("<BII", 0, 60, 5)),
    ("output", Command.OUTPUT, struct.pack("<BII", 0, 56, 8)),
    ("times beyond", Command.TIMES, struct.pack("<IH", 4, 1)),
    ("ops beyond", Command.OPS, struct.pack("<H", 2)),
    ("ops", Command.OPS, struct.pack("<H", 0)),
    ("short ops", Command.OPS, b""),
    ("begin over the selected one", Command.BEGIN, BEGIN + bytes(32)),
    ("run what is gone", Command.RUN, bytes(64)),
]
OF_THE_DEVICE = {"select", "select from PSRAM"}  # its arena is its own


def answers(*command: object) -> dict[str, str]:
    found = {}
    with running(*command) as (_, name), Device(open_port(name)) as device:
        with pytest.raises(DeviceError) as refused:
            device.link.request(Command.ECHO, b"before hello", deadline_s=30)
        found["before hello"] = ErrorCode(refused.value.code).name
        device.hello()
        for what, request, payload in REQUESTS:
            try:
                found[what] = device.link.request(request, payload, deadline_s=30).hex()
            except DeviceError as error:
                found[what] = ErrorCode(error.code).name
    return {what: len(answer) if what in OF_THE_DEVICE else answer for what, answer in found.items()}  # type: ignore[misc]


@pytest.mark.parametrize("kind", ["firmware", "virtual"])
def test_an_invocation_without_end_is_cancelled(kind: str, request: pytest.FixtureRequest) -> None:
    command = (request.getfixturevalue("firmware"), "--echo", 64) if kind == "firmware" else virtual()
    with running(*command) as (_, name), Device(open_port(name)) as device:
        device.hello()
        device.upload(0, MODEL)
        device.select(0)
        values = np.arange(64, dtype=np.int8).reshape(1, 64)
        device.load([values])

        def stop(done: int) -> None:
            raise KeyboardInterrupt

        started_s = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            device.invoke(2**32 - 1, 1, on_progress=stop)
        assert time.monotonic() - started_s < 30
        np.testing.assert_array_equal(device.run([values]).outputs[0], values)


def test_the_firmware_and_the_virtual_device_answer_alike(firmware: Path) -> None:
    assert answers(firmware, "--echo", 64) == answers(*virtual())


@pytest.mark.parametrize("kind", ["firmware", "virtual"])
def test_text_over_a_line_is_that_of_the_vectors(kind: str, request: pytest.FixtureRequest) -> None:
    command = (request.getfixturevalue("firmware"),) if kind == "firmware" else virtual()
    with running(*command) as (_, name), Device(open_port(name)) as device:
        port, client = device.transport, TextClient(device.transport)
        for case in VECTORS["text"]:
            if "maximum of" in case["expect"]:
                continue  # of a device that takes less
            device.hello()
            device.reboot()
            client.settle(0.1)
            port.write(case["send"].encode())
            got = b""
            while got.count(b"m-ready\r\n") < case["expect"].count("m-ready\r\n"):
                part = port.read(30)
                assert part, got
                got += part
            pattern = re.escape(case["expect"]).replace("<us>", r"\d+")
            assert re.fullmatch(pattern, got.decode()), case["name"]
