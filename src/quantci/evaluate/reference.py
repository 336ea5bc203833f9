"""Whether the float model is any good as a reference: by its answers, and by what reaches its first layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.data.culprits import printable
from quantci.records.doubt import Doubt

if TYPE_CHECKING:
    from quantci.records.doubt import InputValues
    from quantci.records.model import ModelSummary
    from quantci.records.quantize import QuantizeResult, TensorRange

_LEARNT: Final = frozenset({
    *("CONV_2D", "CONV_3D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV", "SVDF"),
    *("UNIDIRECTIONAL_SEQUENCE_LSTM", "UNIDIRECTIONAL_SEQUENCE_RNN"),
})  # fmt: skip
_TOO_MANY: Final = 0.03  # values that are clipped, or samples that are far outside
_FLAT: Final = 1 / 32  # of the largest magnitude: x / 127.5 - 1, done twice, leaves 1 / 64
_TINY: Final = 1 / 64  # a layer whose weights were trained on values near 1 hardly sees less; 1 / 255 is below


def first_layer_range(quantize: QuantizeResult) -> TensorRange | None:
    """What calibration saw at the input of the first layer with weights; None where it saw none."""
    model: ModelSummary | None = quantize.float_model
    layer = next((op for op in model.ops if op.op in _LEARNT), None) if model else None
    if layer is None:
        return None
    return next((entry for entry in quantize.ranges if entry.tensor == layer.inputs[0]), None)


def doubt_input(given: InputValues, first_layer: TensorRange | None, *, is_doubted: bool) -> list[Doubt]:
    """Whether what reaches the first layer is nearly constant, or far outside of what the calibration set gave.

    Args:
        given: by the evaluation set to the INT8 model's input.
        first_layer: what the calibration set gave to the first layer, behind what rescales inside of the model.
        is_doubted: whether the float model's answers are doubted; only then small values are: some are right.
    """
    return [*_constant(given, first_layer, is_doubted=is_doubted), *_clipped(given)]


def _constant(given: InputValues, first_layer: TensorRange | None, *, is_doubted: bool) -> list[Doubt]:
    ends = [("model", given.low, given.high)] if given.samples > 1 else []
    if first_layer is not None:
        ends.append((f"first layer ({printable(first_layer.name)})", first_layer.min, first_layer.max))
    for where, low, high in ends:
        largest = max(abs(low), abs(high))
        if high - low <= _FLAT * largest or (is_doubted and where != "model" and largest < _TINY):
            text = (
                f"What reaches the {where} is nearly constant, from {low:.4g} to {high:.4g}: check that [input] does "
                "not repeat what the model does inside, such as dividing by 255."
            )
            return [Doubt(code="constant-input", text=text, forbids_pass=False)]
    return []


def _clipped(given: InputValues) -> list[Doubt]:
    clipped, far = given.clipped / max(given.values, 1), given.far_samples / max(given.samples, 1)
    if max(clipped, far) <= _TOO_MANY:
        return []
    found = (
        f"{100 * clipped:.1f} % of the values of the evaluation set are clipped at the quantized model's input"
        if clipped > _TOO_MANY
        else f"{100 * far:.1f} % of the evaluation samples have values far outside of the quantized model's input range"
    )
    text = (
        f"{found} (they reach from {given.low:.4g} to {given.high:.4g}): calibrate on samples like those that are "
        "evaluated, prepared in the same way."
    )
    return [Doubt(code="clipped-input", text=text, forbids_pass=False)]
