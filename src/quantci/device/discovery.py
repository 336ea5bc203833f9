"""Where a board is: found by what it is on USB, and found again by its serial number when its port has another name."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from quantci.device.transport import open_port
from quantci.errors import BoardError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from quantci.device.transport import Transport

FIND_AGAIN_S: Final = 10.0
_RETRY_S: Final = 0.25
# (vendor, product) on USB -> what it is. A bridge says nothing of the chip behind it: HELLO does.
KNOWN: Final = {
    (0x303A, 0x1001): "Espressif USB-Serial-JTAG",
    (0x10C4, 0xEA60): "CP210x bridge",
    (0x1A86, 0x7523): "CH340 bridge",
    (0x1A86, 0x55D3): "CH343 bridge",
    (0x1A86, 0x55D4): "CH9102 bridge",
    (0x0403, 0x6001): "FT232R bridge",
    (0x0403, 0x6010): "FT2232 bridge",
    (0x0403, 0x6014): "FT232H bridge",
    (0x0403, 0x6015): "FT-X bridge",
}


class UsbPort(NamedTuple):
    """A serial port on USB.

    Attributes:
        url: its name, for now.
        vendor: VID.
        product: PID.
        serial_number: that of the board or of the bridge; empty when it has none.
        location: the socket that it is plugged into, such as 1-4.2; empty when the system does not tell.
    """

    url: str
    vendor: int
    product: int
    serial_number: str
    location: str = ""

    @property
    def key(self) -> str:
        """What names the board also when it does not answer: its number, or else where it is plugged in."""
        return self.serial_number or (f"usb-{self.location}" if self.location else self.url)

    def __str__(self) -> str:
        kind = KNOWN.get((self.vendor, self.product), "unknown device")
        number = self.serial_number or "without a serial number"
        return f"{self.url} ({kind} {self.vendor:04x}:{self.product:04x}, {number})"


def connected_ports() -> list[UsbPort]:
    """The serial ports that are on USB now."""
    from serial.tools.list_ports import comports

    return [
        UsbPort(port.device, port.vid, port.pid, port.serial_number or "", (port.location or "").partition(":")[0])
        for port in sorted(comports(), key=lambda port: str(port.device))
        if port.vid is not None and port.pid is not None
    ]


class Place(Protocol):
    """Where a device is.

    Attributes:
        key: what a lock and a quarantine are named after: the same whatever the port is called.
        location: the socket of USB that it is plugged into; empty where there is none.
        is_lasting: whether the same key is the same device tomorrow; that of a pty or a TCP port is not.
    """

    key: str
    location: str
    is_lasting: bool

    def url(self) -> str:
        """What to open now.

        Raises:
            BoardError: `no-board`.
        """
        ...


class FixedPlace:
    """A port by its name or URL; a symlink is followed anew each time."""

    def __init__(self, url: str, ports: Callable[[], Sequence[UsbPort]] = connected_ports) -> None:
        self._url = url
        self.key, self.location = url, ""
        self.is_lasting = not url.startswith("socket://")
        if "://" not in url:
            self.key = os.path.realpath(url)
            self.is_lasting = not self.key.startswith("/dev/pts/")
            for port in ports():
                if os.path.realpath(port.url) == self.key:  # who names the board by its number means the same one
                    self.key, self.location = port.key, port.location
                    break

    def url(self) -> str:
        """See Place."""
        return self._url


class BoardPlace:
    """A board on USB.

    Args:
        serial_number: of the board; empty for the only one that is connected.
        ports: what is connected.

    Raises:
        BoardError: `no-board`: none, another one, or several to choose from.
    """

    def __init__(self, serial_number: str = "", ports: Callable[[], Sequence[UsbPort]] = connected_ports) -> None:
        self._ports, self._wanted = ports, serial_number
        self.is_lasting = True
        port = self._find()
        self._wanted = port.serial_number or serial_number
        self.key, self.location = self._wanted or port.key, port.location

    def url(self) -> str:
        """See Place."""
        return self._find().url

    def _find(self) -> UsbPort:
        connected = self._ports()
        if self._wanted:
            found = [port for port in connected if port.serial_number.lower() == self._wanted.lower()]
        else:
            found = [port for port in connected if (port.vendor, port.product) in KNOWN]
        if len(found) == 1:
            return found[0]
        wanted = f"with the serial number {self._wanted}" if self._wanted else "of a kind that quantci knows"
        there = ", ".join(map(str, found or connected)) or "no serial port on USB"
        return self._missing(
            f"{len(found) or 'No'} {'boards' if len(found) > 1 else 'board'} {wanted}; there is {there}"
        )

    def _missing(self, cause: str) -> UsbPort:
        raise BoardError(
            "no-board",
            f"{cause}.",
            where=self._wanted,
            remedy="Connect the board, or name the one that is meant by its serial number.",
        )


def open_place(
    place: Place,
    *,
    within_s: float = FIND_AGAIN_S,
    open_url: Callable[[str], Transport] = open_port,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Transport:
    """Open a device's port; after a reset it may be away for a while, and come back under another name.

    Raises:
        BoardError: `no-board`, `busy`, `port-permission`, after having tried for `within_s` seconds.
    """
    end_s = clock() + within_s
    while True:
        try:
            return open_url(place.url())
        except BoardError as error:
            # The rules of udev may give the rights to a port only after it has come.
            if clock() >= end_s or error.code not in {"no-board", "port-permission"}:
                raise
        sleep(_RETRY_S)
