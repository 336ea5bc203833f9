"""What the stage refuses before it begins."""

from __future__ import annotations

import pytest

from quantci.errors import ConfigError
from quantci.quantize.run import check_engine


@pytest.mark.parametrize("source", ["onnx", "torch", "exported-program"])
def test_tensorflows_quantizer_is_not_for_what_onnx2tf_converts(source: str) -> None:
    with pytest.raises(ConfigError, match="does not go together with an ONNX or PyTorch source") as caught:
        check_engine(source)
    assert (caught.value.code, caught.value.where) == ("engine", "quantization.engine")


@pytest.mark.parametrize("source", ["keras", "saved-model", "tflite"])
def test_it_is_for_all_others(source: str) -> None:
    check_engine(source)
