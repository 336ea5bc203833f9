"""Every chip's file, and what a wrong one is told."""

from pathlib import Path

import pytest
from msgspec import structs

from quantci.chip.datasheet import FOLDER, check_clock, chip_names, load_chip, read_chip
from quantci.errors import ConfigError

GOOD = (FOLDER / "esp32s3.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", chip_names())
def test_every_file_describes_a_chip(name: str) -> None:
    chip = load_chip(name)
    assert 0 < chip.internal_room_bytes < chip.internal_bytes
    assert 0 < chip.model_partition_bytes < chip.flash_bytes
    assert (FOLDER / f"{name}.toml").read_text(encoding="utf-8").startswith("# Sources: "), (
        "say where the facts are from"
    )


def test_the_names_that_people_know_are_there() -> None:
    assert {"esp32s3", "esp32s3-n8r2", "esp32s3-n8r8", "esp32s3-n16r8", "esp32", "esp32c3", "esp32p4"} <= set(
        chip_names()
    )


def test_modules_of_one_chip_differ_in_what_lies_outside_only() -> None:
    plain, module = load_chip("esp32s3"), load_chip("esp32s3-n8r8")
    assert (plain.psram_bytes, module.psram_bytes) == (0, 8 * 1024**2)
    assert structs.replace(plain, name=module.name, psram_bytes=module.psram_bytes) == module


@pytest.mark.parametrize(("module", "flash_mb"), [("n8r2", 8), ("n8r8", 8), ("n16r8", 16)])
def test_a_module_has_the_flash_that_its_name_says(module: str, flash_mb: int) -> None:
    """And room for a model beside two applications of 1 MB, which ESP-IDF's own partition tables begin at 64 KB."""
    chip = load_chip(f"esp32s3-{module}")
    assert chip.flash_bytes == flash_mb * 1024**2
    assert chip.model_partition_bytes <= chip.flash_bytes - 2 * 1024**2 - 65_536


def test_room_is_what_a_usual_firmware_leaves() -> None:
    # 341,760 usable, less 64 KiB of firmware, 40 KiB of heap and 10 KiB of stacks
    assert load_chip("esp32s3").internal_room_bytes == 341_760 - (64 + 40 + 10) * 1024


@pytest.mark.parametrize(
    ("name", "fastest_mhz"), [("esp32", 240), ("esp32s3", 240), ("esp32c3", 160), ("esp32p4", 400)]
)
def test_only_a_clock_that_the_chip_can_have_is_taken(name: str, fastest_mhz: int) -> None:
    chip = load_chip(name)
    assert max(chip.clocks_hz) == fastest_mhz * 1_000_000
    check_clock(chip, None)
    check_clock(chip, chip.clocks_hz[0])
    with pytest.raises(
        ConfigError, match=rf"does not run at 240 Hz. Use one of .*{fastest_mhz}000000: .*\[config-value\]"
    ):
        check_clock(chip, 240)


def test_an_unknown_chip_is_told_which_there_are() -> None:
    with pytest.raises(ConfigError, match=r"target.chip: There is no chip 'esp33'.*esp32, esp32c3.*\[config-value\]"):
        load_chip("esp33")
    with pytest.raises(ConfigError, match=r"\[config-value\]"):
        load_chip("../chips/esp32")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (GOOD.replace("kernel_set =", "kernels ="), "kernels"),
        (GOOD.replace("heap_bytes = ", "heap_bytes = -"), r"\$.reserve.heap_bytes"),
        (GOOD.replace("internal_bytes", "# "), "internal_bytes"),
        (GOOD.replace('"esp32s3"', '"esp32s4"'), r"\$.kernel_set"),
        (GOOD[: GOOD.index("[reserve]")], "reserve"),
        ("name = ", "Invalid value"),
    ],
)
def test_a_file_that_is_not_complete_is_told_what_is_missing(tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=rf"mine\.toml.*{named}.*\[chip-file\]"):
        read_chip(file)
