"""What cannot be compared is refused, with the reason."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from tests.golden import example_model

from quantci.diagnose.accept import check_models
from quantci.errors import ModelRejected

FLOAT = example_model("model_float.tflite", quantized=False)
INT8 = example_model("model_quant.tflite", quantized=True)


def test_a_float_model_and_its_int8_one_are_taken() -> None:
    check_models(FLOAT, INT8)
    entry = replace(INT8.inputs[0], dtype="uint8")
    check_models(FLOAT, replace(INT8, inputs=[entry]))


@pytest.mark.parametrize(
    ("change", "code", "word"),
    [
        ({"subgraph_count": 3}, "multi-subgraph", "3 subgraphs"),
        ({"dynamic_tensors": ["x\x1b"]}, "dynamic-shape", r"x\\x1b"),
        ({"ops": [replace(INT8.ops[0], op="TheirOp", is_custom=True)]}, "custom-op", "TheirOp"),
        ({"tensors": [replace(INT8.tensors[0], dtype="int16")]}, "unsupported-type", "16x8"),
        ({"inputs": [replace(INT8.inputs[0], dtype="float32", scale=[])]}, "unsupported-type", "float32"),
    ],
)
def test_a_refusal_names_what_is_wrong(change: dict[str, Any], code: str, word: str) -> None:
    with pytest.raises(ModelRejected, match=word) as caught:
        check_models(FLOAT, replace(INT8, **change))
    assert (caught.value.code, caught.value.where) == (code, "model_quant.tflite")


def test_the_float_model_has_a_float_input() -> None:
    with pytest.raises(ModelRejected, match="not float32"):
        check_models(INT8, INT8)
