"""Recipes on models that are hard to quantize, judged in TFLM: what min-max loses and what brings it back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmarks.recipes import judge, write_project
from tests.recipe_problems import gratings, problem

from quantci.tflite.lite_rt import open_lite_rt
from quantci.tflite.model import Model
from quantci.tflite.tflm import tflm_available

pytestmark = pytest.mark.skipif(not tflm_available(), reason="TFLM has no wheel for this machine")


def accuracies(name: str, folder: Path, *recipes: str) -> dict[str, float]:
    write_project(name, folder)
    return {recipe: outcome.accuracy or 0.0 for recipe, outcome in judge(folder, recipes).items()}


def test_equalisation_brings_back_what_min_max_loses(tmp_path: Path) -> None:
    found = accuracies("unbalanced", tmp_path, "minmax", "cle", "equalize")
    assert found["minmax"] < found["float"] - 10
    assert found["cle"] >= found["float"] - 1
    assert found["equalize"] >= found["float"] - 1


def test_percentiles_bring_back_what_outliers_cost(tmp_path: Path) -> None:
    found = accuracies("glare", tmp_path, "minmax", "percentile-99.9", "int16x8")
    assert found["minmax"] < found["float"] - 10
    assert found["percentile-99.9"] >= found["float"] - 1
    assert found["int16x8"] >= found["float"] - 1


def test_what_is_easy_stays_so(tmp_path: Path) -> None:
    found = accuracies("plain", tmp_path, "minmax", "percentile-99.9", "mse", "cle", "equalize", "bias-correction")
    assert min(found.values()) >= found["float"] - 1


def test_no_recipe_of_these_is_enough_for_the_residual_network(tmp_path: Path) -> None:
    """Equalisation finds no pair in it; bias correction brings back most, training has to do the rest."""
    found = accuracies("residual", tmp_path, "minmax", "cle", "percentile-99.9+bias-correction")
    assert found["minmax"] < found["float"] - 10
    assert found["cle"] == found["minmax"]
    assert found["minmax"] + 10 < found["percentile-99.9+bias-correction"] < found["float"] - 2


def test_the_unbalanced_model_is_the_plain_one() -> None:
    samples, _ = gratings(3, 20)
    outputs = [
        np.concatenate([runner.run([sample[None]])[0] for sample in samples])
        for runner in (open_lite_rt(Model(problem(name).model, name)) for name in ("plain", "unbalanced"))
    ]
    assert outputs[0] == pytest.approx(outputs[1], abs=1e-4)
