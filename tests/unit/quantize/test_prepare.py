"""The source is converted, the set is listed and calibrated on, each once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.models import Op, Tensor, build_model
from tests.unit.quantize.inline import FloatSource, InlinePool, prepared_by

from quantci.errors import ModelRejected
from quantci.tflite.model import Model

SHAPE = [1, 4]


def doubling() -> Model:
    """`y` = `x` + `x`."""
    tensors = [Tensor("x", SHAPE), Tensor("y", SHAPE)]
    return Model(build_model(tensors, [Op("ADD", ["x", "x"], ["y"])], ["x"], ["y"]), "model.tflite")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    for index, low in enumerate((-1, -2, -3)):
        np.save(tmp_path / "data" / f"{index}.npy", np.array([low, 0, 1, 0.5], np.float32))
    return tmp_path


def test_everything_is_read_once(folder: Path) -> None:
    source, workers = FloatSource(doubling()), InlinePool()
    prepared = prepared_by(source, folder, workers)
    assert source.conversions == 1
    assert workers.calls == {"find_samples": 1, "rewrite_on": 1, "_calibrate_share": 1}
    ranges = [(entry.name, entry.min, entry.max) for entry in prepared.statistics.ranges]
    assert ranges == [("x", -3, 1), ("y", -6, 2)]
    assert [digest.id for digest in prepared.digests] == ["0.npy", "1.npy", "2.npy"]
    assert (prepared.calibration.found, prepared.calibration.used, prepared.calibration.seed) == (3, 3, None)
    assert [sample.tolist() for sample in prepared.samples] == [[[low, 0, 1, 0.5]] for low in (-1, -2, -3)]
    assert (prepared.source.largest_difference, prepared.source.compared_samples) == (None, 0)
    assert [advice.code for advice in prepared.advice] == ["few-samples"]


def test_the_float_model_is_rewritten_before_it_is_calibrated(folder: Path) -> None:
    tensors = [Tensor(name, SHAPE) for name in ("x", "y", "z")]
    ops = [Op("ADD", ["x", "x"], ["y"]), Op("RELU6", ["y"], ["z"])]
    source = FloatSource(Model(build_model(tensors, ops, ["x"], ["z"]), "model.tflite"))
    prepared = prepared_by(source, folder, InlinePool())
    assert [(entry.name, entry.min, entry.max) for entry in prepared.statistics.ranges] == [("x", -3, 1), ("z", 0, 2)]
    assert [(rewrite.name, rewrite.layers) for rewrite in prepared.rewrites] == [("fuse-activation", ["z"])]
    as_it_is = prepared_by(source, folder, InlinePool(), rewrite=False)
    assert [entry.name for entry in as_it_is.statistics.ranges] == ["x", "y", "z"]
    assert as_it_is.rewrites == []


def test_a_choice_of_the_set_says_its_seed(folder: Path) -> None:
    prepared = prepared_by(FloatSource(doubling()), folder, InlinePool(), samples=2, seed=7)
    assert (prepared.calibration.found, prepared.calibration.used, prepared.calibration.seed) == (3, 2, 7)
    assert len(prepared.calibration_set.samples) == 2


def test_the_float_model_is_held_to_its_source(folder: Path) -> None:
    source = FloatSource(doubling(), lambda samples: [2 * samples + np.float32(0.25)])
    prepared = prepared_by(source, folder, InlinePool())
    assert (prepared.source.largest_difference, prepared.source.compared_samples) == (0.25, 3)
    assert [advice.code for advice in prepared.advice] == ["few-samples", "conversion-difference"]


def test_a_model_of_two_inputs_is_refused(folder: Path) -> None:
    tensors = [Tensor(name, SHAPE) for name in ("left", "right", "y")]
    model = Model(build_model(tensors, [Op("ADD", ["left", "right"], ["y"])], ["left", "right"], ["y"]), "m.tflite")
    with pytest.raises(ModelRejected, match=r"2 inputs \(left, right\)") as caught:
        prepared_by(FloatSource(model), folder, InlinePool())
    assert (caught.value.code, caught.value.where) == ("multi-input", "m.tflite")
