"""The mean of a layer is that of its mean input: by hand, against LiteRT, and as what bias correction restores."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import pytest
from tests.models import SAME, VALID
from tests.unit.quantize.transforms.nets import chain, dense, samples_for, statistics_for

from quantci.errors import ModelRejected
from quantci.quantize.bias_correction import correct_biases, mean_patch
from quantci.quantize.calibrate import with_ranges
from quantci.quantize.engine import quantize_with_litert
from quantci.quantize.recipe import Types
from quantci.tflite.lite_rt import open_lite_rt, open_preserved
from quantci.tflite.model import Model


def options(**given: int) -> Any:
    usual = {"strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1, "padding": VALID}
    return SimpleNamespace(**(usual | given))


def test_what_a_window_sees_by_hand() -> None:
    image = np.array([[1.0, 2, 3], [4, 5, 6], [7, 8, 9]]).reshape(3, 3, 1)
    found = mean_patch(image, options(), (2, 2), (2, 2))[..., 0]
    assert found.tolist() == [[3, 4], [6, 7]]  # (1 + 2 + 4 + 5) / 4, (2 + 3 + 5 + 6) / 4, ...
    # With stride 2 and padding behind: rows 0 and 2 see 1, 3, 7, 9 at the corner, and zeros behind.
    same = mean_patch(image, options(strideH=2, strideW=2, padding=SAME), (2, 2), (2, 2))[..., 0]
    assert same.tolist() == [[5, 2.5], [2.5, 1.25]]


def quantized(model: Model, shrink: float = 1.0) -> Model:
    """INT8 of ranges that are narrower than they should be, but for that of the output."""
    narrow = [
        entry if entry.name == "y" else msgspec.structs.replace(entry, min=entry.min * shrink, max=entry.max * shrink)
        for entry in statistics_for(model).ranges
    ]
    return Model(quantize_with_litert(with_ranges(model, narrow), Types("int8", "int8")), "q")


def test_the_mean_of_the_output_is_that_of_the_float_model() -> None:
    # No activation behind the last layer: its mean is that of the model's outputs, which clipping moved away.
    model = dense([[1, 2], [3, -1]], [1, 2], [[1, 1], [2, -1]])
    samples = samples_for(model, 32)
    before, runner = quantized(model, 0.6), open_lite_rt(model)
    expected = np.mean([runner.run([sample])[0] for sample in samples], axis=0)

    def off(quantized: Model) -> float:
        found = open_preserved(quantized, "builtin")
        port, out = found.inputs[0], found.outputs[0]
        outputs = [out.to_real(found.run([port.from_real(sample)])[0]) for sample in samples]
        return float(np.abs(np.mean(outputs, axis=0) - expected).max())

    after = correct_biases(model, before, samples)
    assert off(after) < off(before) / 3
    assert [op.op for op in after.summary.ops] == [op.op for op in before.summary.ops]


def test_what_is_corrected_stays_and_each_run_gives_the_same() -> None:
    """Each layer was corrected with the inputs that it has in the end, so there is nothing left but rounding."""
    model = chain()
    before, samples = quantized(model), samples_for(model)
    once = correct_biases(model, before, samples)
    twice = correct_biases(model, once, samples)
    assert any((old != new).any() for old, new in zip(biases(before), biases(once), strict=True))
    assert all(np.abs(old - new).max() <= 1 for old, new in zip(biases(once), biases(twice), strict=True))
    assert correct_biases(model, before, samples).data == once.data


def biases(model: Model) -> list[np.ndarray[Any, Any]]:
    tree = model.tree
    tensors = tree.subgraphs[0].tensors
    return [
        np.frombuffer(np.asarray(tree.buffers[tensors[op.inputs[2]].buffer].data, np.uint8).tobytes(), "<i4").astype(
            int
        )
        for op in tree.subgraphs[0].operators
        if len(op.inputs) > 2 and op.inputs[2] >= 0
    ]


def test_models_of_other_layers_are_refused() -> None:
    with pytest.raises(ModelRejected, match="cannot be corrected") as caught:
        correct_biases(chain(), quantized(dense([[1]], [0], [[1]])), [])
    assert caught.value.code == "recipe"
