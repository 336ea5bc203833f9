"""Which device runs the model: the one that is configured, a board that is found, or else the virtual device."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from quantci.bench.emulator import emulated
from quantci.bench.flash import ensure_firmware
from quantci.bench.virtual import virtual
from quantci.device.discovery import BoardPlace, FixedPlace, connected_ports, open_place
from quantci.device.driver import Device
from quantci.device.lock import BoardLock
from quantci.device.serial_log import SerialLog
from quantci.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from quantci.device.discovery import Place
    from quantci.device.lock import Holder
    from quantci.device.transport import Transport
    from quantci.progress import Progress
    from quantci.records.bench import DeviceKind
    from quantci.records.config import Config

SERIAL_LOG: Final = "serial.log"
PROCESS_LOG: Final = "device.log"
_ESPRESSIF: Final = 0x303A  # vendor on USB


@dataclass(frozen=True)
class Opener:
    """Opens the device.

    Attributes:
        config: the effective configuration.
        base: folder that relative paths in it start from.
        output: folder for the logs.
        progress: told which device it is.
        arguments: more of the virtual device's command line.
    """

    config: Config
    base: Path
    output: Path
    progress: Progress
    arguments: Sequence[str] = ()

    @contextlib.contextmanager
    def __call__(self) -> Iterator[tuple[Device, DeviceKind]]:
        """The device, and what kind it is as far as we know.

        Raises:
            BoardError, ConfigError, ToolError: as docs/errors.md lists.
        """
        with self._transport() as (transport, kind), self._log() as log:
            self.progress(f"opened {transport.url} ({kind})")
            yield Device(transport, log), kind

    @contextlib.contextmanager
    def _transport(self) -> Iterator[tuple[Transport, DeviceKind]]:
        device, log = self.config.device, self.output / PROCESS_LOG
        if device.kind == "emulated" and device.port is None:
            chip = self.config.target.chip.partition("-")[0]
            with emulated(device, self.base, chip, log) as transport:
                yield transport, "emulated"
            return
        place = None if device.kind == "virtual" else self._place()
        if place is None:
            with virtual(log, self.arguments) as transport:
                yield transport, "virtual"
            return
        lock = BoardLock(place.key, command="quantci bench")
        with lock.held(device.wait_s, on_wait=self._wait):
            if device.kind != "emulated" and device.image is not None and device.firmware_id is not None:
                chip = self.config.target.chip.partition("-")[0]
                ensure_firmware(place, self.base / device.image, device.firmware_id, chip, self.progress)
            with contextlib.closing(open_place(place)) as transport:
                yield transport, "emulated" if device.kind == "emulated" else "board"

    def _place(self) -> Place | None:
        """Where the board is; None where none is, and nobody asked for one.

        Raises:
            BoardError: `no-board`.
        """
        device = self.config.device
        if device.port is not None:
            return FixedPlace(device.port)
        if device.kind == "board" or device.serial_number is not None:
            return BoardPlace(device.serial_number or "")
        # Unasked, only what is a chip of Espressif's: behind a bridge there may be anything.
        boards = [port for port in connected_ports() if port.vendor == _ESPRESSIF]
        if not boards:
            return None
        first = boards[0].serial_number
        return BoardPlace(first) if first and len(boards) == 1 else BoardPlace()

    def _wait(self, position: int, holder: Holder | None) -> None:
        self.progress(f"waiting for the board, {position} in the queue; it is held by {holder or 'another job'}")

    @contextlib.contextmanager
    def _log(self) -> Iterator[SerialLog]:
        """What the device prints beside its packets, kept in a file."""
        path = self.output / SERIAL_LOG
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("w", encoding="utf-8")
        except OSError as error:
            raise ToolError(
                "unwritable",
                f"Cannot write this file: {error.strerror}.",
                where=str(path),
                remedy="Choose another folder with --output-dir, or free the disk.",
            ) from None
        with file:
            yield SerialLog(file)
