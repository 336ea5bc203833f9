"""Drop ops that give what they take: x * 1, x + 0, a RESHAPE to the same shape, a TRANSPOSE that moves nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quantci.rewrite.fuse_activation import activation

if TYPE_CHECKING:
    from quantci.rewrite.draft import Draft


def drop_idle(draft: Draft) -> list[str]:
    """Drop each of them."""
    names = []
    for op in [*draft.ops]:
        taken = _passed_on(draft, op)
        if taken is None or draft.shape(taken) != draft.shape(int(op.outputs[0])):
            continue
        name = draft.name(int(op.outputs[0]))
        if draft.bypass(op, taken):
            names.append(name)
    return names


def _passed_on(draft: Draft, op: Any) -> int | None:
    """The input that the op gives as it is."""
    kind = draft.kind(op)
    if kind in {"MUL", "ADD", "SUB", "DIV"} and activation(op) == "NONE":
        neutral = 1 if kind in {"MUL", "DIV"} else 0
        for place in (1, 0) if kind in {"MUL", "ADD"} else (1,):
            values = draft.floats(int(op.inputs[place]))
            if values is not None and (values == neutral).all():
                return int(op.inputs[1 - place])
        return None
    if kind in {"RESHAPE", "SQUEEZE", "EXPAND_DIMS"}:
        return int(op.inputs[0])
    if kind in {"TRANSPOSE", "PAD"}:
        values = draft.values(int(op.inputs[1]))
        idle = values is not None and (
            [*values.ravel()] == [*range(values.size)] if kind == "TRANSPOSE" else not values.any()
        )
        return int(op.inputs[0]) if idle else None
    return int(op.inputs[0]) if kind == "CONCATENATION" and len(op.inputs) == 1 and activation(op) == "NONE" else None
