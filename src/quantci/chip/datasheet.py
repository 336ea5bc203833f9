"""Chips as data: one TOML file each in chips/. Adding a chip is adding a file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import msgspec
from msgspec import Meta

from quantci.errors import ConfigError
from quantci.records.base import Record
from quantci.records.units import Bytes, Positive

if TYPE_CHECKING:
    from collections.abc import Iterable

FOLDER: Final = Path(__file__).parent / "chips"

Kind = Literal["internal", "psram", "flash"]
Kernels = Literal["esp-nn", "reference"]
KernelSet = Literal["esp32s3", "esp32p4", "generic"]


class Memory(Record, frozen=True, kw_only=True):
    """One memory of the chip or its module."""

    kind: Annotated[Kind, Meta(description="internal: SRAM on the chip; psram and flash: outside, behind a cache.")]
    size_bytes: Annotated[Bytes, Meta(description="As the datasheet counts it.")]
    usable_bytes: Annotated[Bytes, Meta(description="What a linker or the heap can give an application of it.")]
    speed: Annotated[
        Literal["core", "hex", "octal", "quad"],
        Meta(description="core: at the core's own pace; else how many lines lead to it: 16, 8 or 4."),
    ]
    clock_hz: Annotated[Positive, Meta(description="Clock of those lines.")]
    dma: Annotated[bool, Meta(description="Whether peripherals reach it by DMA.")]


class Reserve(Record, frozen=True, kw_only=True):
    """What the rest of a usual firmware takes of the internal memory; an assumption, not a measurement."""

    firmware_bytes: Annotated[Bytes, Meta(description="Code that must lie in RAM, and static data.")]
    heap_bytes: Annotated[Bytes, Meta(description="Drivers, queues, buffers.")]
    stack_bytes: Annotated[Bytes, Meta(description="Stack of the task that runs the model, and the system's.")]


class Chip(Record, frozen=True, kw_only=True):
    """What a model can count on."""

    name: Annotated[str, Meta(min_length=1, description="As people write it.")]
    clock_hz: Annotated[
        Positive, Meta(description="Core clock that ESP-IDF sets unless told otherwise, or its usual setting.")
    ]
    cores: Positive
    kernels: Annotated[Kernels, Meta(description="esp-nn: with vector instructions; reference: plain C.")]
    kernel_set: Annotated[
        KernelSet, Meta(description="Which of ESP-NN's sets is built: it decides on scratch buffers.")
    ]
    model_partition_bytes: Annotated[Bytes, Meta(description="Flash that a usual partition table leaves for a model.")]
    memories: Annotated[tuple[Memory, ...], Meta(min_length=1)]
    reserve: Reserve

    def memory(self, kind: Kind) -> Memory | None:
        """The memory of this kind, if there is one."""
        return next((memory for memory in self.memories if memory.kind == kind), None)

    def room(self, kind: Kind) -> int:
        """Bytes that an arena can take in this memory; 0 where there is none."""
        memory = self.memory(kind)
        if memory is None:
            return 0
        taken = self.reserve.firmware_bytes + self.reserve.heap_bytes + self.reserve.stack_bytes
        return max(0, memory.usable_bytes - (taken if kind == "internal" else 0))


def chip_names() -> list[str]:
    """The chips there are."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def check_chip(name: str, where: str = "target.chip") -> None:
    """Refuse a chip that there is no file for.

    Raises:
        ConfigError: `config-value`, naming the chips there are.
    """
    if name not in chip_names():
        raise ConfigError(
            "config-value",
            f"There is no chip {name[:60]!r}.",
            where=where,
            remedy=f"Use one of {_listed(chip_names())}; docs/extending.md says how to add one.",
        )


def load_chip(name: str) -> Chip:
    """The chip of this name.

    Raises:
        ConfigError: `config-value`: there is none; `chip-file`: its file does not say what it must.
    """
    check_chip(name)
    return read_chip(FOLDER / f"{name}.toml")


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


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
