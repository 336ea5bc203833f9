"""The virtual device as a whole: bytes go in, bytes come out, and the script's faults happen on the way."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Final

from quantci.device.command import Command, Event
from quantci.device.packet import Packet
from quantci.device.virtual.device_receiver import SILENCE_S, DeviceReceiver
from quantci.device.virtual.disturbance import Disturbance
from quantci.device.virtual.framed import FramedMode
from quantci.device.virtual.machine import MAX_PAYLOAD
from quantci.device.virtual.refusal import Restart
from quantci.device.virtual.text_mode import TextMode

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantci.device.virtual.machine import Machine

_ROM: Final = (
    b"ESP-ROM:esp32s3-20210327\r\nBuild:Mar 27 2021\r\nrst:0x3 (RTC_SW_SYS_RST),boot:0x8 (SPI_FAST_FLASH_BOOT)\r\n"
)
_BOOTLOADER: Final = (
    b"ESP-ROM:esp32s3-20210327\r\nrst:0x1 (POWERON),boot:0x0 (DOWNLOAD(USB/UART0))\r\nwaiting for download\r\n"
)


class VirtualDevice:
    """A device without its port.

    Args:
        machine: its state.
        send: takes what it sends.
        clock: seconds that never go back.
        poll: what has come while it computes.

    Attributes:
        away_s: how long its port shall be away now; None for ever.
        is_away: whether its port shall go away.
        is_deaf: whether it reads no more.
    """

    def __init__(
        self,
        machine: Machine,
        send: Callable[[bytes], None],
        *,
        clock: Callable[[], float] = time.monotonic,
        poll: Callable[[], bytes] = bytes,
    ) -> None:
        self._machine, self._to_port, self._clock, self._poll = machine, send, clock, poll
        self._inward, self._outward = Disturbance(machine.script), Disturbance(machine.script)
        self.is_away = False
        self.away_s: float | None = None
        self._heard_s = clock()
        self._hangs_until_s: float | None = None
        self._wake()

    def boot(self) -> None:
        """Print what a device prints at start."""
        self._text.boot()

    def restart(self, reason: str) -> None:
        """Start anew, with the boot log that comes before the first line of ours."""
        self._machine.boot(reason)
        self._wake()
        self._send(_ROM)
        self.boot()

    def feed(self, data: bytes) -> None:
        """Take what arrived."""
        self._heard_s = self._clock()
        self._receive(data)
        while self._received:
            item = self._received.popleft()
            if self._is_hanging or self.is_away:
                self._received.clear()
                return
            try:
                self._take(item)
            except Restart as restart:
                self._send(b"\0\x05\x81")  # the start of a frame that never ends
                self.restart(restart.reason)
                return

    def tick(self) -> None:
        """Let time pass: a frame that goes on no longer is dropped, a watchdog bites."""
        if self._receiver.is_in_frame and self._clock() - self._heard_s >= SILENCE_S and self._receiver.silence():
            self._framed.event(Event.DROPPED, self._receiver.dropped)
        if self._hangs_until_s is not None and self._clock() >= self._hangs_until_s:
            self.restart("watchdog")

    def _receive(self, data: bytes) -> None:
        self._received.extend(self._receiver.feed(self._inward.pass_on(data)))

    def _is_cancelled(self, nonce: int) -> bool:
        """Whether CANCEL waits behind what is carried out now."""
        self._receive(self._poll())
        return any(
            isinstance(item, Packet) and (item.type, item.nonce) == (Command.CANCEL, nonce) for item in self._received
        )

    def _wake(self) -> None:
        self._received: deque[Packet | bytes | None] = deque()
        self.is_deaf = False
        self._receiver = DeviceReceiver(MAX_PAYLOAD)
        self._framed = FramedMode(self._machine, self._receiver, self._send, self._is_cancelled)
        self._text = TextMode(self._machine, self._send)
        self._is_hanging = False
        self._hangs_until_s = None

    def _take(self, item: Packet | bytes | None) -> None:
        if item is None:
            self._framed.event(Event.DROPPED, self._receiver.dropped)
        elif not isinstance(item, Packet):
            self._text.feed(item)
        elif not self._fails(item):
            self._framed.answer(item)

    def _fails(self, packet: Packet) -> bool:
        """Whether the device does not come to answer."""
        script = self._machine.script
        script.seen(Command(packet.type).name.lower() if packet.type in list(Command) else "packet")
        if (size := script.fires("garbage")) is not None:
            self._send(script.random.randbytes(int(float(size or "100000"))).replace(b"\n", b" "))
        if (noise := self._outward.noise()) != b"":
            self._send(noise)
        if (reason := script.fires("reboot")) is not None:
            raise Restart(reason or "panic")
        if (seconds := script.fires("hang")) is not None:
            self._is_hanging = True
            self._hangs_until_s = self._clock() + float(seconds) if seconds else None
        if (seconds := script.fires("vanish")) is not None:
            self.is_away, self.away_s = True, float(seconds or "0.3")
        if script.fires("gone") is not None:
            self.is_away, self.away_s = True, None
        if script.fires("bootloader") is not None:
            self._is_hanging = True
            self._send(_BOOTLOADER)
        self.is_deaf = self.is_deaf or script.fires("deaf") is not None
        return self._is_hanging or self.is_away or script.fires("mute") is not None

    def back(self) -> None:
        """Its port has come back: it was plugged in again."""
        self.is_away = False
        self._machine.boot("power-on")
        self._wake()
        self.boot()

    def _send(self, data: bytes) -> None:
        self._to_port(self._outward.pass_on(data))
