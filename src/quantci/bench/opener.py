"""Which device runs the model: the one that is configured, a board that is found, or else the virtual device."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from quantci.bench.emulator import emulated
from quantci.bench.flash import ensure_firmware
from quantci.bench.recovery import recover_board
from quantci.bench.virtual import virtual
from quantci.device.discovery import BoardPlace, FixedPlace, connected_ports, open_place
from quantci.device.driver import Device
from quantci.device.lock import BoardLock
from quantci.device.serial_log import SerialLog
from quantci.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from quantci.bench.boards import Boards
    from quantci.bench.recovery import Recovered
    from quantci.device.discovery import Place
    from quantci.device.lock import Holder
    from quantci.device.transport import Transport
    from quantci.progress import Progress
    from quantci.records.bench import DeviceKind
    from quantci.records.config import Config

SERIAL_LOG: Final = "serial.log"
PROCESS_LOG: Final = "device.log"
_ESPRESSIF: Final = 0x303A  # vendor on USB


class Opened(NamedTuple):
    """A device that is open.

    Attributes:
        kind: what it is as far as we know.
        key: what names the board also when it says nothing; None for what is none, or has another name tomorrow.
        recover: brings a board back that does not answer; its port is closed then. None where nothing can.
    """

    device: Device
    kind: DeviceKind
    key: str | None = None
    recover: Callable[[], Recovered] | None = None


@dataclass(frozen=True)
class Opener:
    """Opens the device.

    Attributes:
        config: the effective configuration.
        base: folder that relative paths in it start from.
        output: folder for the logs.
        progress: told which device it is.
        arguments: more of the virtual device's command line.
        boards: what this machine remembers: a board in quarantine is not opened. None opens any.
    """

    config: Config
    base: Path
    output: Path
    progress: Progress
    arguments: Sequence[str] = ()
    boards: Boards | None = None

    @contextlib.contextmanager
    def __call__(self) -> Iterator[Opened]:
        """The device.

        Raises:
            BoardError, ConfigError, ToolError: as docs/errors.md lists.
        """
        with self._place_and_transport() as (transport, kind, place), self._log() as log:
            self.progress(f"opened {transport.url} ({kind})")
            device = Device(transport, log)
            if kind != "board" or place is None:
                yield Opened(device, kind)
            else:
                key = place.key if place.is_lasting else None
                yield Opened(device, kind, key, lambda: self._recover(transport, place))

    def _recover(self, transport: Transport, place: Place) -> Recovered:
        self.progress("the board does not answer: bringing it back")
        transport.close()
        return recover_board(place, self._chip, self.config.device.power_command)

    @property
    def _chip(self) -> str:
        return self.config.target.chip.partition("-")[0]

    @contextlib.contextmanager
    def _place_and_transport(self) -> Iterator[tuple[Transport, DeviceKind, Place | None]]:
        device, log = self.config.device, self.output / PROCESS_LOG
        if device.kind == "emulated" and device.port is None:
            with emulated(device, self.base, self._chip, log) as transport:
                yield transport, "emulated", None
            return
        place = None if device.kind == "virtual" else self._place()
        if place is None:
            with virtual(log, self.arguments) as transport:
                yield transport, "virtual", None
            return
        lock = BoardLock(place.key, command="quantci bench")
        with lock.held(device.wait_s, on_wait=self._wait):
            if self.boards is not None:
                self.boards.check(place.key)
            if device.kind != "emulated" and device.image is not None and device.firmware_id is not None:
                ensure_firmware(place, self.base / device.image, device.firmware_id, self._chip, self.progress)
            with contextlib.closing(open_place(place)) as transport:
                yield transport, "emulated" if device.kind == "emulated" else "board", place

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
