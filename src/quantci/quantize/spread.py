"""Activations that all but vanish: no integer kernel can hold such a range, so they get one that any can.

What vanishes is 0 in any range. The model is then quantized like every other, and its size, arena and latency are
those of the trained one; that it may be dead is said in a doubt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from quantci.data.culprits import counted
from quantci.errors import ModelRejected
from quantci.quantize.step import Ranged
from quantci.records.doubt import Doubt

if TYPE_CHECKING:
    from collections.abc import Collection

    from quantci.quantize.step import Statistics
    from quantci.records.quantize import TensorRange

# Integer kernels cannot represent the ratio of such a scale to an ordinary one; some abort the process.
VANISHING: Final = 1e-9
DEAD: Final = "dead-activation"


def vanishes(entry: TensorRange) -> bool:
    """Whether an activation stays so near to 0 that its range means nothing."""
    return max(abs(entry.min), abs(entry.max)) < VANISHING


def widen_vanishing(statistics: Statistics) -> Ranged:
    """Give an ordinary range to each activation that vanishes.

    Raises:
        ModelRejected: `degenerate`: the calibration set gives the model nothing but zeros.
    """
    given = set(map(int, statistics.float_model.tree.subgraphs[0].inputs))
    for entry in statistics.ranges:
        if entry.tensor in given and vanishes(entry):
            raise ModelRejected(
                "degenerate",
                f"The calibration set gives the input {entry.name} nothing but values near 0 ({entry.min:.3g} to "
                f"{entry.max:.3g}).",
                where=statistics.float_model.where,
                remedy="Check the files of the calibration set, and that [input] says what the training did.",
            )
    return Ranged([_ordinary(entry) if vanishes(entry) else entry for entry in statistics.ranges], [])


def _ordinary(entry: TensorRange) -> TensorRange:
    low, high = (-1.0 if entry.min < 0 else 0.0), (1.0 if entry.max > 0 or entry.min >= 0 else 0.0)
    return msgspec.structs.replace(entry, min=low, max=high)


def doubt_vanishing(statistics: Statistics) -> list[Doubt]:
    """What is said of activations that vanish, and whether anything else leads from the input to the output."""
    dead = [entry for entry in statistics.ranges if vanishes(entry)]
    if not dead:
        return []
    is_cut_off = not _reaches_an_output(statistics, {entry.tensor for entry in dead})
    what = ", so its output does not depend on its input" if is_cut_off else ""
    text = (
        f"Activations of the float model stay at 0 on all calibration samples {counted([e.name for e in dead])}{what}: "
        "check that the model is trained, and that [input] does what the training did."
    )
    return [Doubt(code=DEAD, text=text, forbids_pass=is_cut_off)]


def _reaches_an_output(statistics: Statistics, dead: Collection[int]) -> bool:
    graph = statistics.float_model.tree.subgraphs[0]
    alive = set(map(int, graph.inputs)) - set(dead)
    for op in graph.operators:  # in the order in which they run
        if alive & set(map(int, op.inputs)):
            alive |= set(map(int, op.outputs)) - set(dead)
    return bool(alive & set(map(int, graph.outputs)))
