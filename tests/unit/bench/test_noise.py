"""How noisy a board is: a model measured against itself, and remembered of the board and the build."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.bench_subject import subject_model
from tests.simulated_device import Board

from quantci.bench.boards import Boards
from quantci.bench.noise import find_noise
from quantci.progress import silent
from quantci.records.device_config import DeviceConfig

BOARD = "hello.device=board,hello.clock_hz=240000000,latency=1000"


def test_equal_times_are_no_noise_and_are_remembered(tmp_path: Path) -> None:
    boards = Boards(tmp_path)
    config = DeviceConfig(iterations=3, warm_up=1, windows=3)
    found = find_noise(config, subject_model(), Board(BOARD), boards, silent)
    assert (found.noise.noise_ratio, found.noise.pairs, found.kind) == (0, 3, "board")
    assert found.least_change == config.min_change, "3.5 times no noise is less than what is asked for"
    (known,) = boards.all()
    assert known.board_id == found.board_id == "7c:df:a1:00:00:01"
    assert known.noise is not None
    assert boards.noise(known.board_id, known.noise.fingerprint) is not None
    assert boards.noise(known.board_id, {**known.noise.fingerprint, "clock_hz": "160000000"}) is None


@pytest.mark.parametrize("kind", ["emulated", "virtual"])
def test_what_is_no_board_is_not_remembered(tmp_path: Path, kind: str) -> None:
    found = find_noise(
        DeviceConfig(iterations=3, warm_up=1, windows=3),
        subject_model(),
        Board(f"hello.device={kind}"),
        Boards(tmp_path),
        silent,
    )
    assert (found.board_id, found.kind) == (None, kind)
    assert Boards(tmp_path).all() == []
