"""Whatever the network, all rewrites together keep its outputs, and cost neither an op nor a byte of arena more."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.rewrite.random_graphs import random_graph
from tests.unit.rewrite.rewritten import CHIP, rewritten, samples_for

from quantci.rewrite.estimate import cost_of
from quantci.rewrite.rules import RULES
from quantci.tflite.lite_rt import open_lite_rt
from quantci.tflite.model import Model


@pytest.mark.parametrize("seed", range(60))
def test_outputs_stay_and_nothing_grows(seed: int) -> None:
    data = random_graph(seed)
    result, model = rewritten(data, *RULES), Model(data, "model.tflite")
    before, after = cost_of(model, CHIP), cost_of(result.model, CHIP)
    assert after.ops <= before.ops
    assert before.ops - after.ops == sum(found.ops_saved for found in result.rewrites)
    if before.arena_bytes is not None and after.arena_bytes is not None:
        assert after.arena_bytes <= before.arena_bytes
    old, new = open_lite_rt(model), open_lite_rt(result.model)
    assert [(port.name, port.shape) for port in old.outputs] == [(port.name, port.shape) for port in new.outputs]
    for sample in samples_for(model):
        for expected, found in zip(old.run([sample]), new.run([sample]), strict=True):
            np.testing.assert_allclose(found, expected, rtol=0, atol=3e-5 * np.abs(expected).max() + 1e-7)


def test_the_networks_need_what_is_tested() -> None:
    names = {found.name for seed in (4, 8, 23, 30) for found in rewritten(random_graph(seed), *RULES).rewrites}
    assert names >= {"drop-idle", "cancel-transposes", "fold-scale-behind", "fold-scale-before", "fuse-activation"}
    assert names >= {"matmul-to-dense", "fold-pad"}
