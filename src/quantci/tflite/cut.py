"""Cut a model off after one of its ops, so that an interpreter which shows only outputs shows what that op makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quantci.tflite.take_out import drop_unused_codes, keep_tensors

if TYPE_CHECKING:
    from quantci.tflite.model import Model


def cut_after(model: Model, op: int) -> Model:
    """The model of the ops up to this one, whose outputs are those of this op.

    Args:
        model: of one subgraph.
        op: index in the main subgraph.
    """
    draft = model.draft()
    graph = draft.subgraphs[0]
    graph.operators = graph.operators[: op + 1]
    graph.outputs = np.array([index for index in graph.operators[op].outputs if index >= 0], np.int32)
    used = {int(index) for made in graph.operators for index in (*made.inputs, *made.outputs) if index >= 0}
    used |= {int(index) for made in graph.operators for index in _intermediates(made) if index >= 0}
    used |= {int(index) for index in graph.inputs}
    draft.signatureDefs = None  # they name outputs that are none any more
    keep_tensors(draft, sorted(used))
    drop_unused_codes(draft)
    return model.changed(draft)


def _intermediates(op: object) -> list[int]:
    found = getattr(op, "intermediates", None)
    return [] if found is None else list(found)
