"""Recipes by name: a recipe is a pure function from calibrated ranges to the ranges that are quantized with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantci.records.quantize import TensorRange


def minmax(ranges: list[TensorRange]) -> list[TensorRange]:
    """Every activation keeps its whole range: what TFLiteConverter does."""
    return ranges


RECIPES: dict[str, Callable[[list[TensorRange]], list[TensorRange]]] = {"minmax": minmax}
