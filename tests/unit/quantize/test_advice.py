"""What quantize warns of."""

from __future__ import annotations

import numpy as np
import pytest

from quantci.data.tally import Tally
from quantci.quantize.advice import advise_on_calibration, advise_on_rewrites
from quantci.quantize.calibration_set import Calibrated
from quantci.records.rewrite import Rewrite


def calibrated(outputs: list[list[float]]) -> Calibrated:
    return Calibrated([], Tally(), [], [[np.array([values], np.float32)] for values in outputs])


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
    advice = advise_on_calibration("data/calibration", [], (), calibrated(outputs), difference)
    assert [entry.code for entry in advice] == codes
    assert advice[0].text == "Calibrated with 0 samples; 200 to 500 are recommended: add some to data/calibration."


def test_the_advice_names_at_most_three_layers_of_each_kind() -> None:
    fused = Rewrite(name="fuse-activation", layers=[f"l{index}" for index in range(5)])
    same = Rewrite(name="same-range", layers=["a`b"])
    (advice,) = advise_on_rewrites([fused, same, Rewrite(name="drop-dead", layers=[""])])
    assert advice.code == "rewritten"
    assert (
        "fuse-activation (`l0`, `l1`, `l2` and 2 more), same-range (`a'b`), drop-dead (without a name)" in advice.text
    )
    assert advise_on_rewrites([]) == []
