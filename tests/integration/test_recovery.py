"""The power of a board is switched by a command of the user's; and a real line that is dead is climbed to its end."""

from __future__ import annotations

import os
import sys
import tty
from collections.abc import Iterator

import pytest

from quantci.bench.recovery import recover_board, switch_power
from quantci.device.discovery import FixedPlace, UsbPort

PORT = UsbPort("/dev/ttyACM0", 0x303A, 0x1001, "7C:DF:A1:00:00:01", "1-4.2")
PLACE = FixedPlace(PORT.url, lambda: [PORT])
SAYS = (sys.executable, "-c", "import sys; sys.exit(0 if sys.argv[1:] == ['1-4', '2', '7C:DF:A1:00:00:01'] else 3)")


@pytest.fixture
def dead() -> Iterator[str]:
    """A pty that nobody answers at."""
    master, slave = os.openpty()
    tty.setraw(slave)
    yield os.ttyname(slave)
    os.close(slave)
    os.close(master)


def test_the_command_is_told_where_the_board_is_plugged_in() -> None:
    assert switch_power((*SAYS, "{hub}", "{socket}", "{key}"), PLACE) == "its power cut by device.power_command"
    root = FixedPlace(PORT.url, lambda: [PORT._replace(location="2-3")])
    assert "exit code 3" in switch_power((*SAYS, "{hub}", "{socket}"), root)
    says = (sys.executable, "-c", "import sys; sys.exit(sys.argv[1:] != ['2', '3'])", "{hub}", "{socket}")
    assert switch_power(says, root) == "its power cut by device.power_command"


def test_a_command_that_cannot_work_is_said_and_does_not_end_the_run() -> None:
    assert switch_power((), PLACE) == ""
    assert "does not start" in switch_power(("no-such-command",), PLACE)
    assert "place of socket://localhost:1 on USB is not known" in switch_power(
        ("false", "{hub}"), FixedPlace("socket://localhost:1")
    )


def test_a_dead_port_is_climbed_to_its_end(dead: str) -> None:
    """A pty has no reset line; that rung is not there."""
    found = recover_board(FixedPlace(dead), "esp32s3", (sys.executable, "-c", ""), answer_s=0.3)
    assert not found.answers
    assert found.tried[0] == "its port opened anew"
    assert found.tried[-1] == "its power cut by device.power_command"
    assert "its reset line" not in found.tried
