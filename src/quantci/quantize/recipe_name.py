"""Names of recipes: words joined by "+", such as `percentile-99.9`. recipe.py says what each word does.

Nothing heavy is imported here, so that every command can check the name in quantci.toml.
"""

from __future__ import annotations

import difflib
from typing import Final, Literal, NamedTuple

from quantci.errors import ConfigError
from quantci.records.ladder import AUTO

Kind = Literal["transform", "range rule", "correction", "training", "choice of types"]
MINMAX: Final = "minmax"
INT16X8: Final = "int16x8"
QAT: Final = "qat"


class Word(NamedTuple):
    """A word of a recipe's name.

    Attributes:
        kind: which part of the recipe it says. A name has at most one word of each kind.
        what: in a few words, for lists of them.
    """

    kind: Kind
    what: str


# In the order in which they stand in a name.
WORDS: Final[dict[str, Word]] = {
    "cle": Word("transform", "weights of neighbouring layers get equal ranges, channel by channel"),
    "equalize": Word("transform", "channels of large activations are made smaller, and the weights behind them larger"),
    MINMAX: Word("range rule", "every activation keeps its whole range"),
    "percentile-99.99": Word("range rule", "0.01 % of the values are clipped at either end"),
    "percentile-99.9": Word("range rule", "0.1 % of the values are clipped at either end"),
    "mse": Word("range rule", "the range of the smallest error, exponent 2.4"),
    "kl": Word("range rule", "the range of the smallest Kullback-Leibler divergence"),
    "bias-correction": Word("correction", "biases take away what quantization adds to the mean of each channel"),
    "per-tensor-dense": Word("choice of types", "one scale for all weights of a dense layer: smaller file and arena"),
    INT16X8: Word("choice of types", "activations of 16 bits: finer, and a larger arena"),
    QAT: Word("training", "weights and ranges are trained with the rounding of INT8 (docs/qat.md)"),
}


def words_of(name: str, where: str = "quantization.recipe") -> tuple[str, ...]:
    """The words of a recipe's name, in the order of WORDS; `minmax` is one only where it stands alone.

    Raises:
        ConfigError: `recipe`: a word is not known, or two of them say the same part.
    """
    words = name.split("+")
    for word in words:
        if word not in WORDS:
            raise ConfigError("recipe", f"{word!r} is not a recipe.", where=where, remedy=_near(word))
    for kind in dict.fromkeys(WORDS[word].kind for word in words):
        same = [word for word in words if WORDS[word].kind == kind]
        if len(same) > 1:
            cause = f"{' and '.join(same)} are each a {kind}, and a recipe has one."
            raise ConfigError("recipe", cause, where=where, remedy=f"Leave one of them out of {name!r}.")
    return tuple(word for word in WORDS if word in words and (word != MINMAX or len(words) == 1))


def _near(word: str) -> str:
    near = difflib.get_close_matches(word.casefold(), [*WORDS, AUTO], n=1)
    known = f"Words are joined by +, such as in cle+mse: {', '.join(WORDS)}. {AUTO} tries them."
    return f"Did you mean {near[0]}? {known}" if near else known
