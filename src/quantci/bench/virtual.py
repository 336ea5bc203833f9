"""The virtual device as a process of its own: it takes a board's place where there is none, and says so everywhere."""

from __future__ import annotations

import contextlib
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from quantci.bench.process import running
from quantci.device.transport import open_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from quantci.device.transport import SerialTransport

_START_S: Final = 60.0  # TFLM is loaded first, on a machine that may have much to do
_AGAIN_S: Final = 0.02


@contextlib.contextmanager
def virtual(log: Path, arguments: Sequence[str] = ()) -> Iterator[SerialTransport]:
    """Start it at a pty, and open that.

    Args:
        log: file for what it prints.
        arguments: more of its command line, such as its faults.

    Raises:
        BoardError: `emulator-died`, `emulator-port`.
    """
    with tempfile.TemporaryDirectory(prefix="quantci-") as folder:
        link = Path(folder) / "virtual"
        # -P: a folder of the working directory that is called quantci is not this one.
        command = [sys.executable, "-P", "-m", "quantci", "device", "serve", "--link", str(link), *arguments]
        with running("the virtual device", command, log) as process:
            end_s = time.monotonic() + _START_S
            while not link.exists():
                process.check()
                if time.monotonic() >= end_s:
                    raise process.fault("emulator-port", f"the virtual device did not open its port in {_START_S:g} s")
                time.sleep(_AGAIN_S)
            transport = open_port(str(link))
            try:
                yield transport
            finally:
                transport.close()
