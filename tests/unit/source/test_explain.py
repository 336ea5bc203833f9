"""What the converter says in a page of MLIR is one sentence: the op, and the layer that it stands in."""

from __future__ import annotations

from quantci.source.explain import explain

# The beginning of what TensorFlow 2.21 says of a layer `my_block` that calls tf.math.digamma.
MLIR = """Could not translate MLIR to FlatBuffer.<unknown>:0: error: loc(callsite(fused["Digamma:", \
"functional_1/my_block_1/Digamma@__inference___call___77"] at fused["StatefulPartitionedCall:", \
"StatefulPartitionedCall_1"])): 'tf.Digamma' op is neither a custom op nor a flex op
<unknown>:0: error: failed while converting: 'main':
Some ops in the model are custom ops, See instructions to implement custom ops: https://www.tensorflow.org/lite
Custom ops: Digamma
Details:
"""


def test_the_op_and_its_layer_are_named() -> None:
    error = explain(RuntimeError(MLIR), "model.keras")
    assert (error.code, error.where) == ("conversion", "model.keras")
    assert error.cause == "TFLite has no op for TensorFlow's Digamma (layer functional_1/my_block_1/Digamma)."


def test_another_failure_keeps_its_own_words() -> None:
    error = explain(RuntimeError("no such thing"), "model.keras")
    assert error.code == "conversion"
    assert "no such thing" in error.cause
