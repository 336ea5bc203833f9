"""Which of the tries is kept, and which no other one beats: from their figures alone, in the order of the ladder."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantci.records.ladder import LadderTry


def best_of(tries: Sequence[LadderTry]) -> LadderTry | None:
    """The smallest score of those that keep every limit, else of those that break the fewest.

    Of equal ones the first: it is the simpler recipe, and the choice is the same on every run. None if all were
    refused.
    """
    made = [one for one in tries if one.score is not None]
    return min(made, key=lambda one: (len(one.misses), one.score), default=None)


def pareto(tries: Sequence[LadderTry]) -> list[str]:
    """Names of the tries that no other one beats in score, file, arena and latency at once."""
    made = [one for one in tries if one.score is not None]
    return [one.recipe for one in made if not any(_beats(other, one) for other in made)]


def _beats(one: LadderTry, other: LadderTry) -> bool:
    """Whether it is no worse in any figure that both have, and better in one."""
    pairs = [
        (ours, theirs)
        for ours, theirs in (
            (one.score, other.score),
            (one.file_bytes, other.file_bytes),
            (one.arena_bytes, other.arena_bytes),
            (one.latency_us, other.latency_us),
        )
        if ours is not None and theirs is not None
    ]
    return all(ours <= theirs for ours, theirs in pairs) and any(ours < theirs for ours, theirs in pairs)


def holds(one: LadderTry | None, goal: float | None) -> bool | None:
    """Whether the estimated loss is no larger than the goal; None where nothing says how large it is.

    The estimate itself is held to the goal, not the end of its interval: of so few samples none would ever hold.
    """
    if one is None or goal is None or one.estimate is None:
        return None
    return not one.misses and one.estimate.delta >= -goal
