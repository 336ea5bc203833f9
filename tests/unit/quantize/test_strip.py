"""What strip drops, and what it keeps."""

import numpy as np
import pytest
from tests.models import Op, Tensor, build_model

from quantci.quantize.strip import strip
from quantci.tflite.model import Model


def test_equal_constants_are_stored_once() -> None:
    twice, other = np.arange(64, dtype=np.int8), np.ones(64, np.int8)
    tensors = [
        Tensor("x", [1, 64], "int8", scale=0.1),
        Tensor("a", data=twice, scale=0.1),
        Tensor("b", data=twice, scale=0.2),
        Tensor("c", data=other, scale=0.1),
        *(Tensor(name, [1, 64], "int8", scale=0.1) for name in ("y", "z", "out")),
    ]
    ops = [Op("ADD", ["x", "a"], ["y"]), Op("ADD", ["y", "b"], ["z"]), Op("ADD", ["z", "c"], ["out"])]
    model = Model(build_model(tensors, ops, ["x"], ["out"]), "model.tflite")
    lean = strip(model)
    assert list(lean.tensor_names) == ["x", "a", "b", "c", "y", "z", "out"]
    assert not any(tensor.name for tensor in lean.summary.tensors)
    before, after = model.tree, lean.tree
    assert len(before.buffers) == 1 + 3  # the first is empty by convention
    assert len(after.buffers) == 1 + 2
    constants = [after.buffers[tensor.buffer].data for tensor in after.subgraphs[0].tensors]
    assert [None if data is None else bytes(data) for data in constants] == [
        *(None, twice.tobytes(), twice.tobytes(), other.tobytes()),
        *(None, None, None),
    ]
    # Only the data is shared: each tensor keeps its own scale.
    scales = [float(tensor.quantization.scale[0]) for tensor in after.subgraphs[0].tensors[1:4]]
    assert scales == pytest.approx([0.1, 0.2, 0.1])
