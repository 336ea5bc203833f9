"""Where an estimate has no total: what nothing measured covers, and what too little was measured for."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from quantci.chip.esp_nn.work import Work
    from quantci.chip.op import Op
    from quantci.records.latency import Kernels, LatencyCoefficients, Memory
    from quantci.records.model import OpInfo

MOST_UNCOVERED_MACS: Final = 0.1  # share of the model's from which on there is no total
MOST_UNCOVERED_ELEMENTS: Final = 0.25  # the same for elements that ops give out: an op without MACs costs time, too
MOST_THIN: Final = 0.5  # share of the cycles that may rest on terms of a single network
_NAMED: Final = 5


class EstimatedOp(NamedTuple):
    """An op with its work and cycles; both None where nothing covers it."""

    info: OpInfo
    layer: Op
    work: Work | None
    cycles: float | None


def no_total(ops: Sequence[EstimatedOp], record: LatencyCoefficients, kernels: Kernels, memory: Memory) -> str:
    """One sentence why the sum over these ops must not be stated; empty when it may."""
    return _outside(record, kernels, memory) or gap(ops) or _thin(ops, record)


def uncovered_mac_share(ops: Sequence[EstimatedOp]) -> float | None:
    """Share of the multiply-accumulates in ops that nothing covers; None if they are not all known."""
    if any(op.info.macs is None for op in ops):
        return None
    total = sum(op.info.macs or 0 for op in ops)
    return sum(op.info.macs or 0 for op in ops if op.work is None) / total if total else 0.0


def _outside(record: LatencyCoefficients, kernels: Kernels, memory: Memory) -> str:
    """Why these coefficients do not apply to such a build; empty if they do."""
    if kernels != record.kernels:
        return f"No coefficients cover the {kernels} kernels with such an arena."
    if memory != record.memory:
        place = "does not lie in internal RAM" if memory == "psram" else "lies in internal RAM"
        return f"The tensor arena {place}: these coefficients do not cover that."
    if record.error_ratio > 1:
        return f"The error of these coefficients is {_percent(record.error_ratio)}: an estimate would say nothing."
    return ""


def gap(ops: Sequence[EstimatedOp]) -> str:
    """Why what is not covered is too much for a total, or nothing; the cycles of the ops do not matter."""
    missing = [op for op in ops if op.work is None]
    open_ops = [op for op in ops if not op.layer.is_static]
    if open_ops:
        return f"The shapes of {_names(open_ops)} are not fixed."
    unknown = [op for op in missing if op.info.macs is None]
    if unknown:
        return f"The cost of {_names(unknown)} is not known."
    if len(missing) == len(ops):
        return f"No measured figure covers any op of this model.{_why(missing)}" if ops else "The model has no ops."
    share = uncovered_mac_share(ops) or 0.0
    if share > MOST_UNCOVERED_MACS:
        costly = [op for op in missing if op.info.macs]
        found = f"{_names(costly, ops)}: {_percent(share)} of the multiply-accumulates"
        return f"No measured figure covers {found}.{_why(costly)}"
    elements, uncovered = _elements(ops), _elements(missing)
    if uncovered > MOST_UNCOVERED_ELEMENTS * elements:
        share = uncovered / elements
        return f"No measured figure covers {_names(missing, ops)}: {_percent(share)} of all output elements."
    return ""


def _why(missing: Sequence[EstimatedOp]) -> str:
    """What is missing where it is a type, not a kind of op."""
    if any(op.layer.dtype != "int16" for op in missing):
        return ""
    return (
        " Their tensors are int16, which TFLM's own kernels run, not ESP-NN's, and no published figure says how long "
        "those take: quantci bench measures it on a board."
    )


def thin_share(ops: Sequence[EstimatedOp], record: LatencyCoefficients) -> float:
    """Share of the cycles that rests on terms of a single network, or of a single figure of a board."""
    total = math.fsum(op.cycles or 0 for op in ops)
    return math.fsum(_resting(ops, record).values()) / total if total else 0.0


def _thin(ops: Sequence[EstimatedOp], record: LatencyCoefficients) -> str:
    """Why the sum rests on too little, or nothing."""
    if (share := thin_share(ops, record)) <= MOST_THIN:
        return ""
    resting = _resting(ops, record)
    kinds = ", ".join(sorted(resting, key=lambda name: -resting[name])[:_NAMED])
    return f"{_percent(share)} of it would rest on one measured network each ({kinds}): no error can be stated."


def _resting(ops: Sequence[EstimatedOp], record: LatencyCoefficients) -> dict[str, float]:
    """Kind of op -> cycles of it that rest on a single network."""
    resting: dict[str, float] = {}
    for op in ops:
        for name, units in op.work.terms.items() if op.work else ():
            if record.terms[name].support + record.terms[name].published < 2:
                resting[op.info.op] = resting.get(op.info.op, 0) + units * record.terms[name].cycles
    return resting


def _elements(ops: Iterable[EstimatedOp]) -> int:
    return sum(tensor.elements for op in ops for tensor in op.layer.outputs[:1])


def _names(some: Iterable[EstimatedOp], ops: Iterable[EstimatedOp] = ()) -> str:
    """The kinds of these ops; of a kind that has more among all `ops`, how many they are: ``2 of 5 CONV_2D``."""
    counts, among = Counter(op.info.op for op in some), Counter(op.info.op for op in ops)
    kinds = [f"{count:,} of {among[kind]:,} {kind}" if among[kind] > count else kind for kind, count in counts.items()]
    return ", ".join(kinds[:_NAMED]) + (" and others" if len(kinds) > _NAMED else "")


def _percent(ratio: float) -> str:
    return f"{100 * ratio:.0f} %"
