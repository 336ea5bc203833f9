"""recipe = "auto" as a user runs it: the choice, the second run, the sets that must not meet, the calibration set."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.integration.command import Command
from tests.integration.pictures import report_of

from quantci.records.base import read
from quantci.records.quantize import QuantizeRecord, QuantizeResult

AUTO = ("--recipe", "auto", "--ladder-recipes", "minmax,percentile-99.9,percentile-99.99")


def result_of(project: Path) -> QuantizeResult:
    result = read(project / "out" / "quantize.json", QuantizeRecord).result
    assert result is not None
    return result


def test_the_ladder_goes_all_the_way_and_a_second_run_tries_nothing(
    quantci: Command, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = quantci("pipeline", *AUTO, cwd=project)
    assert done.code == 0, done.err
    assert "trying percentile-99.99" in done.err
    report = report_of(project)
    assert report.quantize is not None
    assert report.quantize.ladder is not None
    ladder = report.quantize.ladder
    assert report.quantize.recipe == ladder.chosen
    assert "Ladder of recipes" in done.out
    chosen = next(one for one in ladder.tries if one.recipe == ladder.chosen)
    assert chosen.model_sha256 == report.quantize.quantized_model.sha256
    assert report.embed is not None
    assert report.embed.arena is not None
    assert chosen.arena_bytes == report.embed.arena.recommended_bytes
    assert not [path for path in (project / "out").iterdir() if "ladder" in path.name and path.name[0] != "."]

    again = quantci("quantize", *AUTO, cwd=project)
    assert "trying" not in again.err
    assert result_of(project).ladder == ladder

    monkeypatch.setenv("QUANTCI_WORKSPACE", "/")  # as in a workflow, where a pull request could have brought it
    guarded = quantci("quantize", *AUTO, cwd=project)
    assert "trying percentile-99.99" in guarded.err
    monkeypatch.delenv("QUANTCI_WORKSPACE")

    shutil.rmtree(project / "out")
    quantci("quantize", *AUTO, cwd=project)
    anew = result_of(project)
    assert anew.ladder is not None
    assert (anew.ladder.chosen, anew.quantized_model.sha256) == (ladder.chosen, chosen.model_sha256)


def test_nobody_is_judged_on_what_a_recipe_was_chosen_on(quantci: Command, project: Path, images: Path) -> None:
    held = ("--evaluation-data", images / "calibration")
    tuned = ("--ladder-tuning", images / "validation")
    assert quantci("quantize", *AUTO, *tuned, *held, cwd=project).code == 0
    record = result_of(project)
    assert record.ladder is not None
    assert (record.ladder.chosen_on, len(record.ladder.samples)) == ("tuning-set", 180)
    done = quantci("evaluate", cwd=project)  # on the validation set, which the recipe was chosen on
    assert done.code == 2
    assert "[leak]" in done.err
    done = quantci("quantize", *AUTO, *tuned, cwd=project)
    assert done.code == 2
    assert "The tuning set is the evaluation set" in done.err


def test_a_wrong_recipe_in_the_list_is_named(quantci: Command, project: Path) -> None:
    done = quantci("quantize", "--recipe", "auto", "--ladder-recipes", "minmax,perzentile", cwd=project)
    assert done.code == 2
    assert "--ladder-recipes: 'perzentile' is not a recipe." in done.err


@pytest.mark.parametrize("recipe", ["minmax", "auto"])
def test_the_calibration_set_is_tested_in_parts(quantci: Command, project: Path, recipe: str) -> None:
    done = quantci("quantize", "--recipe", recipe, "--ladder-recipes", "percentile-99.9", "--stability", 3, cwd=project)
    assert done.code == 0, done.err
    found = result_of(project).stability
    assert found is not None
    assert (found.parts, found.recipe) == (3, "minmax" if recipe == "minmax" else "percentile-99.9")
    assert "Of 3 disjoint parts of the calibration set" in done.err
    assert "[calibration-" in done.err
