"""Which activation of the INT8 model is which of the float model.

Engines keep the ops and most names, put QUANTIZE ops between, and may do more one day. A pair is made only where
everything agrees: kind of op, shapes of its outputs, and the pairs that it takes its inputs from. What is left over is
reported as not compared; a wrong pair would blame a layer for nothing.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quantci.records.model import ModelSummary, OpInfo

INPUT: Final = "INPUT"
RESCALING: Final = frozenset({"DEQUANTIZE", "QUANTIZE"})  # the same real values, in other integers or none
_INTEGERS: Final = frozenset({"int8", "uint8"})


class Pair(NamedTuple):
    """An activation of both models.

    Attributes:
        op: of the INT8 model; None for the model's input.
        float_op: of the float model; None where it has none: for the input, and for the output of a QUANTIZE.
        tensor: in the INT8 model.
        float_tensor: in the float model.
    """

    op: int | None
    float_op: int | None
    tensor: int
    float_tensor: int


class Matching(NamedTuple):
    """All pairs in the order of the INT8 model's ops, and the quantized tensors that are in none."""

    pairs: list[Pair]
    unmatched: list[int]


def match(float_model: ModelSummary, quantized: ModelSummary, names: Sequence[str]) -> Matching:
    """Pair the quantized activations with those of the float model.

    By the name of the op's output where only one op on each side has it; else by place, where both models have the
    same ops in the same order.

    Args:
        float_model: of one subgraph.
        quantized: the INT8 model.
        names: of its tensors, by index, from before they were stripped.
    """
    known = {
        tensor.index: other.index
        for tensor, other in zip(quantized.inputs, float_model.inputs, strict=False)
        if tensor.shape == other.shape
    }
    pairs = [Pair(None, None, tensor, other) for tensor, other in known.items() if _is_quantized(quantized, tensor)]
    partners = _partners(float_model, quantized, names)
    unmatched: list[int] = []
    for op in quantized.ops:
        found: OpInfo | None = None
        outputs: dict[int, int] = {}
        if op.op in RESCALING:
            if op.inputs[0] in known and _same_shape(quantized, op.inputs[0], quantized, op.outputs[0]):
                outputs = {op.outputs[0]: known[op.inputs[0]]}
        else:
            found = partners.get(op.index)
            if found is not None and _takes_the_same(op, found, known, float_model, quantized):
                outputs = dict(zip(op.outputs, found.outputs, strict=True))
        known |= outputs
        for tensor in op.outputs:
            if not _is_quantized(quantized, tensor):
                continue
            other = outputs.get(tensor)
            if other is None or float_model.tensors[other].dtype != "float32":
                unmatched.append(tensor)
            else:
                pairs.append(Pair(op.index, found.index if found else None, tensor, other))
    return Matching(pairs, unmatched)


def _partners(float_model: ModelSummary, quantized: ModelSummary, names: Sequence[str]) -> Mapping[int, OpInfo]:
    """Index of each op of the INT8 model -> the op of the float model that it may be; of one kind and one shape."""
    ours = [op for op in quantized.ops if op.op not in RESCALING and op.outputs]
    theirs = [op for op in float_model.ops if op.op not in RESCALING and op.outputs]
    own_names = {op.index: names[op.outputs[0]] if op.outputs[0] < len(names) else "" for op in ours}
    count, their_count = Counter(own_names.values()), Counter(op.output_name for op in theirs)
    by_name = {op.output_name: op for op in theirs if op.output_name and their_count[op.output_name] == 1}
    by_place: Mapping[int, OpInfo] = {}
    if len(ours) == len(theirs) and all(
        _alike(op, other, float_model, quantized) for op, other in zip(ours, theirs, strict=True)
    ):
        by_place = {op.index: other for op, other in zip(ours, theirs, strict=True)}
    partners: dict[int, OpInfo] = {}
    for op in ours:
        name = own_names[op.index]
        found = by_name.get(name) if count[name] == 1 else None
        if found is None or not _alike(op, found, float_model, quantized):
            found = by_place.get(op.index)
        if found is not None:
            partners[op.index] = found
    return partners


def _alike(op: OpInfo, other: OpInfo, float_model: ModelSummary, quantized: ModelSummary) -> bool:
    return (
        op.op == other.op
        and len(op.outputs) == len(other.outputs)
        and all(
            _same_shape(quantized, ours, float_model, theirs)
            for ours, theirs in zip(op.outputs, other.outputs, strict=True)
        )
    )


def _takes_the_same(
    op: OpInfo, other: OpInfo, known: Mapping[int, int], float_model: ModelSummary, quantized: ModelSummary
) -> bool:
    """Whether each input is a constant on both sides, or an activation that is in no other pair."""
    for ours, theirs in zip(op.inputs, other.inputs, strict=False):
        if ours < 0 or theirs < 0:
            if ours != theirs:
                return False
        elif ours in known:
            if known[ours] != theirs:
                return False
        elif _is_constant(quantized, ours) != _is_constant(float_model, theirs) or theirs in known.values():
            return False
    return True


def _is_constant(model: ModelSummary, tensor: int) -> bool:
    return model.tensors[tensor].constant_bytes > 0


def _is_quantized(model: ModelSummary, tensor: int) -> bool:
    info = model.tensors[tensor]
    return info.dtype in _INTEGERS and len(info.scale) == 1


def _same_shape(model: ModelSummary, tensor: int, other: ModelSummary, theirs: int) -> bool:
    return model.tensors[tensor].shape == other.tensors[theirs].shape
