"""Recipes: how a calibrated float model becomes INT8, as data. int8.py follows them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from quantci.quantize.ranges.percentile import percentile
from quantci.quantize.recipe_name import MINMAX, words_of
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
        name: its words in their usual order: what records call it.
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


RANGE_RULES: Final[dict[str, Callable[[Statistics], Ranged]]] = {
    MINMAX: minmax,
    "percentile-99.99": partial(percentile, kept=99.99),
    "percentile-99.9": partial(percentile, kept=99.9),
}


def recipe_named(name: str, config: QuantizationConfig, *, needs_tensorflow: bool) -> Recipe:
    """The recipe of a name, such as `minmax` or `percentile-99.9`; recipe_name.py lists the words.

    Args:
        name: words joined by "+". Those that a recipe does not say are the usual: min-max ranges, nothing else.
        config: [quantization]: engine, types, and whether faulty kernels are worked around.
        needs_tensorflow: TensorFlow reads the source, so that its engine costs no further import.

    Raises:
        ConfigError: `recipe`.
    """
    words = words_of(name)
    automatic: Engine = "tensorflow" if needs_tensorflow else "litert"
    range_rule = next((RANGE_RULES[word] for word in words if word in RANGE_RULES), minmax)
    return Recipe(
        name="+".join(words),
        transforms=(),
        range_rules=(range_rule, *((same_range,) if config.rewrite else ())),
        engine=automatic if config.engine == "auto" else config.engine,
        types=Types(config.input_type, config.output_type),
    )
