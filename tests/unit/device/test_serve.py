"""A virtual device at its port."""

from __future__ import annotations

from quantci.device.virtual.engine import EchoEngine
from quantci.device.virtual.machine import Machine
from quantci.device.virtual.script import Script
from quantci.device.virtual.serve import Server


class FakePort:
    """A port that takes what it is given and on which nothing comes."""

    name = "fake"

    def __init__(self) -> None:
        self.taken = b""
        self.is_closed = False

    def fileno(self) -> int:
        """See Port."""
        return -1

    def read(self, most: int) -> bytes:
        """See Port."""
        return b""

    def write(self, data: bytes) -> int:
        """See Port."""
        self.taken += data
        return len(data)

    def close(self) -> None:
        """See Port."""
        self.is_closed = True


def test_a_server_that_is_stopped_returns_and_closes_its_port() -> None:
    """Its signal sets a mark and raises nothing: an exception could come between any two instructions."""
    port = FakePort()
    server = Server(Machine(EchoEngine(), Script([], 0)), lambda: port)
    server.stop()
    server.run()
    assert port.taken.endswith(b"m-ready\r\n")
    assert port.is_closed
