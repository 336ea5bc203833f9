"""What embed says about an arena that does not simply fit."""

from typing import Any

import pytest
from msgspec.structs import replace
from tests.golden import example_arena

from quantci.chip.prediction import _advice


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({}, []),
        ({"memory": "psram", "psram_room_bytes": 8_388_608}, ["arena-psram"]),
        ({"memory": "none"}, ["arena-too-large"]),
        ({"kind": "estimated"}, ["arena-estimated"]),
        ({"kind": "estimated", "memory": "none"}, ["arena-estimated", "arena-too-large"]),
    ],
)
def test_advice(changes: dict[str, Any], codes: list[str]) -> None:
    assert [item.code for item in _advice(replace(example_arena(), **changes), "ESP32-S3")] == codes


def test_it_names_the_room_there_is() -> None:
    (none,) = _advice(replace(example_arena(), memory="none"), "ESP32-S3")
    assert "fits nowhere on ESP32-S3" in none.text
    assert "225,024 bytes of internal memory, and it has no PSRAM" in none.text
    (none,) = _advice(replace(example_arena(), memory="none", psram_room_bytes=2_097_152), "ESP32-S3")
    assert "and 2,097,152 bytes of PSRAM" in none.text
