"""Which of the tries is kept, and which no other one beats: from their figures alone, in the order of the ladder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantci.records.ladder import LadderTry

EQUAL: Final = 1.05  # what separates scores by less is which samples were held back


def best_of(tries: Sequence[LadderTry]) -> LadderTry | None:
    """The smallest score of those that keep every limit, else of those that break the fewest.

    Scores within 5 % count as equal, and of equal ones the first is chosen: it is the simpler recipe, and the choice is
    the same on every run. None if all were refused.
    """
    made = [(one, one.score) for one in tries if one.score is not None]
    fewest = min((len(one.misses) for one, _ in made), default=0)
    left = [(one, score) for one, score in made if len(one.misses) == fewest]
    least = min((score for _, score in left), default=0.0)
    return next((one for one, score in left if score <= EQUAL * least), None)


def pareto(tries: Sequence[LadderTry]) -> list[str]:
    """Names of the tries that no other one beats in score, file, arena and latency at once."""
    made = [one for one in tries if one.score is not None]
    return [one.recipe for one in made if not any(_beats(other, one) for other in made)]


def _beats(one: LadderTry, other: LadderTry) -> bool:
    """Whether it is no worse in any figure that both have, and better in one; equal scores are those of `best_of`."""
    pairs = [
        (ours, theirs)
        for ours, theirs in (
            (one.file_bytes, other.file_bytes),
            (one.arena_bytes, other.arena_bytes),
            (one.latency_us, other.latency_us),
        )
        if ours is not None and theirs is not None
    ]
    ours, theirs = one.score or 0.0, other.score or 0.0
    no_worse = ours <= EQUAL * theirs and all(mine <= its for mine, its in pairs)
    return no_worse and (EQUAL * ours < theirs or any(mine < its for mine, its in pairs))


def holds(one: LadderTry | None, goal: float | None) -> bool | None:
    """Whether the estimated loss is no larger than the goal; None where nothing says how large it is.

    The estimate itself is held to the goal, not the end of its interval: of so few samples none would ever hold.
    """
    if one is None or goal is None or one.estimate is None:
        return None
    return not one.misses and one.estimate.delta >= -goal
