"""Records of `quantci bench` as figures for the fit: what it measured needs nobody to write it down again."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from quantci.chip.datasheet import load_chip
from quantci.errors import ConfigError
from quantci.records.base import read
from quantci.records.bench import BenchRecord
from quantci.records.board_figures import BoardFigures, ModelFigures
from quantci.records.latency import LatencyBoard
from quantci.records.quantize import QUANTIZED_MODEL

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from quantci.records.bench import BenchResult
    from quantci.records.latency import Kernels

_KERNELS = {"esp-nn": "esp-nn", "reference": "reference"}  # ESP-NN's plain C is neither
_FLASH = "Measure again without device.model_place."
_SAME = "Measure all models on one board with one build."


class Benched(NamedTuple):
    """What one record says.

    Attributes:
        sha256: of the model, which lies beside the record.
        op_cycles: of each op of one inference; empty where the device counts none.
    """

    sha256: str
    op_cycles: list[float]


def read_benches(paths: Sequence[Path]) -> tuple[BoardFigures, list[Benched]]:
    """The figures of these records, which are of one board and one build; models by their paths from here.

    Raises:
        ConfigError: `measurements`: a record has no latency, or is of another board or build; `not-found`;
            `config-value`: there is no such chip.
        ToolError: `unreadable` or `schema`.
    """
    found = [(path, _result(path)) for path in paths]
    path, first = found[0]
    board = first.device
    for other, result in found[1:]:
        if (result.device.board_id, result.device.fingerprint) != (board.board_id, board.fingerprint):
            raise _wrong(other, f"It is of another board or build than {path}.", _SAME)
    told = board.fingerprint
    kernels = _KERNELS.get(told.get("kernels", ""))
    clock_hz = told.get("clock_hz", "")
    if kernels is None or not clock_hz.isdecimal() or "chip" not in told:
        raise _wrong(path, "The device did not tell its chip, clock and kernels, or has ESP-NN's plain C.", _SAME)
    if told.get("model_place", "flash") != "flash":
        raise _wrong(path, "The model ran from PSRAM, and the estimate is for models in flash.", _FLASH)
    load_chip(told["chip"], f"{path}: chip")
    figures = BoardFigures(
        board=LatencyBoard(
            name=f"{told['chip']} board",
            device_id=(board.board_id or "")[:200],
            build_fingerprint=(board.firmware_id or board.firmware)[:200],
        ),
        chip=told["chip"],
        clock_hz=int(clock_hz),
        kernels=cast("Kernels", kernels),
        memory=first.arena.region,
        model=[
            ModelFigures(file=str(one.parent / QUANTIZED_MODEL), latency_us=result.latency.median_us)
            for one, result in found
            if result.latency is not None
        ],
    )
    return figures, [Benched(result.quantized_sha256, [op.cycles for op in result.ops]) for _, result in found]


def _result(path: Path) -> BenchResult:
    record = read(path, BenchRecord)
    if record.result is None or record.result.latency is None:
        reason = record.result.latency_reason if record.result else record.failure.cause if record.failure else ""
        raise _wrong(path, f"It has no latency: {reason}", "Run quantci bench with a board.")
    if not record.result.latency.is_stable:
        raise _wrong(path, "Its latency is unstable.", "Measure again, until it is not.")
    return record.result


def _wrong(path: Path, cause: str, remedy: str) -> ConfigError:
    return ConfigError("measurements", cause, where=str(path), remedy=remedy)
