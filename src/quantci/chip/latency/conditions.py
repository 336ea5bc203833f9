"""What an estimate depends on beside the model: clock, flash, cache, version; and what of it was assumed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from quantci.chip.esp_nn.version import VERSION
from quantci.chip.esp_nn.work import Build, weight_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quantci.chip.datasheet import Chip
    from quantci.chip.op import Op
    from quantci.records.board_figures import BoardFigures
    from quantci.records.latency import FlashMode, Kernels, Memory
    from quantci.records.target_config import TargetConfig


class Module(NamedTuple):
    """The board and the build, as far as they decide how long weights take to come; as ESP-IDF sets them."""

    flash_mode: FlashMode = "dio"
    data_cache_bytes: int = 32_768
    esp_nn: str = VERSION


USUAL: Module = Module()


def module_of(target: TargetConfig | BoardFigures, chip: Chip, esp_nn: str) -> Module:
    """As the configuration says, else as is usual for the chip.

    Args:
        target: the configuration, or what a board was measured with.
        chip: what it names.
        esp_nn: the version to take where none is named.
    """
    return Module(
        target.flash_mode or chip.flash_mode, target.data_cache_bytes or chip.data_cache_bytes, target.esp_nn or esp_nn
    )


def assumed(target: TargetConfig, module: Module) -> list[str]:
    """What the configuration does not say, as it is taken; the clock stands beside every time."""
    return [
        text
        for value, text in (
            (target.clock_hz, "the clock"),
            (target.flash_mode, f"flash in {module.flash_mode.upper()} mode"),
            (target.data_cache_bytes, f"data cache {module.data_cache_bytes // 1024} KB"),
            (target.esp_nn, f"esp-nn {module.esp_nn}"),
        )
        if value is None
    ]


def build_of(ops: Iterable[Op], module: Module, *, kernels: Kernels, memory: Memory, clock_hz: int) -> Build:
    """What each op's time depends on.

    The figures of flash in QIO mode show no wait for weights, and neither do those of models whose weights the data
    cache holds.
    """
    major, minor, *_ = (int(part) for part in module.esp_nn.split("."))
    is_large = sum(map(weight_bytes, ops)) >= module.data_cache_bytes
    return Build(
        kernels=kernels,
        is_before_1_2=(major, minor) < (1, 2),
        clock_hz=clock_hz,
        reads_flash=is_large and module.flash_mode == "dio",
        memory=memory,
    )
