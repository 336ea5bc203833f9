"""The steps of a ladder: which recipes are tried, in which order, and which of them only if it is needed.

The order is that of their cost: what costs the chip nothing and a second here, then what takes arena and cycles of the
chip, then what trains. All of the first are always tried: none of them is safe alone, and each costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from quantci.records.config import Config
    from quantci.records.ladder import LadderTry

_FIRST: Final = (
    "minmax",
    "percentile-99.9",
    "percentile-99.99",
    "mse",
    "cle",
    "cle+percentile-99.9",
    "cle+mse",
    "equalize",
    "equalize+percentile-99.9",
    "equalize+mse",
)
_BIAS: Final = "bias-correction"
_WIDE: Final = "int16x8"
_TRAINED: Final = "qat"


class Rung(NamedTuple):
    """A step.

    Attributes:
        recipes: tried side by side.
        is_dear: tried only while the goal is not met.
    """

    recipes: tuple[str, ...]
    is_dear: bool = False


FIRST: Final = Rung(_FIRST)


def first_rung(config: Config) -> Rung:
    """What is tried first: all that [ladder] names, or the usual."""
    return Rung(config.ladder.recipes) if config.ladder.recipes else FIRST


def later_rungs(config: Config, best: LadderTry | None) -> tuple[Rung, ...]:
    """What is tried then, each for itself; nothing where [ladder] names the recipes.

    Args:
        config: the effective configuration.
        best: of the first rung; bias correction is done on its ranges.
    """
    if config.ladder.recipes:
        return ()
    corrected = () if best is None else (Rung((f"{best.recipe}+{_BIAS}" if best.recipe != "minmax" else _BIAS,)),)
    return (*corrected, Rung((_WIDE,), is_dear=True), Rung((_TRAINED,), is_dear=True))
