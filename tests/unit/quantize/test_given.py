"""An INT8 model that was given: the record says so, and claims nothing of how it came about."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from tests.models import float_model_of_bytes, int8_tree, pack_tree, tiny_float_cnn, tiny_int8_cnn

from quantci.errors import ModelRejected
from quantci.quantize.given import take
from quantci.records.base import encode
from quantci.records.config import Config, EvaluationConfig, ModelConfig, QuantizationConfig
from quantci.records.quantize import NO_FLOAT
from quantci.tflite.model import Model

CONFIG = Config(
    model=ModelConfig(quantized="nets/own.tflite", source="nets/float.tflite"),
    evaluation=EvaluationConfig(data="val"),
)
GIVEN = Model(tiny_int8_cnn(), "nets/own.tflite", file_name="model_quant.tflite")


class Source:
    """A float .tflite."""

    format, signature, converter, turned_shape, sha256 = "tflite", None, None, None, "f" * 64

    def __init__(self, data: bytes) -> None:
        self.model = Model(data, "nets/float.tflite", file_name="model_float.tflite")

    def convert(self) -> Model:
        return self.model


def taken(source: Any = None, config: Config = CONFIG, model: Model = GIVEN) -> Any:
    return take(config, model, GIVEN.sha256, source)


def test_alone_it_has_no_float_model_and_says_why() -> None:
    made = taken()
    result = made.result
    encode(result)
    assert made.float_model is None
    assert made.quantized_model is GIVEN
    assert (result.source, result.float_model, result.engine, result.recipe, result.calibration) == (None,) * 5
    assert (result.ranges, result.strip, result.advice) == ([], None, [])
    assert (result.given.path, result.given.sha256, result.given.float_reason) == (
        "nets/own.tflite",
        GIVEN.sha256,
        NO_FLOAT,
    )
    assert "given" in result.given.reason
    assert (result.input_type, result.output_type) == ("int8", "int8")
    assert result.models == (GIVEN.sha256, None)


def test_with_a_float_model_both_are_described() -> None:
    made = taken(Source(tiny_float_cnn(0, size=8)))
    assert made.float_model is not None
    assert made.result.models == (GIVEN.sha256, made.float_model.sha256)
    assert (made.result.source.path, made.result.source.largest_difference) == ("nets/float.tflite", None)
    assert made.result.given.float_reason is None


@pytest.mark.parametrize("data", [tiny_float_cnn(0), float_model_of_bytes(size=8, classes=3)])
def test_two_models_of_other_shapes_are_no_pair(data: bytes) -> None:
    with pytest.raises(ModelRejected) as caught:
        taken(Source(data))
    assert caught.value.code == "model-pair"
    assert "[1, 8, 8, 3]" in caught.value.cause or "[1, 4]" in caught.value.cause


def test_what_was_changed_and_what_is_not_used_is_said() -> None:
    tree = int8_tree()
    tree.description = b"another"
    config = replace(CONFIG, quantization=QuantizationConfig(input_type="uint8"))
    found = taken(config=config, model=Model(pack_tree(tree), "own.tflite")).result
    assert [advice.code for advice in found.advice] == ["quantization-unused", "batch-fixed"]
