"""Every chip's file, and what a wrong one is told."""

from pathlib import Path

import pytest

from quantci.chip.datasheet import FOLDER, check_chip, chip_names, load_chip, read_chip
from quantci.errors import ConfigError

GOOD = (FOLDER / "esp32s3.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", chip_names())
def test_every_file_describes_a_chip(name: str) -> None:
    chip = load_chip(name)
    assert chip.memory("internal") is not None, "every chip has memory of its own"
    assert chip.memory("flash") is not None, "the model has to lie somewhere"
    flash = chip.memory("flash")
    assert flash is not None
    assert chip.model_partition_bytes < flash.size_bytes
    assert 0 < chip.room("internal") < sum(memory.size_bytes for memory in chip.memories if memory.kind == "internal")
    for memory in chip.memories:
        assert memory.usable_bytes <= memory.size_bytes
    kinds = [memory.kind for memory in chip.memories]
    assert len(kinds) == len(set(kinds))
    assert (FOLDER / f"{name}.toml").read_text(encoding="utf-8").startswith("# Sources: "), (
        "say where the facts are from"
    )


def test_the_names_that_people_know_are_there() -> None:
    assert {"esp32s3", "esp32s3-n8r2", "esp32s3-n8r8", "esp32s3-n16r8", "esp32", "esp32c3", "esp32p4"} <= set(
        chip_names()
    )


def test_modules_of_one_chip_differ_in_what_lies_outside_only() -> None:
    plain, module = load_chip("esp32s3"), load_chip("esp32s3-n8r8")
    assert plain.room("psram") == 0
    assert module.room("psram") == 8 * 1024**2
    assert plain.memory("internal") == module.memory("internal")
    assert (plain.kernels, plain.kernel_set, plain.clock_hz) == (module.kernels, module.kernel_set, module.clock_hz)


def test_room_is_what_a_usual_firmware_leaves() -> None:
    # 341,760 usable, less 64 KiB of firmware, 40 KiB of heap and 10 KiB of stacks
    assert load_chip("esp32s3").room("internal") == 341_760 - (64 + 40 + 10) * 1024


def test_an_unknown_chip_is_told_which_there_are() -> None:
    with pytest.raises(ConfigError, match=r"target.chip: There is no chip 'esp33'.*esp32, esp32c3.*\[config-value\]"):
        check_chip("esp33")
    with pytest.raises(ConfigError, match=r"\[config-value\]"):
        load_chip("../chips/esp32")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (GOOD.replace("kernels =", "kernel ="), "kernel"),
        (GOOD.replace("clock_hz = 240_000_000 #", "clock_hz = 0 #"), r"\$.clock_hz"),
        (GOOD.replace("usable_bytes", "# "), "usable_bytes"),
        (GOOD.replace('speed = "quad"', 'speed = "slow"'), r"\$.memories\[1\].speed"),
        (GOOD[: GOOD.index("[reserve]")], "reserve"),
        ("name = ", "Invalid value"),
    ],
)
def test_a_file_that_is_not_complete_is_told_what_is_missing(tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=rf"mine\.toml.*{named}.*\[chip-file\]"):
        read_chip(file)
