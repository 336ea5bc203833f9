"""Recipes: how a calibrated float model becomes INT8, as data. int8.py follows them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from quantci.errors import ConfigError
from quantci.quantize.bias_correction import correct_biases
from quantci.quantize.ranges.kl import least_divergence
from quantci.quantize.ranges.mse import least_error
from quantci.quantize.ranges.percentile import percentile
from quantci.quantize.recipe_name import INT16X8, MINMAX, QAT, words_of
from quantci.quantize.same_range import same_range
from quantci.quantize.step import Ranged
from quantci.quantize.transforms.activation_aware import equalize_activations
from quantci.quantize.transforms.cross_layer import equalize_layers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantci.quantize.step import Correction, Statistics, Transformed
    from quantci.records.config import IntegerType, QuantizationConfig

Engine = Literal["litert", "tensorflow"]
RangeRule = Callable[["Statistics"], Ranged]


class Types(NamedTuple):
    """Types of the quantized model.

    Attributes:
        input: of its input.
        output: of its output.
        activations: of what lies between; weights are int8 in any case.
        per_tensor_dense: the weights of a dense layer share one scale, instead of one for each output.
    """

    input: IntegerType | Literal["int16"]
    output: IntegerType | Literal["int16"]
    activations: Literal["int8", "int16"] = "int8"
    per_tensor_dense: bool = False


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a float model becomes INT8.

    Attributes:
        name: its words in their usual order: what records call it.
        transforms: from statistics to another float model; each sees what the one before it made.
        range_rules: from statistics to the ranges to quantize with; each sees those of the rule before it.
        engine: what turns float model and ranges into INT8.
        types: of the quantized model.
        corrections: from both models and samples to a better INT8 model; each sees what the one before it made.
        starts: range rules by name that training may start from; none where nothing is trained.
    """

    name: str
    transforms: tuple[Callable[[Statistics], Transformed], ...]
    range_rules: tuple[RangeRule, ...]
    engine: Engine
    types: Types
    corrections: tuple[Correction, ...] = ()
    starts: Mapping[str, RangeRule] = field(default_factory=dict)


def minmax(statistics: Statistics) -> Ranged:
    """Every activation keeps its whole range: what TFLiteConverter does."""
    return Ranged(statistics.ranges, [])


TRANSFORMS: Final[dict[str, Callable[[Statistics], Transformed]]] = {
    "cle": equalize_layers,
    "equalize": equalize_activations,
}
RANGE_RULES: Final[dict[str, Callable[[Statistics], Ranged]]] = {
    MINMAX: minmax,
    "percentile-99.99": partial(percentile, kept=99.99),
    "percentile-99.9": partial(percentile, kept=99.9),
    "mse": least_error,
    "kl": least_divergence,
}
CORRECTIONS: Final[dict[str, Correction]] = {"bias-correction": correct_biases}
_STARTS: Final = (MINMAX, "percentile-99.99", "percentile-99.9", "mse")


def recipe_named(name: str, config: QuantizationConfig, *, needs_tensorflow: bool) -> Recipe:
    """The recipe of a name, such as `minmax` or `cle+percentile-99.9`; recipe_name.py lists the words.

    Args:
        name: words joined by "+". What they do not say is as usual: min-max ranges, INT8, and nothing else.
        config: [quantization]: engine, types, and whether faulty kernels are worked around.
        needs_tensorflow: TensorFlow reads the source, so that its engine costs no further import.

    Raises:
        ConfigError: `recipe`.
    """
    words = words_of(name)
    automatic: Engine = "tensorflow" if needs_tensorflow else "litert"
    types = Types(config.input_type, config.output_type, per_tensor_dense="per-tensor-dense" in words)
    if INT16X8 in words:
        _check_int16(config)
        automatic, types = "litert", Types("int16", "int16", "int16")
    return Recipe(
        name="+".join(words),
        transforms=tuple(TRANSFORMS[word] for word in words if word in TRANSFORMS),
        range_rules=(
            *(() if QAT in words else (next((RANGE_RULES[word] for word in words if word in RANGE_RULES), minmax),)),
            *((same_range,) if config.rewrite else ()),
        ),
        engine=automatic if config.engine == "auto" else config.engine,
        types=types,
        corrections=tuple(CORRECTIONS[word] for word in words if word in CORRECTIONS),
        starts=_starts(words) if QAT in words else {},
    )


def _starts(words: tuple[str, ...]) -> dict[str, RangeRule]:
    """What training may start from: the range rule that the recipe names, or the usual ones."""
    for word in words:
        if word == INT16X8 or word in CORRECTIONS:  # it trains for 8 bits, and the biases as well
            cause = f"{QAT} and {word} do not go together."
            raise ConfigError("recipe", cause, where="quantization.recipe", remedy="Leave one of the two out.")
    named = [word for word in words if word in RANGE_RULES]
    return {word: RANGE_RULES[word] for word in named or _STARTS}


def _check_int16(config: QuantizationConfig) -> None:
    """What does not go with activations of 16 bits.

    Raises:
        ConfigError: `recipe`.
    """
    where, cause = "quantization.recipe", f"{INT16X8} gives int16 inputs and outputs."
    if "uint8" in {config.input_type, config.output_type}:
        remedy = "Leave quantization.input_type and output_type at int8, or take another recipe."
        raise ConfigError("recipe", cause, where=where, remedy=remedy)
    if config.engine == "tensorflow":
        cause, remedy = f"TensorFlow's quantizer has no {INT16X8}.", "Set quantization.engine to auto or litert."
        raise ConfigError("recipe", cause, where=where, remedy=remedy)
