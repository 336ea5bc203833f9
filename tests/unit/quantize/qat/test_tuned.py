"""What was learned goes back into the flatbuffer and the ranges."""

from __future__ import annotations

import numpy as np
from tests.models import Op, Tensor, build_model

from quantci.quantize.qat.graph import read_float_graph
from quantci.quantize.qat.tuned import with_constants, with_learned
from quantci.records.quantize import TensorRange
from quantci.tflite.model import Model


def test_constants_that_shared_a_buffer_may_become_two() -> None:
    tensors = [
        Tensor("x", [1, 2]),
        Tensor("a", data=np.ones((1, 2), np.float32)),
        Tensor("b", data=np.ones((1, 2), np.float32)),
    ]
    plain = {"fusedActivationFunction": 0}
    ops = [Op("ADD", ["x", "a"], ["y"], plain), Op("ADD", ["y", "b"], ["z"], plain)]
    model = Model(build_model([*tensors, Tensor("y", [1, 2]), Tensor("z", [1, 2])], ops, ["x"], ["z"]), "m")
    draft = model.draft()
    draft.subgraphs[0].tensors[2].buffer = draft.subgraphs[0].tensors[1].buffer
    shared = model.changed(draft)
    tuned = with_constants(shared, {1: np.array([[2, 3]], np.float32), 2: np.array([[4, 5]], np.float32)})
    found = read_float_graph(tuned).constants
    assert (found[1].tolist(), found[2].tolist()) == ([[2, 3]], [[4, 5]])
    assert read_float_graph(shared).constants[1].tolist() == [[1, 1]]


def test_ranges_that_were_not_learned_stay() -> None:
    ranges = [TensorRange(tensor=n, name=f"t{n}", min=-1, max=1) for n in range(2)]
    assert with_learned(ranges, {1: (-0.5, 2.0)}) == [
        ranges[0],
        TensorRange(tensor=1, name="t1", min=-0.5, max=2.0),
    ]
