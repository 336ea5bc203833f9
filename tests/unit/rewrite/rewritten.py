"""One rule applied to a model until it finds no more, with the float outputs and every kept tensor compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quantci.rewrite.rewrite import Result, rewrite
from quantci.tflite.lite_rt import open_preserved
from quantci.tflite.model import Model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quantci.rewrite.rule import Rule

CHIP = "esp32s3"


def samples_for(model: Model, count: int = 3) -> list[NDArray[np.float32]]:
    """Random tensors of the model's input."""
    random = np.random.RandomState(5)
    return [random.normal(0, 2, model.summary.inputs[0].shape).astype(np.float32) for _ in range(count)]


def rewritten(data: bytes, *rules: Rule) -> Result:
    """What the rules make of a model; a tensor that came from one of the original holds the same values."""
    model = Model(data, "model.tflite")
    samples = samples_for(model)
    result = rewrite(model, lambda: samples, CHIP, rules)
    assert result.advice == []
    before, after = open_preserved(model, "builtin"), open_preserved(result.model, "builtin")
    before.run(samples[:1])
    after.run(samples[:1])
    assert len(result.origins) == len(result.model.tensor_names)
    for index, origin in enumerate(result.origins):
        tensor = result.model.summary.tensors[index]
        if origin >= 0 and 0 not in tensor.shape:
            expected = before.tensor(origin)
            np.testing.assert_allclose(after.tensor(index), expected, rtol=0, atol=2e-5 * np.abs(expected).max() + 1e-7)
    return result


def ops_of(result: Result) -> list[str]:
    """The ops that are left, with what they clamp with."""
    return [
        op.op if op.fused_activation in {None, "NONE"} else f"{op.op} {op.fused_activation}"
        for op in result.model.summary.ops
    ]
