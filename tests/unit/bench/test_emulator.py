"""The command line of an emulator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from quantci.bench.emulator import command_of
from quantci.errors import ConfigError
from quantci.records.device_config import DeviceConfig


def test_qemu_runs_both_cores_in_one_thread() -> None:
    """With two it crashes now and then."""
    command = command_of(DeviceConfig(kind="emulated", emulator="qemu"), "esp32s3", Path("/a,b/flash.bin"), 5555)
    assert command == [
        "qemu-system-xtensa",
        *("-M", "esp32s3", "-drive", "file=/a,,b/flash.bin,if=mtd,format=raw", "-nic", "none"),
        *("-accel", "tcg,thread=single", "-nographic", "-monitor", "none"),
        *("-serial", "tcp:127.0.0.1:5555,server=on,wait=off,nodelay=on"),
    ]


@pytest.mark.parametrize("device", [{"arena": "psram"}, {"model_place": "psram"}], ids=["arena", "model"])
def test_qemu_has_psram_where_something_is_to_lie_there(device: dict[str, Any]) -> None:
    command = command_of(DeviceConfig(kind="emulated", **device), "esp32s3", Path("/flash.bin"), 5555)
    assert command[-4:] == ["-m", "8M", "-global", "driver=ssi_psram,property=is_octal,value=true"]


def test_a_command_line_of_the_users_has_its_own_words() -> None:
    config = DeviceConfig(kind="emulated", emulator="own", emulator_command=("emu", "{chip}:{image}", "--uart={port}"))
    assert command_of(config, "esp32s3", Path("/a,b"), 7) == ["emu", "esp32s3:/a,b", "--uart=7"]


def test_a_command_line_without_a_port_is_refused() -> None:
    config = DeviceConfig(kind="emulated", emulator="own", emulator_command=("emu", "{image}"))
    with pytest.raises(ConfigError, match="port"):
        command_of(config, "esp32s3", Path("/a"), 7)
