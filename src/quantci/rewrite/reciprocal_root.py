"""x / SQRT(v) is x * RSQRT(v): TFLM's INT8 DIV is wrong (docs/kernels.md), and LayerNorm has one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantci.rewrite.convolution import is_plain

if TYPE_CHECKING:
    from quantci.rewrite.draft import Draft


def reciprocal_root(draft: Draft) -> list[str]:
    """Replace each of them."""
    from ai_edge_litert import schema_py_generated as schema

    names = []
    for op in list(draft.ops):
        root = draft.writer(int(op.inputs[1])) if draft.kind(op) == "DIV" else None
        if root is None or draft.kind(root) != "SQRT" or not draft.alone(int(op.inputs[1]), op):
            continue
        x, output, inner = int(op.inputs[0]), int(op.outputs[0]), int(root.inputs[0])
        values = draft.floats(x)
        names.append(draft.name(output))
        if values is not None and (values == 1).all() and is_plain(op) and draft.shape(inner) == draft.shape(output):
            draft.put(op, "RSQRT", [inner], output)
        else:
            inverse = draft.new(inner, draft.shape(inner))
            options = schema.MulOptionsT()
            options.fusedActivationFunction = op.builtinOptions.fusedActivationFunction
            draft.put(op, "RSQRT", [inner], inverse)
            draft.put(op, "MUL", [x, inverse], output, options)
        draft.remove(op)
        draft.remove(root)
    return names
