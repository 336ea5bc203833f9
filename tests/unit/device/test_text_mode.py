"""The virtual device's text, to the byte."""

import re

import pytest
from tests.virtual_line import VECTORS, VirtualLine, echo_model

CASES = {case["name"]: case for case in VECTORS["text"]}


@pytest.mark.parametrize("name", CASES)
def test_text_is_answered_as_its_vector(name: str) -> None:
    line = VirtualLine(max_input=VECTORS["device"]["max_input"])
    line.write(CASES[name]["send"].encode())
    pattern = re.escape(CASES[name]["expect"]).replace("<us>", r"\d+")
    assert re.fullmatch(pattern, line.read(0).decode())


def test_boot_says_what_mlperf_s_clients_wait_for() -> None:
    line = VirtualLine()
    line.device.boot()
    assert line.read(0) == b"m-timestamp-mode-performance\r\nm-lap-us-0\r\nm-init-done\r\nm-ready\r\n"


def test_infer_runs_the_model_on_the_buffer() -> None:
    line = VirtualLine()
    line.machine.store(0, echo_model(3), "kws01")
    line.write(b"profile%")
    assert line.read(0) == (b"m-profile-[ULPMark for tinyML Firmware V0.0.1]\r\nm-model-[kws01]\r\nm-ready\r\n")
    line.write(b"db load 3%db 01ff80%infer 2 1%")
    said = re.sub(rb"lap-us-\d+", b"lap-us-N", line.read(0))
    assert said == (
        b"m-[Expecting 3 bytes]\r\nm-ready\r\nm-load-done\r\nm-ready\r\n"
        b"m-warmup-start-1\r\nm-warmup-done\r\nm-infer-start-2\r\nm-lap-us-N\r\nm-lap-us-N\r\nm-infer-done\r\n"
        b"m-results-[1.000,-1.000,-128.000]\r\nm-ready\r\n"
    )
    line.write(b"results%")
    assert line.read(0) == b"m-results-[1.000,-1.000,-128.000]\r\nm-ready\r\n"


def test_pixels_are_unsigned() -> None:
    line = VirtualLine()
    line.machine.store(0, echo_model(3), "vww01")
    line.write(b"db load 3%db 0080ff%infer 1 0%")
    assert b"m-results-[-128.000,0.000,127.000]\r\n" in line.read(0)


def test_an_anomaly_is_the_mean_squared_error_of_the_reconstruction() -> None:
    line = VirtualLine()
    line.machine.store(0, echo_model(2), "ad01")
    # 1.5 becomes 2 (half away from zero), -2.25 becomes -2: (0.25 + 0.0625) / 2 = 0.15625
    line.write(b"db load 8%db 0000c03f000010c0%infer 1 0%")
    assert b"m-results-[0.156]\r\n" in line.read(0)


def test_a_buffer_of_another_size_is_refused() -> None:
    line = VirtualLine()
    line.machine.store(0, echo_model(3), "kws01")
    line.write(b"db load 2%db 0102%infer 1 0%")
    assert line.read(0).endswith(b"e-[The model takes 3 bytes, not 2]\r\nm-ready\r\n")


def test_text_and_frames_share_the_line() -> None:
    line = VirtualLine()
    device = line.open()
    device.hello()
    line.write(b"name%")
    assert device.echo(b"between") == b"between"
    assert device.log.tail(2) == "m-name-dut-[quantci-bench]\nm-ready"[-len("m-name-dut-[quantci-bench]\nm-ready") :]
