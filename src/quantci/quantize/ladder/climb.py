"""The way up: which recipes are tried, one rung after the other, and when it ends. It knows nothing of models."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from quantci.quantize.ladder.choose import best_of, holds
from quantci.quantize.ladder.limits import misses
from quantci.quantize.ladder.rungs import first_rung, later_rungs
from quantci.records.ladder import NotTried

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from quantci.quantize.ladder.rungs import Rung
    from quantci.records.config import Config
    from quantci.records.ladder import LadderTry

DEFAULT_GOAL = 0.01
WERE_OVER = " were over."  # ends the reason where the budget did not reach a recipe


class Climbed(NamedTuple):
    """How it went.

    Attributes:
        tries: in the order of the ladder.
        not_tried: in the order of the ladder.
        goal: the loss that it was to stop at; None where [ladder] names the recipes.
        is_cut: whether tries or time ended it.
    """

    tries: list[LadderTry]
    not_tried: list[NotTried]
    goal: float | None
    is_cut: bool


def climb(config: Config, try_all: Callable[[Sequence[str]], Sequence[LadderTry | None]]) -> Climbed:
    """Try the recipes of each rung, side by side.

    Args:
        config: the effective configuration.
        try_all: tries recipes; None for each that the time did not reach.
    """
    wanted = config.ladder
    goal = config.gates.max_metric_drop if wanted.goal is None else wanted.goal
    goal = None if wanted.recipes else DEFAULT_GOAL if goal is None else goal
    tries: list[LadderTry] = []
    not_tried: list[NotTried] = []
    is_cut = False

    def climb_one(rung: Rung) -> None:
        nonlocal is_cut
        if rung.is_dear and (reason := _not_needed(best_of(tries), goal)):
            not_tried.extend(NotTried(recipe=name, reason=reason) for name in rung.recipes)
            return
        names = rung.recipes[: wanted.tries - len(tries)]
        for name, tried in zip(names, try_all(names), strict=True):
            if tried is None:
                is_cut = True
                reason = f"The {wanted.budget_s} s of ladder.budget_s{WERE_OVER}"
                not_tried.append(NotTried(recipe=name, reason=reason))
                continue
            first = next((one for one in tries if one.score is not None), tried)
            tries.append(replace(tried, misses=misses(tried, first, config.gates)))
        for name in rung.recipes[len(names) :]:
            is_cut = True
            reason = f"The {wanted.tries} tries of ladder.tries{WERE_OVER}"
            not_tried.append(NotTried(recipe=name, reason=reason))

    climb_one(first_rung(config))
    for rung in later_rungs(config, best_of(tries)):
        climb_one(rung)
    return Climbed(tries, not_tried, goal, is_cut)


def _not_needed(best: LadderTry | None, goal: float | None) -> str:
    """Why a dear step is not taken; empty where it is."""
    if best is None:
        return ""
    if best.estimate is None:
        return "Nothing says whether it is needed: name a labelled set as ladder.tuning."
    if holds(best, goal):
        return f"{best.recipe} meets the goal without it."
    return ""
