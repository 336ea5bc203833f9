"""A BATCH_MATMUL with a constant is a FULLY_CONNECTED, which has a bias, an activation and a fast kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quantci.rewrite.views import put_view

if TYPE_CHECKING:
    from quantci.rewrite.draft import Draft


def matmul_to_dense(draft: Draft) -> list[str]:
    """Replace each of them."""
    from ai_edge_litert import schema_py_generated as schema

    names = []
    for op in list(draft.ops):
        if draft.kind(op) != "BATCH_MATMUL":
            continue
        x, weights = int(op.inputs[0]), draft.floats(int(op.inputs[1]))
        shape, output = draft.shape(x), int(op.outputs[0])
        if weights is None or draft.values(x) is not None or any(size != 1 for size in weights.shape[:-2]):
            continue
        weights = weights.reshape(weights.shape[-2:])
        if len(draft.shape(output)) != len(shape) or (op.builtinOptions.adjX and shape[-1] != 1):
            continue
        if op.builtinOptions.adjX:
            turned = draft.new(x, (*shape[:-2], 1, shape[-2]))
            put_view(draft, op, x, turned, None)
            x = turned
        stored = np.ascontiguousarray(weights if op.builtinOptions.adjY else weights.T)
        options = schema.FullyConnectedOptionsT()
        options.keepNumDims = True
        draft.put(
            op, "FULLY_CONNECTED", [x, draft.constant(draft.name(int(op.inputs[1])), stored), -1], output, options
        )
        draft.remove(op)
        names.append(draft.name(output))
    return names
