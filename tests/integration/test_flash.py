"""Firmware is written by esptool: by stand-ins that end as it does, and by itself where it is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tty
from importlib.util import find_spec
from pathlib import Path

import pytest

from quantci.device.flash import restart_by_watchdog, write_firmware
from quantci.errors import BoardError, ToolError

# What esptool 5.6 printed at a pty where nobody answers, and what it prints when the flash is not what was written.
SILENT = """esptool v5.6.0
Serial port /dev/pts/2:
Connecting...
..........

ERROR: A fatal error occurred: Failed to connect to ESP32-S3: No serial data received.
For troubleshooting steps visit: https://docs.espressif.com/projects/esptool/en/latest/troubleshooting.html
"""
MISMATCH = "Hash of data verified.\nA fatal error occurred: MD5 of file does not match data in flash!\n"


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "firmware.bin"
    path.write_bytes(b"\xe9" + bytes(1000))
    return path


def stand_in(tmp_path: Path, text: str, exit_code: int, seconds: float = 0) -> list[str]:
    """A program that takes esptool's place, and writes down how it was called."""
    program = tmp_path / "esptool.py"
    program.write_text(
        "import json, sys, time\n"
        f"open({str(tmp_path / 'called.json')!r}, 'w').write(json.dumps(sys.argv[1:]))\n"
        f"print({text!r}, flush=True)\n"
        f"time.sleep({seconds})\n"
        f"sys.exit({exit_code})\n"
    )
    return [sys.executable, str(program)]


def test_esptool_is_called_with_chip_port_and_image(tmp_path: Path, image: Path) -> None:
    write_firmware("/dev/ttyACM0", image, "esp32s3", esptool=stand_in(tmp_path, "Hash of data verified.", 0))
    called = json.loads((tmp_path / "called.json").read_text())
    assert called == [
        *("--chip", "esp32s3", "--port", "/dev/ttyACM0", "--connect-attempts", "3"),
        *("write-flash", "--no-progress", "0x0", str(image)),
    ]


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        (SILENT, "flash-connect", "Failed to connect to ESP32-S3: No serial data received."),
        (MISMATCH, "flash-verify", "MD5 of file does not match data in flash."),
        (
            "A serial exception error occurred: Could not open /dev/ttyACM0, the port is busy\nNote: pySerial says so.",
            "flash-connect",
            "Could not open /dev/ttyACM0, the port is busy.",
        ),
        ("A fatal error occurred: The chip stopped responding.", "flash-verify", "The chip stopped responding."),
        ("Writing at 0x00010000...", "flash-verify", "Writing at 0x00010000."),
        ("", "flash-verify", "it said nothing."),
    ],
)
def test_its_last_words_say_what_went_wrong(tmp_path: Path, image: Path, text: str, code: str, words: str) -> None:
    with pytest.raises(BoardError) as caught:
        write_firmware("/dev/ttyACM0", image, "esp32s3", esptool=stand_in(tmp_path, text, 2))
    assert (caught.value.code, caught.value.where) == (code, "/dev/ttyACM0")
    assert caught.value.cause == f"esptool ended with exit code 2: {words}"


@pytest.mark.parametrize(("text", "code"), [("Connecting...", "flash-connect"), ("Writing at 0x0...", "flash-verify")])
def test_one_that_hangs_is_ended(tmp_path: Path, image: Path, text: str, code: str) -> None:
    with pytest.raises(BoardError, match="did not finish within 2 s") as caught:
        write_firmware("x", image, "esp32s3", deadline_s=2, esptool=stand_in(tmp_path, text, 0, seconds=60))
    assert caught.value.code == code


def test_without_esptool_it_says_what_to_install(tmp_path: Path, image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ToolError) as caught:
        write_firmware("x", image, "esp32s3", esptool=[str(tmp_path / "nothing")])
    assert caught.value.code == "missing-extra"
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ToolError, match=r"quantci\[hardware\]"):
        write_firmware("x", image, "esp32s3")


@pytest.mark.skipif(find_spec("esptool") is None, reason="needs esptool")
def test_esptool_itself_says_that_nobody_answers(image: Path) -> None:
    master, slave = os.openpty()
    tty.setraw(slave)
    try:
        with pytest.raises(BoardError) as caught:
            write_firmware(os.ttyname(slave), image, "esp32s3")
    finally:
        os.close(slave)
        os.close(master)
    assert caught.value.code == "flash-connect"
    assert "No serial data received" in caught.value.cause


@pytest.mark.parametrize(("exit_code", "said"), [(0, "a watchdog"), (2, "a watchdog (its bootloader does not answer)")])
def test_a_board_is_restarted_by_its_watchdog(tmp_path: Path, exit_code: int, said: str) -> None:
    esptool = stand_in(tmp_path, "", exit_code)
    assert restart_by_watchdog("/dev/ttyACM0", "esp32s3", esptool=esptool) == said
    called = json.loads((tmp_path / "called.json").read_text())
    assert called[-3:] == ["--after", "watchdog-reset", "chip-id"]
    assert restart_by_watchdog("socket://localhost:1", "esp32s3", esptool=esptool) == ""


@pytest.mark.skipif(find_spec("esptool") is None, reason="needs esptool")
def test_esptool_itself_knows_that_reset() -> None:
    words = [sys.executable, "-m", "esptool", "--chip", "esp32s3", "--after", "watchdog-reset", "chip-id", "--help"]
    assert subprocess.run(words, capture_output=True, check=False, timeout=600).returncode == 0
    words[words.index("watchdog-reset")] = "no-such-reset"
    assert subprocess.run(words, capture_output=True, check=False, timeout=600).returncode != 0
