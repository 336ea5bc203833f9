"""Gates to begin with: the finest of a few usual limits that an evaluation set of this size can decide."""

from __future__ import annotations

from typing import Final, NamedTuple

from quantci.statistics.power import samples_needed

_METRIC: Final = (0.02, 0.03, 0.05, 0.1, 0.15, 0.2)  # who asks for a wider one is better helped by more samples
_CLASS: Final = (0.1, 0.15, 0.2, 0.3, 0.5)
_FEWEST_WRONG: Final = 2  # samples of a class that may break: one alone says nothing


class Suggestion(NamedTuple):
    """A limit on the loss of the metric and one on the loss of any class; None where the set is too small for any."""

    metric: float | None
    worst_class: float | None


def suggest(samples: int, smallest_class: int) -> Suggestion:
    """For so many samples, of which the smallest class has so many."""
    metric = next((limit for limit in _METRIC if (samples_needed(limit) or samples + 1) <= samples), None)
    worst = next((limit for limit in _CLASS if smallest_class * limit >= _FEWEST_WRONG - 1e-9), None)
    return Suggestion(metric, worst)
