"""The rule table: what is likely to be wrong, why, and what to do. docs/diagnose.md shows it.

A rule looks at the figures and answers with at most one piece of advice, about the layer that it fits best.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from quantci.data.culprits import printable
from quantci.records.stage import Advice

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from quantci.records.diagnose import ClippedActivation, LayerError, WeightChannels
    from quantci.records.model import ModelSummary, OpInfo

OUTLIER: Final = 16.0  # the median channel is left 4 of its 8 bits
OUTLIER_DB: Final = 20.0  # between the whole tensor and its median channel: the same in decibel, less a rounding
CLIPPED: Final = 0.001  # one value in a thousand: rounding and a single odd sample stay below it
SATURATED: Final = 0.01
WIDE: Final = 8.0  # 3 bits of the smaller operand are lost
_SUMS: Final = frozenset({"ADD", "CONCATENATION", "SUB"})
_MOVES: Final = frozenset({"DEQUANTIZE", "QUANTIZE", "RESHAPE", "SQUEEZE"})  # change no value


@dataclass(frozen=True)
class Findings:
    """What rules look at.

    Attributes:
        layers: in the order in which they run.
        threshold_db: below it a layer is bad.
        weights: of the float model.
        clipped: worst first.
        model: the INT8 model.
        float_op_of: index of each op of the INT8 model -> that of the float model.
    """

    layers: Sequence[LayerError]
    threshold_db: float
    weights: Sequence[WeightChannels]
    clipped: Sequence[ClippedActivation]
    model: ModelSummary
    float_op_of: dict[int, int]

    def bad_by_itself(self) -> list[LayerError]:
        """The layers whose own error is below the threshold, the worst first."""
        bad = [layer for layer in self.layers if own_db(layer) < self.threshold_db]
        return sorted(bad, key=lambda layer: layer.rank)

    def weights_of(self, layer: LayerError) -> WeightChannels | None:
        """The weights of a layer, if it has any."""
        op = None if layer.op_index is None else self.float_op_of.get(layer.op_index)
        return next((weights for weights in self.weights if weights.op_index == op), None)

    @property
    def weighted(self) -> list[int]:
        """The ops of the INT8 model that have weights, in their order."""
        known = {weights.op_index for weights in self.weights}
        return [op for op in sorted(self.float_op_of) if self.float_op_of[op] in known]

    @property
    def last_op(self) -> OpInfo | None:
        """The op that gives the output its values."""
        return next((op for op in reversed(self.model.ops) if op.op not in _MOVES), None)


def whole_db(layer: LayerError) -> float:
    """What a layer is judged by, with the errors before it: its whole tensor or its median channel, if worse."""
    return min(layer.sqnr_db, layer.channel_sqnr_db)


def own_db(layer: LayerError) -> float:
    """The same, for the layer's own error."""
    return min(layer.own_sqnr_db, layer.own_channel_sqnr_db)


def advise(found: Findings) -> list[Advice]:
    """What the rules say, in the order of the table."""
    return [advice for rule in RULES if (advice := rule(found)) is not None]


def outlier_channel(found: Findings) -> Advice | None:
    """One channel is far larger than the others, and sets the one scale that all channels of an activation share."""
    for layer in found.bad_by_itself():
        name, weights = printable(layer.name), found.weights_of(layer)
        if weights is not None and weights.largest_to_median >= OUTLIER:
            remedy = (
                "Quantize the weights per channel."
                if weights.is_per_channel is False
                else "Equalise the channels: divide this one's weights and bias by that factor, and multiply the "
                "weights that the next layer has for it by the same factor."
            )
            text = (
                f"In {name} the weights of output channel {weights.largest_channel} reach "
                f"{weights.largest_to_median:.0f} times as far as those of the median channel, which keeps "
                f"{layer.own_channel_sqnr_db:.0f} dB. {remedy}"
            )
            return Advice(code="outlier-channel", text=text)
        if layer.own_sqnr_db - layer.own_channel_sqnr_db >= OUTLIER_DB:
            text = (
                f"In {name} a few channels are far larger than the others, which keep {layer.own_channel_sqnr_db:.0f} "
                "dB of one scale for all. Equalise the channels, or train with a weight decay that reaches them."
            )
            return Advice(code="outlier-channel", text=text)
    return None


