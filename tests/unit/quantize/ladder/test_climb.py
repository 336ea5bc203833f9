"""The way up, with recipes that are made up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from tests.unit.quantize.ladder.tries import tried
from tests.unit.report.sections.test_ladder import result

from quantci.quantize.ladder.climb import Climbed, climb
from quantci.quantize.ladder.run import advise
from quantci.quantize.ladder.rungs import FIRST
from quantci.records.config import Config, EvaluationConfig, ModelConfig
from quantci.records.gates_config import GatesConfig
from quantci.records.ladder import LadderConfig, LadderTry, NotTried

BEST = "percentile-99.9"


class Recipes:
    """Gives each recipe the try that it is told, after noting that it was asked for."""

    def __init__(self, **deltas: float | None) -> None:
        self.asked: list[list[str]] = []
        self.time_left = 1000
        self._deltas = deltas

    def try_all(self, names: Sequence[str]) -> list[LadderTry | None]:
        self.asked.append(list(names))
        found: list[LadderTry | None] = []
        for name in names:
            self.time_left -= 1
            delta = self._deltas.get(name.replace("-", "_"), self._deltas.get("others"))
            found.append(tried(name, 0.1 if name == BEST else 0.5, delta=delta) if self.time_left >= 0 else None)
        return found


def way(recipes: Recipes, /, *, gates: GatesConfig | None = None, **ladder: Any) -> Climbed:
    config = Config(
        model=ModelConfig(source="model.tflite"),
        evaluation=EvaluationConfig(data="evaluation"),
        gates=gates or GatesConfig(),
        ladder=LadderConfig(**ladder),
    )
    return climb(config, recipes.try_all)


def test_cheap_recipes_are_all_tried_and_dear_ones_only_if_the_goal_is_missed() -> None:
    recipes = Recipes(others=-0.005)
    climbed = way(recipes)
    assert recipes.asked == [list(FIRST.recipes), [f"{BEST}+bias-correction"]]
    assert [one.recipe for one in climbed.tries] == [*FIRST.recipes, f"{BEST}+bias-correction"]
    assert [one.recipe for one in climbed.not_tried] == ["int16x8", "qat"]
    assert climbed.not_tried[0].reason == f"{BEST} meets the goal without it."
    assert (climbed.goal, climbed.is_cut) == (0.01, False)


def test_each_dear_step_is_taken_while_the_goal_is_missed() -> None:
    recipes = Recipes(others=-0.05)
    climbed = way(recipes)
    assert recipes.asked[2:] == [["int16x8"], ["qat"]]
    assert climbed.not_tried == []
    assert not climbed.is_cut


@pytest.mark.parametrize(
    ("gates", "goal", "expected"),
    [({}, None, 0.01), ({"max_metric_drop": 0.03}, None, 0.03), ({"max_metric_drop": 0.03}, 0.002, 0.002)],
)
def test_the_goal_is_its_own_else_that_of_the_gates(gates: Any, goal: float | None, expected: float) -> None:
    recipes = Recipes(others=-0.02)
    assert way(recipes, gates=GatesConfig(**gates), goal=goal).goal == expected
    assert (["qat"] in recipes.asked) is (expected < 0.02)


def test_without_an_estimate_no_dear_step_is_taken() -> None:
    climbed = way(Recipes())
    assert {one.reason for one in climbed.not_tried} == {
        "Nothing says whether it is needed: name a labelled set as ladder.tuning."
    }


def test_recipes_that_are_named_are_all_tried_and_no_others() -> None:
    recipes = Recipes(others=0.0)
    climbed = way(recipes, recipes=("minmax", "qat"))
    assert recipes.asked == [["minmax", "qat"]]
    assert (climbed.goal, climbed.not_tried, climbed.is_cut) == (None, [], False)


def test_the_number_of_tries_cuts_the_ladder_and_says_so() -> None:
    recipes = Recipes(others=-0.5)
    climbed = way(recipes, tries=2)
    assert recipes.asked[0] == list(FIRST.recipes[:2])
    assert [one.recipe for one in climbed.tries] == list(FIRST.recipes[:2])
    assert climbed.is_cut
    assert {one.reason for one in climbed.not_tried} == {"The 2 tries of ladder.tries were over."}
    assert len(climbed.not_tried) == len(FIRST.recipes) - 2 + 3


def test_the_time_cuts_the_ladder_and_says_so() -> None:
    recipes = Recipes(others=-0.5)
    recipes.time_left = 3
    climbed = way(recipes, budget_s=60)
    assert [one.recipe for one in climbed.tries] == list(FIRST.recipes[:3])
    assert climbed.is_cut
    assert climbed.not_tried[0].reason == "The 60 s of ladder.budget_s were over."


def test_a_recipe_that_is_refused_costs_itself_alone() -> None:
    def try_all(names: Sequence[str]) -> list[LadderTry | None]:
        return [tried(name, None if name != "minmax" else 0.3, delta=None) for name in names]

    config = Config(model=ModelConfig(source="m.tflite"), evaluation=EvaluationConfig(data="e"))
    climbed = climb(config, try_all)
    assert [one.recipe for one in climbed.tries if one.refused is None] == ["minmax"]
    assert climbed.tries[-1].recipe == "bias-correction"  # on min-max ranges, which its name does not say


def test_advice_names_what_the_budget_cut_and_not_what_lacks_a_tuning_set() -> None:
    not_tried = [
        NotTried(recipe="int16x8", reason="Nothing says whether it is needed: name a labelled set as ladder.tuning."),
        *way(Recipes(others=0.0), tries=9).not_tried[:1],
    ]
    (cut, _) = advise(result(not_tried=not_tried))
    assert cut.text.startswith(f"The budget ended the ladder before {not_tried[1].recipe}: with")
