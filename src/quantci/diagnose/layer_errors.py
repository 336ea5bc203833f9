"""From sums to the record: figures of each layer, their ranks, what clips, and the advice that follows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from quantci.diagnose.match import INPUT
from quantci.diagnose.rules import Findings, advise, whole_db
from quantci.diagnose.weights import weight_channels
from quantci.records.diagnose import ClippedActivation, DiagnoseResult, LayerError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantci.diagnose.match import Matching, Pair
    from quantci.diagnose.sums import Integers, LayerSums
    from quantci.records.model import ModelSummary
    from quantci.tflite.model import Model


def judge(
    layers: Sequence[LayerSums],
    matching: Matching,
    float_model: Model,
    quantized_model: Model,
    *,
    integers: Sequence[Integers],
    outside: Sequence[float],
    evaluation_outside: Sequence[float],
    interpreters: tuple[str, str],
    samples: int,
    evaluation_samples: int,
    threshold_db: float,
) -> DiagnoseResult:
    """The result of the stage.

    Args:
        layers: sums, by pair.
        matching: the pairs, and what has no counterpart.
        float_model: the reference.
        quantized_model: the INT8 model.
        integers: how those of each pair are read.
        outside: share of float values that the integers cannot hold, on calibration samples.
        evaluation_outside: the same on evaluation samples.
        interpreters: of float and of INT8.
        samples, evaluation_samples: how many were looked at.
        threshold_db: below it a layer is bad.
    """
    summary, names = quantized_model.summary, quantized_model.tensor_names
    kinds = [INPUT if pair.op is None else summary.ops[pair.op].op for pair in matching.pairs]
    layers = [
        replace(sums, whole=sums.whole.merged(), own=sums.own.merged()) if kind == "SOFTMAX" else sums
        for kind, sums in zip(kinds, layers, strict=True)
    ]
    labels = [_name(pair, names, float_model.summary) for pair in matching.pairs]
    errors = _ranked(matching.pairs, kinds, labels, layers)
    float_op_of = {
        pair.op: pair.float_op for pair in matching.pairs if pair.op is not None and pair.float_op is not None
    }
    per_channel = {
        other: len(summary.tensors[summary.ops[op].inputs[1]].scale) > 1
        for op, other in float_op_of.items()
        if len(summary.ops[op].inputs) > 1 and summary.ops[op].inputs[1] >= 0
    }
    weights = weight_channels(float_model, per_channel)
    clipped = [
        ClippedActivation(
            op_index=error.op_index,
            name=error.name,
            low=own.low,
            high=own.high,
            calibration_ratio=ratio,
            evaluation_ratio=other,
        )
        for error, own, ratio, other in zip(errors, integers, outside, evaluation_outside, strict=True)
        if max(ratio, other) > 0
    ]
    clipped.sort(key=lambda entry: -max(entry.calibration_ratio, entry.evaluation_ratio))
    return DiagnoseResult(
        float_sha256=float_model.sha256,
        quantized_sha256=quantized_model.sha256,
        interpreters=interpreters,
        samples=samples,
        evaluation_samples=evaluation_samples,
        threshold_db=threshold_db,
        layers=errors,
        unmatched=[_label(names, tensor) for tensor in matching.unmatched],
        first_below=next((place for place, layer in enumerate(errors) if whole_db(layer) < threshold_db), None),
        weights=weights,
        clipped=clipped,
        advice=advise(Findings(errors, threshold_db, weights, clipped, summary, float_op_of)),
    )


def _ranked(
    pairs: Sequence[Pair], kinds: Sequence[str], names: Sequence[str], layers: Sequence[LayerSums]
) -> list[LayerError]:
    """The figures by pair. Ranked by the layer's own error; of equal ones the earlier comes first."""

    def own(place: int) -> float:
        return min(layers[place].own.sqnr_db, layers[place].own.channel_sqnr_db)

    order = sorted(range(len(layers)), key=lambda place: (own(place), place))
    rank = {place: position for position, place in enumerate(order, 1)}
    return [
        LayerError(
            op_index=pair.op,
            op=kind,
            name=name,
            rank=rank[place],
            sqnr_db=sums.whole.sqnr_db,
            channel_sqnr_db=sums.whole.channel_sqnr_db,
            own_sqnr_db=sums.own.sqnr_db,
            own_channel_sqnr_db=sums.own.channel_sqnr_db,
            cosine=sums.cosine,
            saturation=sums.saturated / max(1, sums.count),
            largest_error=sums.largest_error,
        )
        for place, (pair, kind, name, sums) in enumerate(zip(pairs, kinds, names, layers, strict=True))
    ]


def _name(pair: Pair, names: Sequence[str], float_model: ModelSummary) -> str:
    """The float model's name, for engines rename inputs and outputs; what a QUANTIZE op makes has only its own."""
    if pair.op is not None and pair.float_op is None:
        return _label(names, pair.tensor)
    return float_model.tensors[pair.float_tensor].name or _label(names, pair.tensor)


def _label(names: Sequence[str], tensor: int) -> str:
    return (names[tensor] if tensor < len(names) else "") or f"tensor {tensor}"
