"""Where the virtual device is found: a pty, or a TCP port for `socket://`."""

from __future__ import annotations

import contextlib
import os
import socket
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path


class Port(Protocol):
    """The device's end of a line.

    Attributes:
        name: what a host opens.
    """

    name: str

    def fileno(self) -> int:
        """To wait on."""
        ...

    def read(self, most: int) -> bytes:
        """What has come, at most so many bytes; nothing when nothing has."""
        ...

    def write(self, data: bytes) -> int:
        """How much of it was taken."""
        ...

    def close(self) -> None:
        """Let it vanish."""
        ...


class PtyPort:
    """A pseudo terminal, raw as a USB port is.

    Args:
        link: a symlink that always leads to it; None for none.
    """

    def __init__(self, link: Path | None) -> None:
        import tty

        self._master, self._slave = os.openpty()  # the second stays open: else the first fails when a host closes it
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self._link = link
        self.name = os.ttyname(self._slave)
        if link is not None:
            link.parent.mkdir(parents=True, exist_ok=True)
            beside = link.with_name(f"{link.name}.{os.getpid()}")
            beside.symlink_to(self.name)
            beside.replace(link)
            self.name = str(link)

    def fileno(self) -> int:
        """See Port."""
        return self._master

    def read(self, most: int) -> bytes:
        """See Port. The kernel gives at most 4096 bytes at a time."""
        parts: list[bytes] = []
        with contextlib.suppress(BlockingIOError):
            while most > 0:
                parts.append(os.read(self._master, most))
                most -= len(parts[-1])
        return b"".join(parts)

    def write(self, data: bytes) -> int:
        """See Port."""
        with contextlib.suppress(BlockingIOError):
            return os.write(self._master, data)
        return 0

    def close(self) -> None:
        """See Port."""
        os.close(self._master)
        os.close(self._slave)
        if self._link is not None:
            self._link.unlink(missing_ok=True)


class TcpPort:
    """A TCP port, with one host at a time.

    Args:
        port: its number; 0 takes a free one.
    """

    def __init__(self, port: int) -> None:
        self._server = socket.create_server(("127.0.0.1", port))
        self._server.settimeout(0)
        self._host: socket.socket | None = None
        self.name = f"socket://127.0.0.1:{self._server.getsockname()[1]}"

    def fileno(self) -> int:
        """See Port."""
        return (self._server if self._host is None else self._host).fileno()

    def read(self, most: int) -> bytes:
        """See Port."""
        if self._host is None:
            with contextlib.suppress(BlockingIOError):
                self._host, _ = self._server.accept()
                self._host.settimeout(0)
                self._host.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return b""
        try:
            data = self._host.recv(most)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        if not data:
            self._host.close()
            self._host = None
        return data

    def write(self, data: bytes) -> int:
        """See Port."""
        if self._host is None:
            return len(data)  # nobody listens
        try:
            return self._host.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            return len(data)

    def close(self) -> None:
        """See Port."""
        if self._host is not None:
            self._host.close()
        self._server.close()
