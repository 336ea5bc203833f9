"""Ops that only say how values lie: TRANSPOSE and RESHAPE. A chain of them becomes the shortest one that does the same.

What a chain does is read off the places of the values themselves: their numbers, sent through it.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from quantci.rewrite.draft import Draft

RESHAPES: Final = frozenset({"RESHAPE", "SQUEEZE", "EXPAND_DIMS"})
_MOST_VALUES: Final = 1 << 22


def merge_views(draft: Draft) -> list[str]:
    """Shorten each chain that can be shortened."""
    return [
        draft.name(int(op.outputs[0]))
        for op in list(draft.ops)
        if is_view(draft, op) and any(found is op for found in draft.ops) and _shorten(draft, op)
    ]


def is_view(draft: Draft, op: Any) -> bool:
    """Whether an op only says how values lie."""
    kind = draft.kind(op)
    known = kind in RESHAPES or (kind == "TRANSPOSE" and draft.values(int(op.inputs[1])) is not None)
    return known and draft.values(int(op.inputs[0])) is None and prod(draft.shape(int(op.inputs[0]))) <= _MOST_VALUES


def chain_to(draft: Draft, tensor: int) -> list[Any]:
    """The views that lead to a tensor, the last one first."""
    chain: list[Any] = []
    op = draft.writer(tensor)
    while op is not None and is_view(draft, op):
        chain.append(op)
        op = draft.writer(int(op.inputs[0]))
    return chain


def places(draft: Draft, chain: Sequence[Any]) -> NDArray[np.int64]:
    """For each value behind a chain (the last view first), which value of its source it is."""
    shape = draft.shape(int(chain[-1].inputs[0]))
    values = np.arange(prod(shape)).reshape(shape)
    for op in reversed(chain):
        if draft.kind(op) == "TRANSPOSE":
            order = draft.values(int(op.inputs[1]))
            assert order is not None
            values = values.transpose(order)
        else:
            values = values.reshape(draft.shape(int(op.outputs[0])))
    return values


def axes(values: NDArray[np.int64], shape: Sequence[int]) -> list[int | None] | None:
    """For each axis of `values`, the axis of its source that it is; None for one of size 1 that is new.

    Returns:
        None where a view splits or joins axes.
    """
    strides = [prod(shape[axis + 1 :]) for axis in range(len(shape))]
    free = [axis for axis, size in enumerate(shape)]
    found: list[int | None] = [None] * values.ndim
    for axis, size in enumerate(values.shape):
        if size > 1:
            stride = int(np.take(values, 1, axis).flat[0]) - int(values.flat[0])
            match = [one for one in free if shape[one] == size and strides[one] == stride]
            if not match:
                return None
            found[axis] = match[0]
            free.remove(match[0])
    if any(shape[axis] > 1 for axis in free):
        return None
    for axis, size in enumerate(values.shape):
        if size == 1 and free:
            found[axis] = axis if axis in free else free[0]
            free.remove(found[axis])  # type: ignore[arg-type]
    return found


def _shorten(draft: Draft, last: Any) -> bool:
    """Shorten the chain that ends with this view, by the most that it can be."""
    output = int(last.outputs[0])
    chain = chain_to(draft, output)
    alone = 1  # how many of its last views nothing else needs
    while alone < len(chain) and draft.only_reader(int(chain[alone].outputs[0])) is chain[alone - 1]:
        alone += 1
    best: tuple[tuple[int, int], int, list[list[int] | None]] | None = None
    for count in range(1, len(chain) + 1):
        steps = _steps(draft, chain[:count])
        moves = sum(draft.kind(op) == "TRANSPOSE" for op in chain[: min(alone, count)])
        gain = (min(alone, count) - len(steps), moves - sum(step is not None for step in steps))
        if gain > (0, 0) and (best is None or gain > best[0]):
            best = gain, count, steps
    if best is None:
        return False
    _, count, steps = best
    source = int(chain[count - 1].inputs[0])
    if not steps:
        return _bypass(draft, chain, min(alone, count), source)
    current, shape = source, draft.shape(source)
    for number, step in enumerate(steps):
        is_last = number == len(steps) - 1
        shape = draft.shape(output) if step is None else tuple(shape[axis] for axis in step)
        target = output if is_last else draft.new(output, shape)
        put_view(draft, last, current, target, step)
        current = target
    for op in chain[: min(alone, count)]:
        draft.remove(op)
    return True


def _bypass(draft: Draft, chain: Sequence[Any], alone: int, source: int) -> bool:
    if not draft.bypass(chain[0], source):
        return False
    for op in chain[1:alone]:
        draft.remove(op)
    return True


def _steps(draft: Draft, chain: Sequence[Any]) -> list[list[int] | None]:
    """The fewest views that do what a chain does: each an order of axes for TRANSPOSE, or None for RESHAPE."""
    values, shape = places(draft, chain), draft.shape(int(chain[-1].inputs[0]))
    if (np.diff(values.ravel()) == 1).all():
        return [] if values.shape == tuple(shape) else [None]
    found = axes(values, shape)
    if found is None:
        return [None] * (len(chain) + 1)  # nothing shorter is known
    order = [axis for axis in found if axis is not None]
    if len(order) == len(found) == len(shape):
        return [order]
    return [order + [axis for axis in range(len(shape)) if axis not in order], None]


def put_view(draft: Draft, place: Any, source: int, target: int, order: Sequence[int] | None) -> None:
    """A TRANSPOSE of this order, or a RESHAPE where it is None, before the op `place`."""
    from ai_edge_litert import schema_py_generated as schema

    if order is not None:
        axes_tensor = draft.constant("order", np.array(order, np.int32))
        draft.put(place, "TRANSPOSE", [source, axes_tensor], target, schema.TransposeOptionsT())
        return
    options, shape = schema.ReshapeOptionsT(), np.array(draft.shape(target), np.int32)
    options.newShape = shape
    draft.put(place, "RESHAPE", [source, draft.constant("shape", shape)], target, options)
