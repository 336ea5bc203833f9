"""Ops that care for no layout, and what changes in them when the layout of their tensors does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from quantci.rewrite.draft import Draft

_UNARY: Final = frozenset(
    {
        "ABS",
        "NEG",
        "RELU",
        "RELU6",
        "RELU_N1_TO_1",
        "RELU_0_TO_1",
        "LEAKY_RELU",
        "LOGISTIC",
        "TANH",
        "HARD_SWISH",
        "ELU",
    }
    | {"GELU", "SQRT", "RSQRT", "SQUARE", "EXP", "LOG", "SIN", "COS", "ROUND", "FLOOR", "CEIL"}
)
_BINARY: Final = frozenset({"ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE", "POW", "PRELU"})
_REDUCED: Final = frozenset({"MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN"})
_LISTED: Final = frozenset({"PAD", "MIRROR_PAD", "SLICE"})


class Mapping:
    """From the axes behind a view to those before it."""

    def __init__(self, axes: Sequence[int | None], rank: int) -> None:
        """Take the axis before it for each axis behind it, None for a new one of size 1, and how many there are."""
        self.axes, self.rank = list(axes), rank

    @property
    def is_plain(self) -> bool:
        """Whether there are as many axes on both sides."""
        return None not in self.axes and len(self.axes) == self.rank

    def shape(self, shape: Sequence[int]) -> tuple[int, ...] | None:
        """The shape before the view; None where a size would be lost."""
        return self.listed(shape, 1) if all(self._has(axis) or shape[axis] == 1 for axis in range(len(shape))) else None

    def listed(self, values: Sequence[Any], missing: Any) -> tuple[Any, ...]:
        """One value an axis, in the order before the view."""
        found = [missing] * self.rank
        for axis, value in zip(self.axes, values, strict=True):
            if axis is not None:
                found[axis] = value
        return tuple(found)

    def axis(self, axis: int) -> int | None:
        """An axis, which may be counted from the end."""
        return self.axes[axis]

    def forth(self) -> list[int]:
        """The order of axes that leads before the view, those that are lost last."""
        kept = sorted((axis, place) for place, axis in enumerate(self.axes) if axis is not None)
        return [place for _, place in kept] + [place for place, axis in enumerate(self.axes) if axis is None]

    def back(self) -> list[int]:
        """The order of axes that leads behind the view, those that are lost last."""
        kept = [axis for axis in self.axes if axis is not None]
        return kept + [axis for axis in range(self.rank) if axis not in kept]

    def constant(self, values: NDArray[Any]) -> NDArray[Any] | None:
        """A constant that is broadcast, as it is before the view."""
        full = values.reshape((1,) * (len(self.axes) - values.ndim) + values.shape)
        shape = self.shape(full.shape)
        return None if shape is None else np.ascontiguousarray(full.transpose(self.forth()).reshape(shape))

    def _has(self, axis: int) -> bool:
        return self.axes[axis] is not None


def relayable(draft: Draft, op: Any, rank: int) -> bool:
    """Whether the op computes the same in every layout."""
    kind = draft.kind(op)
    if kind in _REDUCED and not op.builtinOptions.keepDims:
        return _constant_after(draft, op, 1) and len(draft.shape(int(op.inputs[0]))) == rank
    floats = [int(index) for index in op.inputs if index >= 0 and draft.is_float(int(index))]
    computed = [index for index in floats if draft.values(index) is None]
    ranks = {len(draft.shape(index)) for index in (*computed, *map(int, op.outputs))}
    if ranks != {rank} or not all(draft.is_float(int(index)) for index in op.outputs):
        return False
    if kind in _UNARY | _BINARY:
        return all(len(draft.shape(index)) <= rank for index in floats)
    if kind == "CONCATENATION":
        return all(len(draft.shape(index)) == rank for index in floats)
    place = {"SPLIT": 0, "GATHER": 1}.get(kind)
    if place is not None:
        values = draft.values(int(op.inputs[place]))
        return values is not None and (kind == "SPLIT" or (values.ndim == 1 and not op.builtinOptions.batchDims))
    return kind in _REDUCED | _LISTED and _constant_after(draft, op, 1)


def _constant_after(draft: Draft, op: Any, first: int) -> bool:
    return all(draft.values(int(index)) is not None for index in op.inputs[first:])


def relay(draft: Draft, op: Any, mapping: Mapping, moved: dict[int, int]) -> bool:
    """Let the op read and write the moved tensors; False where it cannot."""
    kind = draft.kind(op)
    if kind in {"CONCATENATION", "GATHER"}:
        axis = mapping.axis(int(op.builtinOptions.axis))
        if axis is None:
            return False
        draft.set_option(op, axis=axis)
    if kind in _REDUCED and not op.builtinOptions.keepDims and not _keeps_order(draft, op, mapping):
        return False
    for place, index in enumerate([*map(int, op.inputs)]):
        if index in moved:
            draft.read(op, place, moved[index])
            continue
        values = draft.values(index)
        if values is None or (kind == "GATHER" and place == 1):
            continue
        changed = _changed(kind, values, mapping)
        if changed is None:
            return False
        draft.read(op, place, draft.constant(draft.name(index), changed))
    if any(int(index) in moved for index in op.outputs):
        draft.write(op, *(moved[int(index)] for index in op.outputs))
    return True


def _changed(kind: str, values: NDArray[Any], mapping: Mapping) -> NDArray[Any] | None:
    """A constant operand in the layout before the view."""
    if kind in _REDUCED or kind == "SPLIT":
        found = [mapping.axis(int(axis)) for axis in values.ravel()]
        return None if None in found else np.array(found, values.dtype).reshape(values.shape)
    if kind in {"PAD", "MIRROR_PAD"}:
        lost = [row for row, axis in zip(values, mapping.axes, strict=True) if axis is None and row.any()]
        return None if lost else np.array(mapping.listed([*values], np.zeros(2)), values.dtype)
    if kind == "SLICE":
        return np.array(mapping.listed([*values], 0), values.dtype) if mapping.is_plain else None
    return mapping.constant(values)


def _keeps_order(draft: Draft, op: Any, mapping: Mapping) -> bool:
    """Whether the axes that a reduction without them leaves come in the same order."""
    reduced, shape = draft.values(int(op.inputs[1])), draft.shape(int(op.inputs[0]))
    assert reduced is not None
    gone = {int(axis) % len(shape) for axis in reduced.ravel()}
    left = [mapping.axes[axis] for axis in range(len(shape)) if axis not in gone]
    kept = [axis for axis in left if axis is not None]
    return mapping.is_plain and kept == sorted(kept)
