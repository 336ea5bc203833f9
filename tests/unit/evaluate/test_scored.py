"""Type and width of a step's outputs are known before anything runs: an empty shard has them too."""

from __future__ import annotations

import numpy as np
from tests.unit.embed.sample import tensor_info

from quantci.evaluate.scored import no_outputs
from quantci.evaluate.steps import STEPS
from quantci.tasks.anomaly import Anomaly
from quantci.tasks.classification import Classification


def test_a_classifier_gives_its_outputs() -> None:
    nothing = no_outputs([tensor_info("y", [1, 2, 3], [0.5], [0], "uint8")], Classification(), STEPS)
    assert {step: array.shape for step, array in nothing.items()} == dict.fromkeys(STEPS, (0, 6))
    assert [array.dtype for array in nothing.values()] == [np.float32, np.uint8, np.uint8]


def test_an_autoencoder_gives_a_score() -> None:
    nothing = no_outputs([tensor_info("y", [1, 640], [0.5], [0])], Anomaly(), STEPS)
    assert {(array.shape, array.dtype) for array in nothing.values()} == {((0, 1), np.dtype(np.float64))}
