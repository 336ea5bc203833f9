"""The choice of a few samples out of many: seeded, and even over the classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quantci.data.labelling import classes_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quantci.data.sample import Sample


def choose(samples: Sequence[Sample], count: int, seed: int) -> list[Sample]:
    """Choose `count` samples, in their own order; all of them if there are not more.

    Classes get equal shares as far as they reach; samples without a label count as one more class, and one of several
    labels counts for its first. Each class is drawn
    from its own stream, so samples that are added to one class do not change the choice in another of an equal share.
    """
    if count >= len(samples):
        return list(samples)
    members: dict[int, list[int]] = {}
    for position, sample in enumerate(samples):
        members.setdefault(next(iter(classes_of(sample.truth)), -1), []).append(position)
    chosen: list[int] = []
    for label, share in shares({label: len(positions) for label, positions in members.items()}, count).items():
        # RandomState's streams are frozen for ever: a seed in a record means the same choice under every numpy.
        order = np.random.RandomState([seed, label + 1]).permutation(len(members[label]))
        chosen += [members[label][index] for index in order[:share]]
    return [samples[position] for position in sorted(chosen)]


def split(samples: Sequence[Sample], count: int, held_back: int, seed: int) -> tuple[list[Sample], list[Sample]]:
    """Choose `count` samples, and `held_back` others: a quarter of all that are chosen at most. Each in its own order.

    Where there are more than both, the first are not those that `choose` gives without the second.
    """
    if not held_back:
        return choose(samples, count, seed), []
    both = choose(samples, count + held_back, seed)
    left = choose(both, min(held_back, len(both) // 4), seed)
    taken = {sample.id for sample in left}
    return [sample for sample in both if sample.id not in taken], left


def shares(available: Mapping[int, int], count: int) -> dict[int, int]:
    """Split `count` over classes: as even as availability allows, classes that are not used up differ by one at most.

    `count` must not exceed what is available.
    """
    result: dict[int, int] = {}
    # The scarcest class first: what it cannot give is spread over those after it.
    for done, (label, number) in enumerate(sorted(available.items(), key=lambda item: (item[1], item[0]))):
        result[label] = min(number, (count - sum(result.values())) // (len(available) - done))
    return result
