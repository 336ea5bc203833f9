"""What a quantized model will need on a chip, for a look at it without a configuration."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from quantci.chip.datasheet import check_clock, load_chip
from quantci.cli.options import overrides
from quantci.errors import QuantciError
from quantci.records.target_config import TargetConfig

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from quantci.records.arena import Arena
    from quantci.render.cells import Cell
    from quantci.tflite.model import Model

_SECTION: Final = "target."
_VARIABLES: Final = "QUANTCI_TARGET_"
_BOTH: Final = "tensor arena and latency on the chip"


def target_of(arguments: argparse.Namespace, environment: Mapping[str, str]) -> TargetConfig:
    """The chip that options or variables name, else the usual one.

    Raises:
        ConfigError: `config-value`: there is no such chip, or it has no such clock.
    """
    own = {name: value for name, value in environment.items() if name.startswith(_VARIABLES)}
    given = overrides(arguments, own, Path())
    keys = {path.removeprefix(_SECTION): one.value for path, one in given.items()}
    target = msgspec.convert(keys, TargetConfig)
    where = {path: one.where for path, one in given.items()}
    chip = load_chip(target.chip, where.get("target.chip", "target.chip"))
    check_clock(chip, target.clock_hz, where.get("target.clock_hz", "target.clock_hz"))
    return target


def on_chip(model: Model, target: TargetConfig) -> list[Cell]:
    """Arena and latency, each in a line; of a float model that there are none."""
    from quantci.render.visible import visible
    from quantci.source.own_int8 import is_quantized
    from quantci.tflite.tflm_types import wrong_types

    if not is_quantized(model.summary):
        return [f"{_BOTH}: not estimated, because the model is not quantized"]
    lacks = [op for op in model.summary.ops if not op.runs_in_tflm and not op.is_custom]
    if lacks or wrong_types(model.summary):
        return [f"{_BOTH}: none, because TFLM does not run this model"]
    try:
        return _predicted(model, target)
    except QuantciError as error:
        return [f"{_BOTH}: not known: {visible(str(error), 1000)}"]


def _predicted(model: Model, target: TargetConfig) -> list[Cell]:
    from quantci.chip.graph import read_graph
    from quantci.chip.prediction import predict
    from quantci.report.sections.latency import line
    from quantci.workers.pool import Pool

    has_custom_ops = any(op.is_custom for op in model.summary.ops)
    with Pool(1, where=model.where) as workers:
        found = predict(target, Path(), model, read_graph(model), workers, has_custom_ops=has_custom_ops)
    latency = [line(found.latency)] if found.latency else []
    unknown = [advice.text for advice in found.advice if advice.code in {"arena-unknown", "latency-unknown"}]
    return [*([_arena(found.arena, target)] if found.arena else []), *latency, *unknown]


def _arena(arena: Arena, target: TargetConfig) -> str:
    from quantci.render.numbers import NBSP
    from quantci.report.sections.memory import PLACES

    place = PLACES[arena.memory].replace(NBSP, " ")
    return f"tensor arena on {load_chip(target.chip).name}, estimated: {arena.recommended_bytes:,} bytes, {place}"
