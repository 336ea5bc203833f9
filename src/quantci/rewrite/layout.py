"""Take a TRANSPOSE out of the way of the ops behind it: they compute in the layout that lies before it.

Converters put one before and one behind what they keep in the layout of the source. Elementwise ops, CONCATENATION,
MEAN and their like compute the same in the other layout, with other axes: then the pair cancels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from quantci.rewrite.relayout import Mapping, relay, relayable
from quantci.rewrite.views import axes, chain_to, is_view, merge_views, places, put_view

if TYPE_CHECKING:
    from quantci.rewrite.draft import Draft

_MOST_OPS: Final = 2000


def cancel_transposes(draft: Draft) -> list[str]:
    """Move each TRANSPOSE where that leaves fewer ops, or turns it into a RESHAPE."""
    names: list[str] = []
    if len(draft.ops) > _MOST_OPS:
        return names
    names += _settle(draft)
    while (found := _improve(draft)) is not None:
        names.append(found)
    return names


def _improve(draft: Draft) -> str | None:
    for op in draft.ops:
        if not is_view(draft, op):
            continue
        tensor = int(op.outputs[0])
        for is_wide in (True, False):
            trial = draft.copy()
            if not _move(trial, tensor, is_wide=is_wide):
                continue
            _settle(trial)
            if _weight(trial) < _weight(draft):
                draft.become(trial)
                return draft.name(tensor)
    return None


def _settle(draft: Draft) -> list[str]:
    names: list[str] = []
    while found := merge_views(draft):
        names += found
    if names:
        draft.drop_dead()
    return names


def _weight(draft: Draft) -> tuple[int, int]:
    return len(draft.ops), sum(draft.kind(op) == "TRANSPOSE" for op in draft.ops)


def _move(draft: Draft, tensor: int, *, is_wide: bool) -> bool:
    """Compute what follows a tensor behind a view in the layout before it; views at the edges keep everything right.

    Args:
        draft: changed, also where it gives False.
        tensor: behind the view.
        is_wide: also what computes other operands of these ops.
    """
    chain = chain_to(draft, tensor)
    found = axes(places(draft, chain), draft.shape(int(chain[-1].inputs[0])))
    if found is None or found == [*range(len(found))]:
        return False
    mapping = Mapping(found, len(draft.shape(int(chain[-1].inputs[0]))))
    tensors, ops = _region(draft, tensor, len(found), is_wide=is_wide)
    if not ops or any(mapping.shape(draft.shape(index)) is None for index in tensors):
        return False
    inside = {id(op) for op in ops}
    moved = {index: draft.new(index, mapping.shape(draft.shape(index)) or ()) for index in tensors}
    written = {int(index) for op in ops for index in op.outputs}
    for index in tensors:
        if index in written:
            if index in draft.outputs or any(id(op) not in inside for op in draft.readers(index)):
                writer = draft.writer(index)
                _put(draft, draft.after(writer), moved[index], index, mapping.back())
        else:
            first = next(op for op in draft.ops if id(op) in inside and index in map(int, op.inputs))
            _put(draft, first, index, moved[index], mapping.forth())
    return all(relay(draft, op, mapping, moved) for op in ops)


def _put(draft: Draft, place: Any, source: int, target: int, order: list[int]) -> None:
    """The views from one tensor to the other: the order of axes, and a RESHAPE where there are more or fewer."""
    shape = tuple(draft.shape(source)[axis] for axis in order)
    if shape == draft.shape(target):
        put_view(draft, place, source, target, order)
        return
    between = draft.new(source, shape)
    put_view(draft, place, source, between, order)
    put_view(draft, place, between, target, None)


def _region(draft: Draft, start: int, rank: int, *, is_wide: bool) -> tuple[list[int], list[Any]]:
    """Tensors whose layout changes, and the ops that compute on nothing else."""
    ops: list[Any] = []
    tensors, waiting = [start], [start]

    def take(op: Any) -> None:
        if any(found is op for found in ops):
            return
        ops.append(op)
        for index in (*map(int, op.inputs), *map(int, op.outputs)):
            is_computed = index >= 0 and draft.is_float(index) and draft.values(index) is None
            if is_computed and len(draft.shape(index)) == rank and index not in tensors:
                tensors.append(index)
                waiting.append(index)

    while waiting:
        index = waiting.pop()
        for op in draft.readers(index):
            if relayable(draft, op, rank):
                take(op)
        writer = draft.writer(index)
        if is_wide and writer is not None and relayable(draft, writer, rank):
            take(writer)
    return tensors, ops
