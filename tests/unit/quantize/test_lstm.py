"""The fused LSTM of Keras 2 is calibrated and quantized: converters leave out the tensors that its ranges stand in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from tests.models import Op, Tensor, build_model, tiny_float_cnn

from quantci.quantize.calibrate import calibrate, with_ranges
from quantci.quantize.engine import quantize_with_litert
from quantci.quantize.lstm import add_intermediates
from quantci.quantize.recipe import Types
from quantci.tflite.lite_rt import open_lite_rt
from quantci.tflite.model import Model

if TYPE_CHECKING:
    from numpy.typing import NDArray

STEPS, DEPTH, UNITS = 6, 3, 4
SAMPLES = [np.random.RandomState(seed).uniform(-1, 1, (1, STEPS, DEPTH)).astype(np.float32) for seed in range(20)]


def lstm() -> Model:
    """x [1, 6, 3] -> LSTM of 4 units -> y [1, 6, 4], as TFLiteConverter writes it: without intermediates."""
    random = np.random.RandomState(0)

    def weights(name: str, *shape: int) -> Tensor:
        return Tensor(name, data=random.uniform(-1, 1, shape).astype(np.float32))

    gates = [weights(f"input {gate}", UNITS, DEPTH) for gate in "ifco"]
    gates += [weights(f"recurrent {gate}", UNITS, UNITS) for gate in "ifco"]
    biases = [weights(f"bias {gate}", UNITS) for gate in "ifco"]
    states = [Tensor(name, [1, UNITS], is_variable=True) for name in ("hidden", "cell")]
    tensors = [Tensor("x", [1, STEPS, DEPTH]), *gates, *biases, *states, Tensor("y", [1, STEPS, UNITS])]
    inputs = ["x", *(tensor.name for tensor in gates), "", "", "", *(tensor.name for tensor in biases), "", ""]
    inputs += ["hidden", "cell", "", "", "", ""]
    op = Op("UNIDIRECTIONAL_SEQUENCE_LSTM", inputs, ["y"], {"fusedActivationFunction": 4})  # tanh
    return Model(build_model(tensors, [op], ["x"], ["y"]), "m")


def by_hand(model: Model, x: NDArray[Any]) -> NDArray[Any]:
    """The outputs of all steps, from the equations of an LSTM."""
    graph = model.tree.subgraphs[0]
    value = [model.tree.buffers[tensor.buffer].data for tensor in graph.tensors]
    given = [data.view("<f4").reshape(graph.tensors[i].shape) for i, data in enumerate(value) if data is not None]
    hidden, cell, outputs = np.zeros(UNITS), np.zeros(UNITS), []
    for step in x[0]:
        i, f, c, o = (given[gate] @ step + given[4 + gate] @ hidden + given[8 + gate] for gate in range(4))
        cell = cell / (1 + np.exp(-f)) + np.tanh(c) / (1 + np.exp(-i))
        hidden = np.tanh(cell) / (1 + np.exp(-o))
        outputs.append(hidden)
    return np.array([outputs])


def test_a_fused_lstm_is_quantized() -> None:
    model = add_intermediates(lstm())
    ranges = calibrate(model, SAMPLES)
    expected = np.concatenate([by_hand(model, x) for x in SAMPLES])
    (y,) = [entry for entry in ranges if entry.name == "y"]
    np.testing.assert_allclose((y.min, y.max), (expected.min(), expected.max()), atol=1e-5)
    quantized = Model(quantize_with_litert(with_ranges(model, ranges), Types("int8", "int8")), "q")
    assert [op.op for op in quantized.summary.ops] == ["UNIDIRECTIONAL_SEQUENCE_LSTM"]
    assert quantized.summary.is_integer_only
    runner = open_lite_rt(quantized)
    entry, out = runner.inputs[0], runner.outputs[0]
    steps = [np.clip(np.round(x / entry.scale + entry.zero_point), -128, 127).astype(np.int8) for x in SAMPLES]
    given = np.concatenate([(runner.run([x])[0].astype(float) - out.zero_point) * out.scale for x in steps])
    np.testing.assert_allclose(given, expected, atol=5 * out.scale)


def test_tensors_are_added_once_and_only_for_an_lstm() -> None:
    model = add_intermediates(lstm())
    assert [tensor.name for tensor in model.summary.tensors[-5:]] == [f"intermediate_0_{place}" for place in range(5)]
    assert add_intermediates(model) is model
    cnn = Model(tiny_float_cnn(0), "m")
    assert add_intermediates(cnn) is cnn
