"""Recipes: how a calibrated float model becomes INT8, as data. int8.py follows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from quantci.quantize.fuse import fuse
from quantci.quantize.same_range import same_range
from quantci.quantize.step import Ranged

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantci.quantize.step import Statistics, Transformed
    from quantci.records.config import IntegerType, QuantizationConfig

Engine = Literal["litert", "tensorflow"]


class Types(NamedTuple):
    """Types of the INT8 model's input and output."""

    input: IntegerType
    output: IntegerType


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a float model becomes INT8.

    Attributes:
        name: as in quantization.recipe.
        transforms: from statistics to another float model; each sees what the one before it made.
        range_rules: from statistics to the ranges to quantize with; each sees those of the rule before it.
        engine: what turns float model and ranges into INT8.
        types: of the INT8 model's input and output.
    """

    name: str
    transforms: tuple[Callable[[Statistics], Transformed], ...]
    range_rules: tuple[Callable[[Statistics], Ranged], ...]
    engine: Engine
    types: Types


def minmax(statistics: Statistics) -> Ranged:
    """Every activation keeps its whole range: what TFLiteConverter does."""
    return Ranged(statistics.ranges, [])


RANGE_RULES: dict[str, Callable[[Statistics], Ranged]] = {"minmax": minmax}


def recipe_of(config: QuantizationConfig, *, needs_tensorflow: bool) -> Recipe:
    """The recipe that a configuration names.

    Args:
        config: [quantization].
        needs_tensorflow: TensorFlow reads the source, so that its engine costs no further import.
    """
    automatic: Engine = "tensorflow" if needs_tensorflow else "litert"
    return Recipe(
        name=config.recipe,
        transforms=(fuse,) if config.rewrite else (),
        range_rules=(RANGE_RULES[config.recipe], *((same_range,) if config.rewrite else ())),
        engine=automatic if config.engine == "auto" else config.engine,
        types=Types(config.input_type, config.output_type),
    )
