"""Bytes to a device and back, over whatever pyserial opens: a port, `socket://HOST:PORT`, `rfc2217://HOST:PORT`."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import time
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

from quantci.errors import BoardError

if TYPE_CHECKING:
    from types import TracebackType

WRITE_TIMEOUT_S: Final = 5.0
BAUD: Final = 115_200  # means nothing over USB, on a pty and over TCP
_POLL_S: Final = 0.02
_READ_BYTES: Final = 65_536


class Transport(Protocol):
    """Carries bytes; knows nothing of packets.

    Attributes:
        url: what was opened, for messages.
    """

    url: str

    def read(self, wait_s: float) -> bytes:
        """What has come; after `wait_s` seconds without anything, no bytes.

        Raises:
            BoardError: `port-lost`.
        """
        ...

    def write(self, data: bytes) -> None:
        """Send all of it.

        Raises:
            BoardError: `port-lost`; `link-write`: the device does not take it.
        """
        ...

    def reset(self) -> bool:
        """Reset the board by its reset line; False where there is none, as on a pty or over TCP."""
        ...

    def close(self) -> None:
        """Give the port free."""
        ...


class SerialTransport:
    """A port that pyserial has opened; see `open_port`."""

    def __init__(self, port: Any, url: str) -> None:
        self.url = url
        self._port = port
        self._write_timeout_s = port.write_timeout
        self._is_selectable = "://" not in url or url.startswith("socket://")
        self._is_file = "://" not in url and os.name == "posix"  # pyserial waits before each call that need not wait

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def read(self, wait_s: float) -> bytes:
        """See Transport."""
        from serial import SerialException

        try:
            if self._is_selectable:
                if not select.select([self._port.fileno()], [], [], max(0.0, wait_s))[0]:
                    return b""
                return self._read_file() if self._is_file else bytes(self._port.read(_READ_BYTES))
            return self._poll(wait_s)
        except (SerialException, OSError, TypeError, ValueError) as error:  # the last two: closed under our hands
            raise self._lost(error) from None

    def _read_file(self) -> bytes:
        data = os.read(self._port.fileno(), _READ_BYTES)
        if not data:
            raise OSError(errno.EIO, os.strerror(errno.EIO))  # it is ready, and has nothing: it is gone
        return data

    def _write_file(self, data: bytes) -> None:
        file, left = self._port.fileno(), memoryview(data)
        while left:
            with contextlib.suppress(BlockingIOError):
                left = left[os.write(file, left) :]
            if left and not select.select([], [file], [], self._write_timeout_s)[1]:
                raise self._full()

    def _poll(self, wait_s: float) -> bytes:
        """RFC 2217: pyserial reads in a thread, and there is nothing to select on."""
        deadline_s = time.monotonic() + wait_s
        while True:
            if data := bytes(self._port.read(max(1, self._port.in_waiting))):
                return data
            if time.monotonic() >= deadline_s:
                return b""

    def write(self, data: bytes) -> None:
        """See Transport."""
        from serial import SerialException, SerialTimeoutException

        try:
            if self._is_file:
                self._write_file(data)
            else:
                self._port.write(data)
        except SerialTimeoutException:
            raise self._full() from None
        except (SerialException, OSError, TypeError, ValueError) as error:
            raise self._lost(error) from None

    def reset(self) -> bool:
        """See Transport."""
        try:
            self._port.dtr = False
            self._port.rts = True
            time.sleep(0.1)
            self._port.rts = False
        except OSError:  # ENOTTY on a pty
            return False
        return "://" not in self.url or self.url.startswith("rfc2217://")

    def close(self) -> None:
        """See Transport."""
        with contextlib.suppress(OSError):
            self._port.close()

    def _full(self) -> BoardError:
        return BoardError(
            "link-write",
            f"The device took no more bytes for {self._write_timeout_s or WRITE_TIMEOUT_S:g} s.",
            where=self.url,
            remedy="Reset the board; if it happens again, power-cycle it.",
        )

    def _lost(self, error: Exception) -> BoardError:
        return BoardError(
            "port-lost",
            f"The port has gone: {error}.",
            where=self.url,
            remedy="Check the cable and the board's power; quantci finds a board again by its serial number.",
        )


def open_port(url: str, *, write_timeout_s: float = WRITE_TIMEOUT_S) -> SerialTransport:
    """Open a port by its name or URL.

    Raises:
        BoardError: `no-board`, `busy`, `port-permission`.
    """
    import serial

    options: dict[str, Any] = {"baudrate": BAUD, "timeout": 0}
    if url.startswith("rfc2217://"):
        options["timeout"] = _POLL_S  # it cannot time writes out: its socket does
    else:
        options["write_timeout"] = write_timeout_s
    if "://" not in url:
        options["exclusive"] = True
    try:
        return SerialTransport(serial.serial_for_url(url, **options), url)
    except (OSError, ValueError) as error:
        raise _refusal(url, error) from None


def _refusal(url: str, error: Exception) -> BoardError:
    number = getattr(error, "errno", None)
    if number == errno.EACCES:
        return BoardError(
            "port-permission",
            "This user may not open the port.",
            where=url,
            remedy="Add the user to the port's group (dialout on Debian and Ubuntu), then log in again.",
        )
    if number in {errno.EBUSY, errno.EAGAIN} or "exclusively lock" in str(error):
        return BoardError(
            "busy",
            "Another program has the port open.",
            where=url,
            remedy="Close it: a serial monitor, or another job.",
        )
    return BoardError(
        "no-board",
        f"The port does not open: {os.strerror(number) if number else error}.",  # pyserial says the former twice
        where=url,
        remedy="Check the name of the port, and that the board is connected.",
    )
