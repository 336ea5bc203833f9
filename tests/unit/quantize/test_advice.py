"""What quantize warns of."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tests.unit.quantize.inline import FloatSource
from tests.unit.quantize.transforms.nets import RELU6, dense

from quantci.data.sample import Sample
from quantci.data.tally import Tally
from quantci.quantize.advice import (
    advise_on_calibration,
    advise_on_conversion,
    advise_on_rewrites,
    advise_on_transform,
)
from quantci.quantize.calibration_set import Calibrated
from quantci.quantize.recipe import recipe_named
from quantci.records.config import QuantizationConfig
from quantci.records.dataset import SampleDigest
from quantci.records.rewrite import Rewrite
from quantci.tflite.model import Model


def calibrated(outputs: list[list[float]]) -> Calibrated:
    return Calibrated(
        [], Tally(), [np.zeros((1, 2), np.float32)], [[np.array([values], np.float32)] for values in outputs]
    )


@pytest.mark.parametrize(
    ("outputs", "difference", "codes"),
    [
        ([[0, 1], [1, 0]], None, ["few-samples"]),
        ([[0, 1], [1, 0]], 0.9e-3, ["few-samples"]),
        ([[0, 1], [1, 0]], 1.1e-3, ["few-samples", "conversion-difference"]),
        ([[0, 100], [-50, 0]], 0.09, ["few-samples"]),  # as large as the outputs are, that is little
        ([[0, 100], [-50, 0]], 0.11, ["few-samples", "conversion-difference"]),
        ([[0.5, 0.5], [0.5, 0.5]], None, ["few-samples"]),  # a few samples of one class say nothing of the model
    ],
)
def test_the_set_and_the_conversion_are_looked_at(
    outputs: list[list[float]], difference: float | None, codes: list[str]
) -> None:
    told, source = calibrated(outputs), FloatSource(Model(b"", "m.tflite"))
    advice = advise_on_calibration("data/calibration", [], (), told)
    advice += advise_on_conversion(source, told, difference, [], ())
    assert [entry.code for entry in advice] == codes
    assert advice[0].text == "Calibrated with 0 samples; 200 to 500 are recommended: add some to data/calibration."


def test_the_node_where_a_conversion_goes_wrong_is_named() -> None:
    source = FloatSource(Model(b"", "m.onnx"))
    source.first_difference = lambda samples: "conv3 (Conv), by 0.5"  # type: ignore[method-assign]
    (advice,) = advise_on_conversion(source, calibrated([[0, 1]]), 0.25, [], ())
    assert advice.text == (
        "The float model differs from the source model by up to 0.25: check the conversion. It begins at conv3 (Conv), "
        "by 0.5."
    )


@pytest.mark.parametrize(
    ("name", "given", "is_told"),
    [("x.bin", (), True), ("x.CSV", (), True), ("x.png", (), False), ("x.bin", (3, 8), False)],
)
def test_the_order_of_values_without_a_shape_is_said(name: str, given: tuple[int, ...], is_told: bool) -> None:
    source = FloatSource(Model(b"", "m.onnx"))
    source.turned_shape = [1, 3, 8]
    sample = Sample(name, Path(name), None, (), name, None)
    advice = advise_on_conversion(source, calibrated([[0, 1]]), None, [sample], given)
    assert [entry.text[-33:] for entry in advice] == ["source, set input.shape = [3, 8]."] * is_told


def test_the_advice_names_at_most_three_layers_of_each_kind() -> None:
    fused = Rewrite(name="fuse-activation", layers=[f"l{index}" for index in range(5)])
    same = Rewrite(name="same-range", layers=["a`b"])
    (advice,) = advise_on_rewrites([fused, same, Rewrite(name="drop-dead", layers=[""])])
    assert advice.code == "rewritten"
    assert (
        "fuse-activation (`l0`, `l1`, `l2` and 2 more), same-range (`a'b`), drop-dead (without a name)" in advice.text
    )
    assert advise_on_rewrites([]) == []


def test_one_sample_is_one() -> None:
    tally: Any = SimpleNamespace(digests=[SampleDigest(id="a", content_sha256="0" * 64)])
    told = calibrated([[0.0, 1.0]])._replace(tally=tally)
    (advice,) = advise_on_calibration("data/calibration", [], (), told)
    assert advice.text == "Calibrated with 1 sample; 200 to 500 are recommended: add some to data/calibration."


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("minmax", None),
        (
            "cle",
            "cle found no two layers to work on, so the model is that of minmax: it needs ",
        ),
        ("equalize+mse", "equalize found no two layers to work on, so the model is that of mse: "),
    ],
)
def test_a_transform_that_found_nothing_to_do_says_so(name: str, told: str | None) -> None:
    model = dense(np.eye(2), [0, 0], np.eye(2), RELU6)
    recipe = recipe_named(name, QuantizationConfig(), needs_tensorflow=False)
    advice = advise_on_transform(recipe, model, model)
    assert [one.code for one in advice] == ([] if told is None else ["recipe-idle"])
    if told is not None:
        assert advice[0].text.startswith(told)
        assert "RESHAPE between them, and here there is RELU6. Take bias-correction or" in advice[0].text
    assert advise_on_transform(recipe, model, dense(2 * np.eye(2), [0, 0], np.eye(2), RELU6)) == []
