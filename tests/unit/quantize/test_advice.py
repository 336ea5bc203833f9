"""What quantize warns of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.unit.quantize.inline import FloatSource

from quantci.data.sample import Sample
from quantci.data.tally import Tally
from quantci.quantize.advice import advise_on_calibration, advise_on_conversion, advise_on_rewrites
from quantci.quantize.calibration_set import Calibrated
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
