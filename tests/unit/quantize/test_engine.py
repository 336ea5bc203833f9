"""What LiteRT's quantizer refuses is named with its layer; a custom op has no name of its own there."""

from __future__ import annotations

from tests.models import Op, Tensor, build_model

from quantci.quantize.engine import _explain
from quantci.tflite.model import Model


def test_the_custom_op_is_named_and_gets_its_own_remedy() -> None:
    tensors = [Tensor("x", [1, 4]), Tensor("y", [1, 4]), Tensor("boxes", [1, 4])]
    ops = [Op("RELU", ["x"], ["y"]), Op("TFLite_Detection_PostProcess", ["y"], ["boxes"])]
    model = Model(build_model(tensors, ops, ["x"], ["boxes"]), "m.tflite")
    cause, remedy = _explain(model, "Quantization not yet supported for op: 'CUSTOM'.")
    assert cause == "LiteRT's quantizer has no INT8 form of TFLite_Detection_PostProcess (boxes)."
    assert remedy.startswith("Export the detector without its last step")
