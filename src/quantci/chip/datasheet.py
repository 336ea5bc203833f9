"""Chips as data: one TOML file each in chips/. Adding a chip is adding a file."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import msgspec
from msgspec import Meta

from quantci.errors import ConfigError
from quantci.records.base import Record
from quantci.records.latency import FlashMode
from quantci.records.units import Bytes, Positive

if TYPE_CHECKING:
    from quantci.records.latency import Kernels

FOLDER: Final = Path(__file__).parent / "chips"

KernelSet = Literal["esp32s3", "esp32p4", "generic"]


class Reserve(Record, frozen=True, kw_only=True):
    """What the rest of a typical firmware takes of the internal memory; an assumption, not a measurement."""

    firmware_bytes: Annotated[Bytes, Meta(description="Code that must lie in RAM, and static data.")]
    heap_bytes: Annotated[Bytes, Meta(description="Drivers, queues, buffers.")]
    stack_bytes: Annotated[Bytes, Meta(description="Stack of the task that runs the model, and the system's.")]


class Chip(Record, frozen=True, kw_only=True):
    """What a model can count on."""

    name: Annotated[str, Meta(min_length=1, description="As people write it.")]
    kernel_set: Annotated[KernelSet, Meta(description="Which of ESP-NN's sets is built; generic: plain C.")]
    clocks_hz: Annotated[list[Positive], Meta(min_length=1, description="What ESP-IDF can set for the core, in hertz.")]
    flash_mode: Annotated[FlashMode, Meta(description="How ESP-IDF reads the flash unless told.")] = "dio"
    data_cache_bytes: Annotated[Positive, Meta(description="Data cache that ESP-IDF sets unless told.")] = 32_768
    internal_bytes: Annotated[Bytes, Meta(description="SRAM of the chip that an application can get.")]
    psram_bytes: Annotated[Bytes, Meta(description="RAM outside of the chip, behind a cache.")] = 0
    flash_bytes: Annotated[Bytes, Meta(description="Flash of the usual module.")]
    model_partition_bytes: Annotated[
        Bytes,
        Meta(description="What a typical partition table leaves for the model; an assumption, not a measurement."),
    ]
    reserve: Reserve

    @property
    def kernels(self) -> Kernels:
        """What is fast: ESP-NN where it has vector instructions to use, else nothing."""
        return "reference" if self.kernel_set == "generic" else "esp-nn"

    @property
    def internal_room_bytes(self) -> int:
        """What an arena can take of the internal memory."""
        reserve = self.reserve
        return max(0, self.internal_bytes - reserve.firmware_bytes - reserve.heap_bytes - reserve.stack_bytes)


def chip_names() -> list[str]:
    """The chips there are."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def check_clock(chip: Chip, clock_hz: int | None, where: str = "target.clock_hz") -> None:
    """Refuse a clock that the chip cannot have.

    Raises:
        ConfigError: `config-value`, naming those that it can.
    """
    if clock_hz is not None and clock_hz not in chip.clocks_hz:
        raise ConfigError(
            "config-value",
            f"{chip.name} does not run at {clock_hz:,} Hz.",
            where=where,
            remedy=f"Use one of {', '.join(map(str, chip.clocks_hz))}: what CONFIG_ESP_DEFAULT_CPU_FREQ_MHZ says in "
            "your sdkconfig.",
        )


def load_chip(name: str, where: str = "target.chip") -> Chip:
    """The chip of this name, which stands at `where`.

    Raises:
        ConfigError: `config-value`, naming the chips there are; `chip-file`: its file does not say what it must.
    """
    if name not in chip_names():
        raise ConfigError(
            "config-value",
            f"There is no chip {name[:60]!r}.",
            where=where,
            remedy=f"Use one of {', '.join(chip_names())}; docs/extending.md says how to add one.",
        )
    return read_chip(FOLDER / f"{name}.toml")


@cache
def read_chip(path: Path) -> Chip:
    """The chip that a file describes.

    Raises:
        ConfigError: `chip-file`, naming the file and the key.
    """
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Chip)
    except (msgspec.ValidationError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(
            "chip-file",
            f"This file does not describe a chip: {error}.",
            where=str(path),
            remedy="Complete it after the example of esp32s3.toml beside it.",
        ) from None
