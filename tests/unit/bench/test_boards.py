"""What this machine remembers of a board."""

from __future__ import annotations

from pathlib import Path

import pytest

from quantci.bench.boards import Boards
from quantci.errors import BoardError, ConfigError, ToolError
from quantci.records.bench import DeviceNoise

ID = "7c:df:a1:00:00:01"
FAULT = BoardError("golden", "It answers 00.", remedy="Replace it.")
BUILD = {"chip": "esp32s3", "clock_hz": "240000000"}


@pytest.fixture
def boards(tmp_path: Path) -> Boards:
    return Boards(tmp_path / "boards")


def test_a_board_that_nobody_knows_may_be_used(boards: Boards) -> None:
    boards.check(ID)
    assert boards.all() == []
    assert boards.noise(ID, BUILD) is None


def test_a_board_in_quarantine_is_refused_with_the_reason_until_it_is_released(boards: Boards) -> None:
    boards.quarantine(ID, FAULT)
    with pytest.raises(BoardError) as caught:
        boards.check(ID)
    assert caught.value.code == "quarantined"
    assert "It answers 00. [golden]" in caught.value.cause
    assert ID in caught.value.remedy
    boards.check("another")
    boards.release(ID)
    boards.check(ID)


def test_only_what_is_held_can_be_released(boards: Boards) -> None:
    with pytest.raises(ConfigError) as caught:
        boards.release(ID)
    assert caught.value.code == "not-quarantined"


def test_noise_is_remembered_for_one_build(boards: Boards) -> None:
    boards.keep_noise(ID, DeviceNoise(noise_ratio=0.002, pairs=5, source="this-run"), BUILD)
    boards.quarantine(ID, FAULT)
    boards.release(ID)
    found = boards.noise(ID, BUILD)
    assert found is not None
    assert (found.noise_ratio, found.pairs, found.source) == (0.002, 5, "stored")
    assert boards.noise(ID, {**BUILD, "clock_hz": "160000000"}) is None


@pytest.mark.parametrize("name", ["../../etc/passwd", "..", ".hidden", "a/b", "", "COM3:"])
def test_no_id_leads_out_of_the_folder(boards: Boards, name: str) -> None:
    boards.quarantine(name, FAULT)
    (path,) = list(boards.folder.rglob("*"))
    assert path.parent == boards.folder
    assert not path.name.startswith(".")


def test_a_damaged_file_is_told(boards: Boards) -> None:
    boards.quarantine(ID, FAULT)
    (path,) = boards.folder.iterdir()
    path.write_text("{}")
    with pytest.raises(ToolError) as caught:
        boards.check(ID)
    assert caught.value.code == "schema"
