"""What the converter says in a page of MLIR is one sentence: the op, and the layer that it stands in."""

from __future__ import annotations

import pytest

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
    assert error.remedy == "Compute it outside of the model, and give the result as its input."


@pytest.mark.parametrize(
    ("ops", "remedy"),
    [
        ("Erf", "Replace GELU by"),
        ("RandomStandardNormal", "Export the model for inference"),
        ("FusedBatchNormV3", "Export the model for inference"),
        ("RFFT", "Compute the spectrogram outside"),
        ("AdjustContrastv2", "Take the augmentation out"),
        ("DecodeJpeg", "Export a model that takes numbers"),
        ("NonMaxSuppressionV5", "Export the model up to its scores"),
        ("TensorListReserve", "Set unroll=True"),
        ("AvgPool3D", "Use two-dimensional layers"),
        ("ExtractImagePatches", "Use a Conv2D with"),
        ("MaxPoolWithArgmax", "Use MaxPooling2D"),
        ("Atanh", "Compute it outside"),
        ("MatrixInverse", "Compute it outside"),
        ("Softsign", "Use ReLU"),
        ("SparseTensorDenseMatMul", "Save the model with dense"),
        ("Roll", "Cut the tensor in two"),
        ("Cumprod", "Multiply the slices"),
        ("TheirOwn", "Replace the layer by one of ops that TFLite has"),
    ],
)
def test_each_op_has_its_own_remedy(ops: str, remedy: str) -> None:
    error = explain(RuntimeError(MLIR.replace("Custom ops: Digamma", f"Custom ops: {ops}")), "model.keras")
    assert error.remedy.startswith(remedy)


def test_several_ops_have_each_remedy_once() -> None:
    error = explain(RuntimeError(MLIR.replace("Custom ops: Digamma", "Custom ops: Lgamma, Roll, Digamma")), "m")
    assert error.remedy.startswith("Compute it outside of the model, and give the result as its input. Cut the tensor")
    assert error.remedy.count("outside") == 1


@pytest.mark.parametrize(
    ("text", "layer"),
    [
        ("Exception encountered when calling Lambda.call(). Could not", "Lambda"),
        ("Exception encountered when calling layer 'block/scale' (type Scale). It", "block/scale"),
        ('Exception encountered when calling layer "my-scale" (type Scale). It', "my-scale"),
    ],
)
def test_the_layer_that_keras_names(text: str, layer: str) -> None:
    error = explain(RuntimeError(text), "model.keras")
    assert error.cause.startswith(f"TensorFlow could not load or convert the model at the layer {layer}: Exception")


def test_another_failure_keeps_its_own_words() -> None:
    error = explain(RuntimeError("no such thing"), "model.keras")
    assert error.code == "conversion"
    assert "no such thing" in error.cause
