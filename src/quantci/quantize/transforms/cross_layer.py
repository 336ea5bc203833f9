"""Cross-layer equalisation: channels of one layer get ranges as those of the next, from the weights alone.

Source: Nagel, van Baalen, Blankevoort, Welling, "Data-Free Quantization Through Weight Equalization and Bias
Correction" (arXiv:1906.04721, ICCV 2019), section 4.1. Weights have a scale for each channel here, so it is the
activations between the layers that gain; where those of the calibration set have outliers, they may lose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from quantci.quantize.own_buffers import give_own_buffers
from quantci.quantize.step import Transformed
from quantci.quantize.transforms.pairs import constant, find_pairs, peaks, rescale

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quantci.quantize.step import Statistics

_ROUNDS: Final = 20
_CONVERGED: Final = 1e-3


def equalize_layers(statistics: Statistics) -> Transformed:
    """Rescale the channels between each two layers until their weights have the same range on both sides.

    A layer is the first of one pair and the second of another, so that it takes several rounds.
    """
    model = statistics.float_model.draft()
    give_own_buffers(model, statistics.float_model.where)
    pairs = find_pairs(model)
    if not pairs:
        return Transformed(statistics.float_model, range(len(model.subgraphs[0].tensors)), [])
    for _ in range(_ROUNDS):
        moved = 0.0
        for pair in pairs:
            scales = scales_of(
                peaks(constant(model, pair.first), pair.first_axis, pair.channels),
                peaks(constant(model, pair.second), pair.second_axis, pair.channels),
            )
            rescale(model, pair, scales)
            moved = max(moved, float(np.abs(np.log(scales)).max()))
        if moved < _CONVERGED:
            break
    return Transformed(statistics.float_model.changed(model), None, [])


def scales_of(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """By how much to divide each channel so that both have the range sqrt(first * second); dead ones stay."""
    alive = (first > 0) & (second > 0)
    return np.sqrt(np.where(alive, first, 1.0) / np.where(alive, second, 1.0))
