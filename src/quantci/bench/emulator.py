"""The real firmware in an emulator: its command line, and the wait for its port."""

from __future__ import annotations

import contextlib
import shutil
import socket
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from quantci.bench.process import running
from quantci.device.transport import open_port
from quantci.errors import BoardError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quantci.bench.process import Watched
    from quantci.device.transport import SerialTransport
    from quantci.records.device_config import DeviceConfig

PORT_S: Final = 30.0  # until its port is open; an emulator starts in a second
_AGAIN_S: Final = 0.1
_DEATH_S: Final = 1.0
# The UART is a TCP port of this machine alone, and nothing waits for a host.
PRESETS: Final = {
    "qemu": (
        "qemu-system-xtensa",
        *("-M", "{chip}", "-drive", "file={image},if=mtd,format=raw", "-nic", "none"),
        *("-accel", "tcg,thread=single"),  # with a thread for each core it crashed in 2 of 12 starts
        *("-nographic", "-monitor", "none"),
        *("-serial", "tcp:127.0.0.1:{port},server=on,wait=off,nodelay=on"),
    ),
    "esp-emu": ("esp-emu", "--chip", "{chip}", "--firmware", "{image}", "--uart-tcp", "127.0.0.1:{port}"),
}

# It has none without being asked; octal, as sdkconfig.defaults has it.
_QEMU_PSRAM: Final = ("-m", "8M", "-global", "driver=ssi_psram,property=is_octal,value=true")


def command_of(config: DeviceConfig, chip: str, image: Path, port: int) -> list[str]:
    """The words of the command line, filled in.

    Raises:
        ConfigError: `emulator`: there is no command, or it does not say {port}.
    """
    words = config.emulator_command if config.emulator == "own" else PRESETS[config.emulator]
    if not any("{port}" in word for word in words):
        raise ConfigError(
            "emulator",
            "The command line of the emulator does not say where its UART is: it has no {port}.",
            where="device.emulator_command",
            remedy="Give the words of its command line, with {image} for the flash image and {port} for the TCP port.",
        )
    if config.emulator == "qemu" and "psram" in {config.arena, config.model_place}:
        words = (*words, *_QEMU_PSRAM)
    # QEMU reads a comma in a drive's options as their end; doubled it is one of the name.
    name = str(image).replace(",", ",,") if config.emulator == "qemu" else str(image)
    given = {"{image}": name, "{port}": str(port), "{chip}": chip}
    filled = []
    for word in words:
        for mark, value in given.items():
            word = word.replace(mark, value)  # noqa: PLW2901
        filled.append(word)
    return filled


@contextlib.contextmanager
def emulated(
    config: DeviceConfig, base: Path, chip: str, log: Path, *, port_s: float = PORT_S
) -> Iterator[SerialTransport]:
    """Start the emulator on a copy of the image, and open its UART.

    Args:
        config: which one, and of what.
        base: folder that the image's path starts from.
        chip: without the module, such as esp32s3.
        log: file for what it prints.
        port_s: longest time until its port is open.

    Raises:
        ConfigError: `emulator`: it is not configured.
        ToolError: `missing-tool`: it is not installed.
        BoardError: `emulator-died`, also later; `emulator-port`: it never opened its port.
    """
    if config.image is None:
        raise ConfigError(
            "emulator",
            "There is no flash image for the emulator.",
            where="device.image",
            remedy="Build the firmware, make one image of it with esptool merge-bin, and name it.",
        )
    image = base / config.image
    port = _free_port()
    with tempfile.TemporaryDirectory(prefix="quantci-") as folder:
        copy = Path(folder) / "flash.bin"  # what the firmware writes, it writes there
        try:
            shutil.copyfile(image, copy)
        except OSError as error:
            raise ConfigError(
                "not-found",
                f"The flash image cannot be read: {error.strerror}.",
                where=str(image),
                remedy="Build the firmware first, or name the image in device.image.",
            ) from None
        command = command_of(config, chip, copy, port)
        with running("the emulator", command, log) as process:
            transport = _opened(process, f"socket://127.0.0.1:{port}", port_s)
            try:
                yield transport
            except BoardError:
                process.check(_DEATH_S)  # that it died says more than that its port is gone
                raise
            finally:
                transport.close()


def _opened(process: Watched, url: str, port_s: float) -> SerialTransport:
    end_s = time.monotonic() + port_s
    while True:
        process.check()
        try:
            return open_port(url)
        except BoardError:
            if time.monotonic() >= end_s:
                raise process.fault("emulator-port", f"{process.what} did not open its port in {port_s:g} s") from None
            time.sleep(_AGAIN_S)


def _free_port() -> int:
    """One that is free now; that another takes it before the emulator does is told by its log."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
