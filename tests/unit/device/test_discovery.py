"""Boards are found by what they are, and again by their serial number."""

from pathlib import Path

import pytest

from quantci.device.discovery import BoardPlace, FixedPlace, UsbPort, open_place
from quantci.device.transport import Transport
from quantci.errors import BoardError

S3 = UsbPort("/dev/ttyACM0", 0x303A, 0x1001, "7C:DF:A1:00:00:01")
OTHER = UsbPort("/dev/ttyACM1", 0x303A, 0x1001, "7C:DF:A1:00:00:02")
BRIDGE = UsbPort("/dev/ttyUSB0", 0x10C4, 0xEA60, "0001")
PRINTER = UsbPort("/dev/ttyUSB1", 0x1234, 0x5678, "P")


def test_the_only_board_needs_no_name() -> None:
    place = BoardPlace(ports=lambda: [PRINTER, S3])
    assert (place.url(), place.key) == ("/dev/ttyACM0", "7C:DF:A1:00:00:01")


def test_a_board_is_found_by_its_serial_number_in_any_case() -> None:
    assert BoardPlace("7c:df:a1:00:00:02", lambda: [S3, OTHER]).url() == "/dev/ttyACM1"


def test_a_serial_number_finds_what_quantci_does_not_know() -> None:
    assert BoardPlace("P", lambda: [PRINTER]).url() == "/dev/ttyUSB1"


@pytest.mark.parametrize(
    ("wanted", "ports", "words"),
    [
        ("", [], "No board of a kind that quantci knows; there is no serial port on USB"),
        ("", [PRINTER], "/dev/ttyUSB1 (unknown device 1234:5678, P)"),
        ("", [S3, BRIDGE], "2 boards of a kind that quantci knows; there is /dev/ttyACM0 (Espressif USB-Serial-JTAG"),
        ("7C", [S3], "No board with the serial number 7C; there is /dev/ttyACM0"),
    ],
)
def test_what_is_missing_says_what_was_wanted_and_what_is_there(wanted: str, ports: list[UsbPort], words: str) -> None:
    with pytest.raises(BoardError) as caught:
        BoardPlace(wanted, lambda: ports)
    assert caught.value.code == "no-board"
    assert words in caught.value.cause


def test_a_board_is_found_again_under_another_name() -> None:
    now = [S3]
    place = BoardPlace(ports=lambda: now)
    now[:] = [OTHER._replace(url="/dev/ttyACM0"), S3._replace(url="/dev/ttyACM7")]
    assert place.url() == "/dev/ttyACM7"


class Opened:
    """What stands for an open port."""


def open_at(seconds: float, code: str = "no-board", within_s: float = 10) -> tuple[object, float]:
    """Open a port that comes after so many seconds; and when that was done."""
    now = [0.0]

    def open_url(url: str) -> Transport:
        if now[0] < seconds:
            raise BoardError(code, "Not there.", where=url, remedy="Wait.")
        return Opened()  # type: ignore[return-value]

    def sleep(wait_s: float) -> None:
        now[0] += wait_s

    place = FixedPlace("/dev/ttyACM0")
    return open_place(place, within_s=within_s, open_url=open_url, clock=lambda: now[0], sleep=sleep), now[0]


def test_a_port_is_waited_for() -> None:
    port, after_s = open_at(3.1)
    assert isinstance(port, Opened)
    assert after_s == 3.25


@pytest.mark.parametrize(("code", "seconds"), [("no-board", 11), ("busy", 1)])
def test_not_for_ever_and_not_for_one_that_is_taken(code: str, seconds: float) -> None:
    with pytest.raises(BoardError) as caught:
        open_at(seconds, code)
    assert caught.value.code == code


def test_a_link_and_its_port_have_one_key(tmp_path: Path) -> None:
    port, link = tmp_path / "pts", tmp_path / "board"
    link.symlink_to(port)
    assert FixedPlace(str(link)).key == FixedPlace(str(port)).key == str(port.resolve())
    assert FixedPlace("socket://localhost:5555").key == "socket://localhost:5555"


def test_a_port_by_its_name_is_the_board_that_is_there(tmp_path: Path) -> None:
    """Else one job would name it by its port, another by its number, and both would have it."""
    port, link = tmp_path / "ttyACM0", tmp_path / "board"
    link.symlink_to(port)
    place = FixedPlace(str(link), lambda: [OTHER, S3._replace(url=str(port), location="1-4.2")])
    assert (place.key, place.location, place.is_lasting) == (S3.serial_number, "1-4.2", True)


def test_a_board_without_a_number_is_named_by_where_it_is_plugged_in() -> None:
    assert BRIDGE._replace(serial_number="", location="1-4.2").key == "usb-1-4.2"
    assert BRIDGE._replace(serial_number="").key == "/dev/ttyUSB0"


@pytest.mark.parametrize(
    ("url", "is_lasting"), [("socket://a:1", False), ("rfc2217://a:1", True), ("/dev/ttyS0", True)]
)
def test_what_has_another_name_tomorrow_is_no_board_to_remember(url: str, is_lasting: bool) -> None:
    assert FixedPlace(url, list).is_lasting is is_lasting
