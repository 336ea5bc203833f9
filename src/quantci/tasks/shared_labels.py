"""What two models can be compared on whose labels may differ: labels are matched by name, never by place."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from quantci.data.culprits import counted
from quantci.errors import ConfigError
from quantci.records.truth import ClassTruth, LabelsTruth, ValuesTruth
from quantci.tasks.class_metrics import class_scores
from quantci.tasks.outputs import real_values

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from numpy.typing import NDArray

    from quantci.data.sample import Sample
    from quantci.records.model import TensorInfo


class Side(NamedTuple):
    """One of the two models.

    Attributes:
        kept: what Task.keep() left of its outputs for each sample, [n, d].
        labels: its class names by index.
        outputs: those of its outputs that are judged.
    """

    kept: NDArray[np.generic]
    labels: Sequence[str]
    outputs: Sequence[TensorInfo]

    @property
    def values(self) -> NDArray[np.float32]:
        """Its one output as real numbers, [n, d]."""
        return real_values(self.kept, self.outputs[0])


class Common(NamedTuple):
    """What both can answer.

    Attributes:
        places: of the samples that are compared, among all.
        samples: those, with their truth as an index of `labels`.
        labels: names by index.
        base, candidate: real outputs of both, by these labels, [m, d].
        notes: what is not compared, one sentence each.
    """

    places: NDArray[np.int64]
    samples: Sequence[Sample]
    labels: Sequence[str]
    base: NDArray[Any]
    candidate: NDArray[Any]
    notes: list[str]


def all_of(samples: Sequence[Sample], base: NDArray[Any], candidate: NDArray[Any], labels: Sequence[str]) -> Common:
    """Everything, as it is."""
    return Common(np.arange(len(samples)), samples, labels, base, candidate, [])


def common_classes(samples: Sequence[Sample], base: Side, candidate: Side) -> Common:
    """For one class a sample: the samples of the classes that both know.

    A class that was removed can still be the base's answer, which is then wrong, as it would be on the device.

    Raises:
        ConfigError: `baseline-task`: there is no such sample.
    """
    if list(base.labels) == list(candidate.labels) and base.values.shape == candidate.values.shape:
        return all_of(samples, base.values, candidate.values, candidate.labels)
    before, after = class_scores(base.values), class_scores(candidate.values)
    # Of equal outputs the first wins, in the base's own order: less than a step of the output tells them apart.
    before -= np.arange(before.shape[1]) * (base.outputs[0].scale[0] / (4 * before.shape[1]))
    new = [name for name in candidate.labels if name not in base.labels]
    gone = [name for name in base.labels if name not in candidate.labels]
    labels = (*candidate.labels, *gone)
    never = min(before.min(initial=0), after.min(initial=0)) - 1  # a class that a model does not know
    known = [
        isinstance(sample.truth, ClassTruth) and candidate.labels[sample.truth.index] in base.labels
        for sample in samples
    ]
    places = np.flatnonzero(known)
    _check_any(len(places), base.labels)
    notes = []
    if new:
        count = len(samples) - len(places)
        notes.append(f"Classes that the base does not know {counted(new)}; their samples ({count:,}) are not compared.")
    if gone:
        notes.append(f"Classes that only the base knows {counted(gone)}; where it answers one of them, it is wrong.")

    def spread(scores: NDArray[np.float64], own: Sequence[str]) -> NDArray[np.float64]:
        table = np.full((len(places), len(labels)), never)
        for column, name in enumerate(own):
            table[:, labels.index(name)] = scores[places, column]
        return table

    return Common(
        places,
        [samples[place] for place in places.tolist()],
        labels,
        spread(before, base.labels),
        spread(after, candidate.labels),
        notes,
    )


def common_values(samples: Sequence[Sample], base: Side, candidate: Side) -> Common:
    """For an answer of several parts: the labels, or the values, that both give, of all samples.

    Raises:
        ConfigError: `baseline-task`: there is no such label.
    """
    if list(base.labels) == list(candidate.labels):
        return all_of(samples, base.values, candidate.values, candidate.labels)
    shared = [name for name in candidate.labels if name in base.labels]
    _check_any(len(shared), base.labels)
    before, after = (side.values[:, [list(side.labels).index(name) for name in shared]] for side in (base, candidate))
    own = [list(candidate.labels).index(name) for name in shared]
    pairs = (("that the base does not give", candidate, base), ("that only the base gives", base, candidate))
    notes = [
        f"Outputs {words} {counted(names)}: they are not compared."
        for words, one, other in pairs
        if (names := [name for name in one.labels if name not in other.labels])
    ]
    return Common(np.arange(len(samples)), [_narrowed(sample, own) for sample in samples], shared, before, after, notes)


def _narrowed(sample: Sample, own: Sequence[int]) -> Sample:
    """The sample with the part of its truth that is about these labels or values."""
    match sample.truth:
        case LabelsTruth(indices=indices):
            kept = tuple(place for place, index in enumerate(own) if index in indices)
            return replace(sample, truth=LabelsTruth(indices=kept))
        case ValuesTruth(values=values):
            return replace(sample, truth=ValuesTruth(values=tuple(values[index] for index in own)))
        case _:
            return sample


def _check_any(count: int, base: Sequence[str]) -> None:
    if not count:
        raise ConfigError(
            "baseline-task",
            f"Nothing can be compared with the baseline: none of its labels {counted(list(base))} is among today's.",
            where="task.labels",
            remedy="None is needed: the first run on the base branch with these labels makes a new baseline.",
        )
