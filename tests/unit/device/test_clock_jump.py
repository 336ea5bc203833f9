"""H23 of the fault catalogue: the clock of the day jumps by years, and no wait becomes longer or shorter for it."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from quantci.device.discovery import FixedPlace, open_place
from quantci.device.driver import Device
from quantci.device.lock import BoardLock
from quantci.device.text import TextClient
from quantci.device.transport import Transport
from quantci.device.virtual.engine import EchoEngine
from quantci.device.virtual.machine import Machine
from quantci.device.virtual.script import Script
from quantci.errors import BoardError

LIMIT_S = 0.05
YEARS_S = 10 * 365 * 86_400.0


class SilentLine:
    """A transport on which nothing comes."""

    url = "silent"

    def read(self, wait_s: float) -> bytes:
        """See Transport."""
        del wait_s
        return b""

    def write(self, data: bytes) -> None:
        """See Transport."""

    def reset(self) -> bool:
        """See Transport."""
        return False

    def close(self) -> None:
        """See Transport."""


@pytest.fixture
def jumps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look at the clock of the day finds it ten years further, or ten years back."""
    now_s = time.time()
    shifts = itertools.cycle((YEARS_S, -YEARS_S, 0.0))
    monkeypatch.setattr(time, "time", lambda: now_s + next(shifts))
    monkeypatch.setattr(time, "time_ns", lambda: int((now_s + next(shifts)) * 1e9))


def no_port(url: str) -> Transport:
    raise BoardError("no-board", "It is away.", where=url, remedy="Connect it.")


def no_sleep(wait_s: float) -> None:
    del wait_s


def waits_for_the_lock(folder: Path) -> None:
    with (
        BoardLock("S3", command="first", folder=folder).held(),
        BoardLock("S3", command="second", folder=folder).held(LIMIT_S, sleep=no_sleep),
    ):
        pytest.fail("two have it")


def waits_for_the_port(_folder: Path) -> None:
    open_place(FixedPlace("socket://away"), within_s=LIMIT_S, open_url=no_port, sleep=no_sleep)


def waits_for_a_packet(_folder: Path) -> None:
    Device(SilentLine()).hello(deadline_s=LIMIT_S)


def waits_for_a_line(_folder: Path) -> None:
    TextClient(SilentLine()).command("name", deadline_s=LIMIT_S)


@pytest.mark.usefixtures("jumps")
@pytest.mark.parametrize(
    ("wait", "code"),
    [
        (waits_for_the_lock, "busy"),
        (waits_for_the_port, "no-board"),
        (waits_for_a_packet, "usb-dead"),
        (waits_for_a_line, "timeout"),
    ],
    ids=["lock", "port", "packet", "line"],
)
def test_a_wait_ends_at_its_limit(tmp_path: Path, wait: Callable[[Path], None], code: str) -> None:
    start_s = time.monotonic()
    with pytest.raises(BoardError) as caught:
        wait(tmp_path)
    assert caught.value.code == code
    assert LIMIT_S <= time.monotonic() - start_s < 30


@pytest.mark.usefixtures("jumps")
def test_times_of_the_virtual_device_go_on() -> None:
    """Its uptime says whether it has restarted, so it must never go back."""
    machine = Machine(EchoEngine(), Script([], 0))
    found = [machine.uptime_us() for _ in range(10)]
    assert found == sorted(found)
    assert found[-1] < YEARS_S
