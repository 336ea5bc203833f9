"""When firmware is written to a board, and what is said where that fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.bench_subject import make_subject
from tests.simulated_device import Board, Line

from quantci.bench import flash
from quantci.bench.run import bench
from quantci.errors import BoardError, ConfigError
from quantci.progress import silent
from quantci.records.device_config import DeviceConfig

WANTED = "ab" * 32
OTHER = "cd" * 32


class Place:
    """A simulated board at a port."""

    key, location, is_lasting = "board", "", True

    def __init__(self, board: Board) -> None:
        self.board = board

    def url(self) -> str:
        return "/dev/ttyACM0"


@pytest.fixture
def image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    def opened(place: Any) -> Line:
        return Line(place.board)

    monkeypatch.setattr(flash, "open_place", opened)
    path = tmp_path / "firmware.bin"
    path.write_bytes(b"\xe9")
    return path


def ensure(place: Place, image: Path, then: Board | None = None) -> list[str]:
    """What was written, where writing gives the board another firmware."""
    written: list[str] = []

    def write(port: str, path: Path, chip: str) -> None:
        written.append(f"{path.name} for {chip} to {port}")
        if then is not None:
            place.board = then

    assert flash.ensure_firmware(place, image, WANTED, "esp32s3", silent, flash=write) is bool(written)
    return written


def test_the_right_firmware_is_left_alone(image: Path) -> None:
    assert ensure(Place(Board(f"hello.firmware_id={WANTED}")), image) == []


@pytest.mark.parametrize("faults", [f"hello.firmware_id={OTHER}", "mute@packet:1+", "bootloader@packet:1+"])
def test_another_one_or_none_is_replaced(image: Path, faults: str) -> None:
    written = ensure(Place(Board(faults)), image, Board(f"hello.firmware_id={WANTED}"))
    assert written == ["firmware.bin for esp32s3 to /dev/ttyACM0"]


def test_a_board_that_runs_another_one_afterwards_is_refused(image: Path) -> None:
    with pytest.raises(BoardError) as caught:
        ensure(Place(Board(f"hello.firmware_id={OTHER}")), image)
    assert caught.value.code == "identity"
    assert OTHER in caught.value.cause
    assert WANTED in caught.value.cause


def test_an_image_that_is_missing(image: Path) -> None:
    image.unlink()
    with pytest.raises(ConfigError) as caught:
        ensure(Place(Board()), image)
    assert caught.value.code == "not-found"


def test_a_session_measures_no_other_firmware_than_the_one_that_is_asked_for(tmp_path: Path) -> None:
    board = Board(f"hello.device=board,hello.firmware_id={OTHER}")
    with pytest.raises(BoardError) as caught:
        bench(make_subject(tmp_path, DeviceConfig(firmware_id=WANTED)), board, silent)
    assert caught.value.code == "identity"
