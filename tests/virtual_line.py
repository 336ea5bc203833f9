"""A virtual device at the end of a line in memory, with a clock that only goes on while somebody waits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from quantci.device.driver import Device
from quantci.device.packet import Packet
from quantci.device.serial_log import SerialLog
from quantci.device.virtual.device import VirtualDevice
from quantci.device.virtual.engine import EchoEngine
from quantci.device.virtual.machine import Machine
from quantci.device.virtual.script import Script, parse_script

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "protocol_vectors.json").read_text())
PACKETS = {
    entry["name"]: Packet(entry["type"], entry["sequence"], entry["nonce"], bytes.fromhex(entry["payload_hex"]))
    for entry in VECTORS["packets"]
}


def echo_model(size: int) -> bytes:
    """A model for the echo engine that takes so many bytes."""
    return b"ECHO" + size.to_bytes(4, "little")


class VirtualLine:
    """A Transport."""

    url = "virtual line"

    def __init__(self, faults: str = "", seed: int = 0, *, max_input: int = 2**20) -> None:
        self.now_s = 0.0
        self._to_host = bytearray()
        self.machine = Machine(
            EchoEngine(), Script(parse_script(faults), seed), max_input=max_input, clock=lambda: self.now_s
        )
        self.device = VirtualDevice(self.machine, self._to_host.extend, clock=lambda: self.now_s)
        self.closed = False

    def read(self, wait_s: float) -> bytes:
        """See Transport."""
        end_s = self.now_s + wait_s
        while not self._to_host and self.now_s < end_s:
            self.now_s = min(end_s, self.now_s + 0.05)
            self.device.tick()
        data = bytes(self._to_host)
        self._to_host.clear()
        return data

    def write(self, data: bytes) -> None:
        """See Transport."""
        self.now_s += 1e-6
        self.device.feed(data)

    def reset(self) -> bool:
        """See Transport."""
        return False

    def close(self) -> None:
        """See Transport."""
        self.closed = True

    def open(self) -> Device:
        """The host's end."""
        return Device(self, SerialLog(clock=lambda: self.now_s), clock=lambda: self.now_s)
