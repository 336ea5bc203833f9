"""A float flatbuffer as training reads it, and which of its tensors share a range."""

from __future__ import annotations

import numpy as np
from tests.models import VALID, WINDOW, Op, Tensor, build_model

from quantci.quantize.qat.graph import FloatGraph, read_float_graph
from quantci.quantize.qat.scales import read_scales
from quantci.tflite.model import Model

WEIGHTS = np.arange(8, dtype=np.float32).reshape(2, 1, 1, 4)


def graph() -> FloatGraph:
    """x -> conv with RELU -> reshape -> softmax; the reshape once more beside the input in a concat."""
    tensors = [
        Tensor("x", [1, 1, 1, 4]),
        Tensor("w", data=WEIGHTS),
        Tensor("conv", [1, 1, 1, 2]),
        Tensor("shape", data=np.array([1, 2], np.int32)),
        Tensor("flat", [1, 2]),
        Tensor("softmax", [1, 2]),
        Tensor("c", data=np.array([[3.0]], np.float32)),
        Tensor("joined", [1, 5]),
    ]
    ops = [
        Op("CONV_2D", ["x", "w", ""], ["conv"], {**WINDOW, "padding": VALID, "fusedActivationFunction": 1}),
        Op("RESHAPE", ["conv", "shape"], ["flat"]),
        Op("SOFTMAX", ["flat"], ["softmax"]),
        Op("CONCATENATION", ["flat", "softmax", "c"], ["joined"], {"axis": 1, "fusedActivationFunction": 0}),
    ]
    return read_float_graph(Model(build_model(tensors, ops, ["x"], ["joined"]), "m"))


def test_ops_constants_and_activations_are_those_of_the_flatbuffer() -> None:
    found = graph()
    assert [node.op for node in found.nodes] == ["CONV_2D", "RESHAPE", "SOFTMAX", "CONCATENATION"]
    assert [node.activation for node in found.nodes] == ["RELU", "NONE", "NONE", "NONE"]
    assert (found.nodes[0].inputs, found.nodes[0].outputs, found.nodes[0].layer) == ((0, 1, -1), (2,), "conv")
    assert np.array_equal(found.constants[1], WEIGHTS)
    assert found.constants[3].tolist() == [1, 2]
    assert found.floats == {0, 2, 4, 5, 7}
    assert (found.inputs, found.outputs, found.states) == ([0], [7], [])


def test_an_output_has_the_range_of_its_input_a_fixed_one_or_one_that_holds_all_inputs() -> None:
    scales = read_scales(graph())
    assert scales.owner == {0: 0, 2: 2, 4: 2, 5: 5, 7: 7}
    assert scales.fixed == {5: (0.0, 255 / 256)}
    assert scales.joined == {7: [2, 5, 6]}
    assert scales.learned() == [0, 2]