def clipped_activation(found: Findings) -> Advice | None:
    """Values beyond what was seen in calibration are cut off."""
    for entry in found.clipped:
        worst = max(entry.calibration_ratio, entry.evaluation_ratio)
        if worst < CLIPPED:
            break
        where = "calibration" if entry.calibration_ratio >= entry.evaluation_ratio else "evaluation"
        remedy = (
            "Widen its range: choose another recipe."
            if where == "calibration"
            else "Calibrate with more samples, or with samples that look like these."
        )
        text = (
            f"{printable(entry.name)} leaves its range of {entry.low:.3g} to {entry.high:.3g} in {100 * worst:.1f} % "
            f"of its values on {where} samples, and they are cut off. {remedy}"
        )
        return Advice(code="clipped-activation", text=text)
    return None


def saturated_output(found: Findings) -> Advice | None:
    """The answer itself stands at the limit of its integers: which class wins is decided by rounding."""
    ends = {tensor.index for tensor in found.model.outputs}
    makers = {op.index for op in found.model.ops if ends & set(op.outputs)}
    for layer in found.layers:
        if layer.op_index in makers and layer.saturation >= SATURATED:
            text = (
                f"{100 * layer.saturation:.1f} % of the output {printable(layer.name)} stands at the limit of its "
                "integers while the float value goes on. Calibrate with samples of every class, and look at the first "
                "bad layer."
            )
            return Advice(code="saturated-output", text=text)
    return None


def wide_add(found: Findings) -> Advice | None:
    """Operands of very different ranges end in one scale, that of the larger."""
    makers = {tensor: op for op in found.model.ops for tensor in op.outputs}
    for op in found.model.ops:
        if op.op not in _SUMS:
            continue
        scales = [scale for tensor in op.inputs if (scale := _scale(found.model, makers, tensor)) > 0]
        if len(scales) > 1 and max(scales) > WIDE * min(scales):
            layer = next((layer for layer in found.layers if layer.op_index == op.index), None)
            name = printable(layer.name) if layer else f"op {op.index}"
            text = (
                f"{op.op} {name} joins operands whose scales are {max(scales) / min(scales):.0f} times apart: little "
                "is left of the smaller one. Normalise both branches before they meet (batch normalisation)."
            )
            return Advice(code="wide-add", text=text)
    return None


def worst_first_layer(found: Findings) -> Advice | None:
    """The first layer sees raw data: few channels, large outliers."""
    bad, weighted = found.bad_by_itself(), found.weighted
    if not bad or bad[0].rank != 1 or outlier_channel(found) is not None:
        return None
    if bad[0].op_index is not None and (not weighted or bad[0].op_index > weighted[0]):
        return None
    text = (
        f"The first layer, {printable(bad[0].name)}, adds most error ({own_db(bad[0]):.0f} dB). Check that [input] "
        "does what training did, and that no outlier in the input takes the resolution from all other values."
    )
    return Advice(code="worst-first-layer", text=text)


def worst_last_layer(found: Findings) -> Advice | None:
    """The last layer's range is set by its rarest answers."""
    bad, weighted = found.bad_by_itself(), found.weighted
    if not bad or bad[0].rank != 1 or len(weighted) < 2 or outlier_channel(found) is not None:
        return None
    if bad[0].op_index is None or bad[0].op_index < weighted[-1]:
        return None
    text = (
        f"The last layer, {printable(bad[0].name)}, adds most error ({own_db(bad[0]):.0f} dB). Train it with weight "
        "decay or label smoothing, which keep its answers close together, or use quantization-aware training."
    )
    return Advice(code="worst-last-layer", text=text)


def logits(found: Findings) -> Advice | None:
    """The class is known before softmax or sigmoid; one sigmoid output is left alone, as 0.5 is its threshold here."""
    last = found.last_op
    if (
        last is None
        or last.op not in {"SOFTMAX", "LOGISTIC"}
        or (last.op == "LOGISTIC" and last.output_shape[-1:] == [1])
    ):
        return None
    text = (
        f"The model ends in {last.op}. The largest output is the same without it, and it costs time on the chip and "
        "squeezes the answers into steps of 1/256: end the model with its logits if you only need the class."
    )
    return Advice(code="logits", text=text)


def _scale(model: ModelSummary, makers: dict[int, OpInfo], tensor: int) -> float:
    """The scale of an activation before any QUANTIZE; 0 of what has none, or is a constant."""
    while tensor in makers and makers[tensor].op == "QUANTIZE":
        tensor = makers[tensor].inputs[0]
    if tensor < 0 or model.tensors[tensor].constant_bytes or len(model.tensors[tensor].scale) != 1:
        return 0.0
    return model.tensors[tensor].scale[0]


RULES: Final[tuple[Callable[[Findings], Advice | None], ...]] = (
    outlier_channel,
    clipped_activation,
    saturated_output,
    wide_add,
    worst_first_layer,
    worst_last_layer,
    logits,
)
