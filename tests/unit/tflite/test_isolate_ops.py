"""The ops of a model, each fed from outside."""

from __future__ import annotations

import numpy as np
from tests.models import tiny_float_cnn

from quantci.tflite.isolate_ops import Slot, isolate_ops
from quantci.tflite.lite_rt import open_lite_rt, open_preserved
from quantci.tflite.model import Model


def test_fed_with_its_own_activations_each_op_gives_what_it_gave() -> None:
    model = Model(tiny_float_cnn(3), "m")
    whole = open_preserved(model, "builtin")
    sample = np.random.RandomState(0).normal(size=(1, 16, 16, 3)).astype(np.float32)
    whole.run([sample])
    isolated = isolate_ops(model)
    assert isolated.slots == [Slot(op, 0) for op in range(5)], "weights, biases and axes stay"
    ops = open_preserved(isolated.model, "builtin")
    ops.run([whole.tensor(tensor) for tensor in isolated.tensors])
    for op in model.summary.ops:
        assert np.array_equal(ops.tensor(op.outputs[0]), whole.tensor(op.outputs[0])), op.op


def test_an_op_sees_what_it_is_fed_and_not_what_the_op_before_gave() -> None:
    model = Model(tiny_float_cnn(3), "m")
    isolated = isolate_ops(model)
    ops = open_preserved(isolated.model, "builtin")
    fed = [np.zeros(spec.shape, np.float32) for spec in ops.inputs]
    ops.run(fed)
    softmax = model.summary.ops[-1].outputs[0]
    assert np.allclose(ops.tensor(softmax), 0.25), "four equal logits, though the layer before has biases"


def test_preserved_tensors_end_in_the_same_output() -> None:
    model = Model(tiny_float_cnn(1), "m")
    sample = np.ones((1, 16, 16, 3), np.float32)
    runner = open_preserved(model, "reference")
    assert "reference kernels" in runner.name
    expected = open_lite_rt(model, kernels="reference").run([sample])[0]
    assert np.array_equal(runner.run([sample])[0], expected)
    assert np.array_equal(runner.tensor(model.summary.outputs[0].index), expected)
