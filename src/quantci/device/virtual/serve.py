"""Keeps a virtual device at its port until it is stopped."""

from __future__ import annotations

import select
import time
from typing import TYPE_CHECKING, Final

from quantci.device.virtual.device import VirtualDevice
from quantci.device.virtual.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantci.device.virtual.machine import Machine
    from quantci.device.virtual.port import Port

MAX_WAITING_BYTES: Final = 16 * 1024**2  # what nobody reads is dropped, as a USB port does
_TICK_S: Final = 0.1


class Server:
    """A virtual device at its port.

    Args:
        machine: the device's state.
        open_port: makes a port, and a new one after it has vanished.
        rate: bytes a second that the line carries in each direction; None for no limit.
    """

    def __init__(self, machine: Machine, open_port: Callable[[], Port], *, rate: float | None = None) -> None:
        self._inward, self._outward = Pace(rate), Pace(rate)
        self._open_port = open_port
        self._port: Port | None = open_port()
        self._waiting = bytearray()
        self._device = VirtualDevice(machine, self._send, poll=self._poll)
        self._back_s: float | None = None
        self._is_reset = self._is_stopped = False

    @property
    def name(self) -> str:
        """What a host opens."""
        return "" if self._port is None else self._port.name

    def reset(self) -> None:
        """Press its reset button; may be called from the handler of a signal."""
        self._is_reset = True

    def stop(self) -> None:
        """Let `run` return; may be called from the handler of a signal."""
        self._is_stopped = True

    def run(self) -> None:
        """Serve until stopped."""
        self._device.boot()
        try:
            while not self._is_stopped:
                self.step(_TICK_S)
        finally:
            if self._port is not None:
                self._port.close()

    def step(self, wait_s: float) -> None:
        """Wait for something to happen, and let it."""
        if self._port is None:
            self._wait_for_port(wait_s)
            return
        if self._is_reset:
            self._is_reset = False
            self._device.restart("external")
        may_read, free_s = self._inward.may_pass(), self._outward.wait_s()
        readers = [self._port] if may_read and not self._device.is_deaf else []
        writers = [self._port] if self._waiting and not free_s else []
        busy_s = [pause for pause in (self._inward.wait_s(), free_s if self._waiting else 0.0) if pause]
        ready, _, _ = select.select(readers, writers, [], min([wait_s, *busy_s]))
        self._flush()
        if ready and (data := self._port.read(may_read)):
            self._inward.passed(len(data), may_read)
            self._device.feed(data)
        self._device.tick()
        if self._device.is_away:
            self._flush()
            self._port.close()
            self._port = None
            self._waiting.clear()
            away_s = self._device.away_s
            self._back_s = None if away_s is None else time.monotonic() + away_s

    def _wait_for_port(self, wait_s: float) -> None:
        time.sleep(wait_s)
        if self._back_s is not None and time.monotonic() >= self._back_s:
            self._port = self._open_port()
            self._device.back()

    def _poll(self) -> bytes:
        """What has come while the device computes."""
        most = self._inward.may_pass()
        if self._port is None or not most or self._device.is_deaf:
            return b""
        data = self._port.read(most)
        if data:
            self._inward.passed(len(data), most)
        return data

    def _send(self, data: bytes) -> None:
        if len(self._waiting) < MAX_WAITING_BYTES:
            self._waiting += data
        self._flush()

    def _flush(self) -> None:
        while self._waiting and self._port is not None:
            most = self._outward.may_pass()
            taken = self._port.write(bytes(self._waiting[:most])) if most else 0
            if not taken:
                return
            self._outward.passed(taken, most)
            del self._waiting[:taken]
