"""Fake quantization: a value as the integer model would hold it, with gradients that pass through the rounding."""

from __future__ import annotations

from typing import Any, Final

import torch

_LEAST: Final = 1e-12  # of a range: nothing is divided by 0


def rounded(x: Any) -> Any:
    """The nearest integer; the gradient is that of x itself."""
    return x + (torch.round(x) - x).detach()


def activation(x: Any, low: Any, high: Any) -> Any:
    """INT8 with a zero point: 255 steps from low to high, which are moved to where 0 is a step. low <= 0 <= high."""
    scale = ((high - low) / 255).clamp_min(_LEAST)
    zero_point = rounded(-128 - low / scale)
    return ((rounded(x / scale) + zero_point).clamp(-128, 127) - zero_point) * scale


def weights(w: Any, axis: int | None) -> tuple[Any, Any]:
    """Symmetric INT8 with a scale per channel of this axis, or one for all; and the scales."""
    others = [place for place in range(w.ndim) if place != axis]
    largest = w.detach().abs().amax(dim=others, keepdim=True) if others else w.detach().abs()
    scale = (largest / 127).clamp_min(_LEAST)
    return rounded(w / scale).clamp(-127, 127) * scale, scale


def bias(b: Any, scale: Any) -> Any:
    """INT32 in steps of the accumulator: the input's scale times the weights'."""
    return rounded(b / scale) * scale
