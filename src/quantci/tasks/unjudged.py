"""Tasks that quantci does not judge yet, told by what a model gives: detection, segmentation, keypoints, sequences."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from quantci.data.culprits import plural
from quantci.errors import task_not_judged
from quantci.tasks.last_op import last_op

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantci.records.model import ModelSummary

_CHOOSES: Final = frozenset({"NON_MAX_SUPPRESSION_V4", "NON_MAX_SUPPRESSION_V5", "TFLite_Detection_PostProcess"})
_COLOURS: Final = frozenset({1, 3})
_POINT: Final = frozenset({2, 3})  # x and y, or these with a score
_BOX: Final = 4


class Unjudged(NamedTuple):
    """What a model is for, where that is none of our tasks.

    Attributes:
        task: what people call it.
        why: what speaks for it.
        has_numbers: whether a regression can judge its numbers one by one.
    """

    task: str
    why: str
    has_numbers: bool = False


def unjudged(summary: ModelSummary) -> Unjudged | None:
    """What a model is for that gives several answers to a sample; None where it may be one of our tasks."""
    if any(op.op in _CHOOSES for op in summary.ops):
        return Unjudged("object detection", "it ends in a choice among boxes")
    taken = summary.inputs[0].shape
    given = [tensor.shape for tensor in summary.outputs]
    if len(taken) != 4 or not _COLOURS & {taken[1], taken[3]}:
        return _of_a_series(given, last_op(summary))
    if taken[3] not in _COLOURS:
        taken, *given = ([shape[0], *shape[2:], shape[1]] if len(shape) == 4 else shape for shape in (taken, *given))
    return _of_one(taken, given[0], last_op(summary)) if len(given) == 1 else _of_several(given)


def refuse_unjudged(summary: ModelSummary, kind: str, where: str) -> None:
    """Refuse a model for a task that quantci does not judge.

    Args:
        summary: the look into the model.
        kind: the task's word in quantci.toml; empty where none was chosen yet.
        where: what the fault is about.

    Raises:
        ConfigError: `task-not-judged`.
    """
    found = unjudged(summary)
    if found is None or (found.has_numbers and kind in {"regression", ""}):
        return
    if kind == "anomaly" and len(summary.outputs) == 1:
        return  # whatever its shape, it is compared with the input
    remedy = 'Set task.kind to "regression", which judges each number by itself.' if found.has_numbers else ""
    raise task_not_judged(found.task, found.why, where, remedy)


def _of_a_series(given: Sequence[Sequence[int]], last: str) -> Unjudged | None:
    """Of what is no picture: a class for each step, as speech recognition gives it."""
    axes = _axes(given[0]) if len(given) == 1 else []
    if len(axes) < 2 or last != "SOFTMAX":
        return None
    return Unjudged("labelling a sequence", f"it gives a softmax for each of {axes[0]:,} steps")


def _of_several(given: Sequence[Sequence[int]]) -> Unjudged | None:
    """Boxes, or scores and more, for each of so many places; or maps of several sizes."""
    outputs = [_axes(shape) for shape in given]
    places = {axes[0] for axes in outputs if axes}
    if len(places) == 1 and any(len(axes) == 2 for axes in outputs):
        answers = "boxes and more" if any(axes[1:] == [_BOX] for axes in outputs) else "several answers"
        return Unjudged("object detection", f"it gives {answers} for each of {places.pop():,} places")
    if outputs and all(len(axes) > 2 for axes in outputs):
        maps = " and ".join(f"{axes[0]} x {axes[1]}" for axes in outputs)
        return Unjudged("object detection or keypoints", f"it gives maps of {maps} places")
    return None


def _of_one(taken: Sequence[int], given: Sequence[int], last: str) -> Unjudged | None:
    """Of a picture: a map, or numbers for each of so many places."""
    axes = _axes(given)
    if len(axes) < 2 or (taken == given and last != "SOFTMAX"):  # an autoencoder gives what it takes
        return None
    if len(given) > 3 and given[1] > 1 and given[2] > 1:
        each = f"{_numbers(math.prod(given[3:]))} for each of {given[1]} x {given[2]}"
        if given[1:3] == taken[1:3]:
            return Unjudged("segmentation", f"it gives {each} pixels")
        return Unjudged("segmentation, object detection or keypoints", f"it gives {each} places")
    few, many = sorted(axes)[:2]
    if axes[-1] in _POINT and last not in {"SOFTMAX", "LOGISTIC"}:
        return Unjudged("keypoints", f"it gives {_numbers(few)} for each of {many} points", has_numbers=True)
    return Unjudged("object detection", f"it gives {_numbers(few)} for each of {many:,} places")


def _numbers(count: int) -> str:
    return plural(count, "number")


def _axes(shape: Sequence[int]) -> list[int]:
    """The sizes behind the batch that are not 1."""
    return [size for size in shape[1:] if size != 1]
