"""Activation-aware equalisation: channels of large activations are made smaller, and the weights behind them larger.

Source: Xiao, Lin, Seznec, Wu, Demouth, Han, "SmoothQuant: Accurate and Efficient Post-Training Quantization for Large
Language Models" (arXiv:2211.10438, ICML 2023), equation 4 with alpha = 0.5. There the layer before is a LayerNorm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantci.quantize.own_buffers import give_own_buffers
from quantci.quantize.step import Transformed
from quantci.quantize.transforms.cross_layer import scales_of
from quantci.quantize.transforms.pairs import constant, find_pairs, peaks, rescale

if TYPE_CHECKING:
    from quantci.quantize.step import Statistics


def equalize_activations(statistics: Statistics) -> Transformed:
    """Divide each channel between two layers by sqrt(largest activation / largest weight that reads it)."""
    model = statistics.float_model.draft()
    give_own_buffers(model, statistics.float_model.where)
    pairs, observed = find_pairs(model), statistics.observe()
    changed = False
    for pair in pairs:
        if pair.between not in observed:
            continue
        activations = peaks(observed[pair.between].peaks, 0, pair.channels)
        weights = peaks(constant(model, pair.second), pair.second_axis, pair.channels)
        rescale(model, pair, scales_of(activations, weights))
        changed = True
    if not changed:
        return Transformed(statistics.float_model, range(len(model.subgraphs[0].tensors)), [])
    return Transformed(statistics.float_model.changed(model), None, [])
