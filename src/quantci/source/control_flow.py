"""A float model of several subgraphs is refused, by what calls them: ranges are known of the main one only.

The calibrator does not survive some of them, so nothing native opens such a model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.errors import ModelRejected
from quantci.tflite.integer_only import name_ops

if TYPE_CHECKING:
    from quantci.tflite.model import Model

# What the ops are, and what to do about them.
_CALLERS: Final = (
    (
        ("WHILE",),
        "a loop, such as that of LSTM, GRU and Bidirectional in Keras 3",
        "Set unroll=True on that layer, also inside of Bidirectional, and save or convert it again with a batch of 1.",
    ),
    (("IF",), "a condition", "Export the branch that the chip takes as the model, or multiply by a mask instead."),
    (
        ("CALL_ONCE", "VAR_HANDLE"),
        "variables that keep their value between inferences",
        "Export the model without them: stateful=False, or the state as an input and an output.",
    ),
)


def check_one_subgraph(model: Model) -> None:
    """Refuse several subgraphs.

    Raises:
        ModelRejected: `multi-subgraph`, naming the op that calls them, and its layer.
    """
    count = model.summary.subgraph_count
    if count == 1:
        return
    for names, what, remedy in _CALLERS:
        found = [op for op in model.summary.ops if op.op in names]
        if found:
            cause = f"The model has {name_ops(found)}: {what}. Such a model cannot be quantized."
            raise ModelRejected("multi-subgraph", cause, where=model.where, remedy=remedy)
    raise ModelRejected(
        "multi-subgraph",
        f"The model has {count} subgraphs, such as one for each of several signatures; exactly one is quantized.",
        where=model.where,
        remedy="Convert one signature of the model.",
    )
