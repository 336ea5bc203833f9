"""Questions to a device and their answers; and where one fails, what has become of the device."""

from __future__ import annotations

import contextlib
import secrets
import struct
import time
from typing import TYPE_CHECKING, Final, Self, TypeVar

from quantci.device.command import VERSION, Command, ErrorCode
from quantci.device.fault import DeviceError, fault_of_device
from quantci.device.hello import Hello, parse_hello
from quantci.device.link import Link
from quantci.device.serial_log import SerialLog
from quantci.errors import BoardError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from quantci.device.description import Description
    from quantci.device.transport import Transport

T = TypeVar("T")

HELLO_S: Final = 5.0
ANSWER_S: Final = 5.0
_AGAIN_S: Final = 2.0
_DOWNLOAD: Final = "waiting for download"  # what the chip's ROM prints


class Conversation:
    """One host's with one device. Every method raises BoardError for what the line or the device does wrong.

    Args:
        transport: opened; closed with the conversation.
        log: takes what the device prints beside its packets.
        clock: seconds that never go back.

    Attributes:
        link: with the counts of what went wrong.
    """

    def __init__(
        self, transport: Transport, log: SerialLog | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.log = SerialLog(clock=clock) if log is None else log
        self.transport, self._clock = transport, clock
        self.link = Link(transport, self.log, nonce=secrets.randbits(32), clock=clock)
        self._hello: Hello | None = None
        self._description: Description | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.transport.close()

    def hello(self, *, deadline_s: float = HELLO_S) -> Hello:
        """Begin a run, and ask who is there.

        Raises:
            BoardError: `usb-dead`: nothing at all came; `protocol`: it speaks another version.
        """
        before = self.log.received_bytes
        with self._phase("identifying the device"):
            try:
                payload = self.link.request(Command.HELLO, struct.pack("<H", VERSION), deadline_s=deadline_s)
            except BoardError as error:
                if error.code == "timeout" and self.log.received_bytes == before and not self.link.counts.replies:
                    raise _dead(self.transport.url, deadline_s) from None
                raise self._in_bootloader() or self._foreign(before) or error from None
        hello = self._parse(parse_hello, payload)
        if hello.protocol != VERSION or min(hello.max_payload, hello.window) < 64:
            raise BoardError(
                "protocol",
                f"The device speaks protocol {hello.protocol}, with {hello.max_payload} bytes a packet.",
                where=self.transport.url,
                remedy="Flash the firmware of this version of quantci.",
            )
        self._hello = hello
        return hello

    def _ask(
        self,
        phase: str,
        command: Command,
        payload: bytes = b"",
        *,
        deadline_s: float = ANSWER_S,
        repeat_after_s: float | None = None,
    ) -> bytes:
        with self._phase(phase):
            return self.link.request(command, payload, deadline_s=deadline_s, repeat_after_s=repeat_after_s)

    @contextlib.contextmanager
    def _phase(self, phase: str) -> Iterator[None]:
        """Name what is going on, and say of a failure in it whether the device has restarted."""
        self.link.phase = phase
        try:
            yield
        except DeviceError as error:
            if error.code == ErrorCode.NONCE:
                raise self._restarted() or fault_of_device(error, self.transport.url) from None
            raise fault_of_device(error, self.transport.url) from None
        except BoardError as error:
            if error.code in {"port-lost", "link-write"}:
                raise self.link.told(error) from None
            if error.code in {"timeout", "link"} and self._hello is not None:
                raise self._in_bootloader() or self._restarted() or error from None
            raise

    def _in_bootloader(self) -> BoardError | None:
        """The fault `stuck-bootloader`, if the last thing that it printed is that it waits to be flashed."""
        if _DOWNLOAD not in self.log.tail():
            return None
        return BoardError(
            "stuck-bootloader",
            f"The board waits to be flashed, while {self.link.phase}.",
            where=self.transport.url,
            remedy="Reset the board; if that does not help, power-cycle it, and see that nothing pulls GPIO0 low.",
        )

    def _foreign(self, before: int) -> BoardError | None:
        """The fault `foreign-firmware`, if all that came is text."""
        counts = self.link.counts
        if self.log.received_bytes == before or counts.replies or counts.stale or counts.dropped or counts.damaged:
            return None
        return BoardError(
            "foreign-firmware",
            f"The board talks, but does not answer; it printed: {self._printed()}.",
            where=self.transport.url,
            remedy="Flash the bench firmware; firmware/README.md says how.",
        )

    def _printed(self) -> str:
        return " | ".join(self.log.tail().splitlines())[-200:]

    def _restarted(self) -> BoardError | None:
        """The fault `reboot`, if the device has started anew since it was greeted."""
        before, phase = self._hello, self.link.phase
        try:
            now = parse_hello(self.link.request(Command.HELLO, struct.pack("<H", VERSION), deadline_s=_AGAIN_S))
        except (BoardError, DeviceError, ValueError):
            return None
        if before is None or (now.boot_count == before.boot_count and now.uptime_us >= before.uptime_us):
            return None
        self._hello, self._description = now, None
        said = self._printed()
        return BoardError(
            "reboot",
            f"The device restarted while {phase}; it gives as reason {now.reset_reason}, which may be inexact"
            f"{f'; it printed: {said}' if said else ''}.",
            where=self.transport.url,
            remedy="Try again; look for a brown-out (power supply), a watchdog (the model takes too long) or a crash.",
        )

    def _parse(self, parse: Callable[[bytes], T], payload: bytes) -> T:
        try:
            return parse(payload)
        except ValueError as error:
            raise BoardError(
                "protocol",
                f"The device's answer cannot be read: {error}.",
                where=self.transport.url,
                remedy="Flash the firmware of this version of quantci.",
            ) from None

    def _greeted(self) -> Hello:
        return self.hello() if self._hello is None else self._hello

    def _identity(self, cause: str) -> BoardError:
        return BoardError(
            "identity",
            cause,
            where=self.transport.url,
            remedy="Reset the board, and see that nobody else uses it.",
        )


def _dead(url: str, deadline_s: float) -> BoardError:
    return BoardError(
        "usb-dead",
        f"The port opens, and not one byte came in {deadline_s:g} s.",
        where=url,
        remedy="Reset the board; if that does not help, power-cycle it, or flash the bench firmware.",
    )
