"""ONNX files through onnx2tf, in a jail."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
from tests.integration import onnx_graphs

from quantci.errors import ModelRejected
from quantci.records.config import ModelConfig
from quantci.source.open_source import open_source
from quantci.tflite.lite_rt import open_lite_rt
from quantci.workers.jail import Jail

pytestmark = pytest.mark.roads


@pytest.fixture(scope="module")
def jail() -> Iterator[Jail]:
    with Jail(where="the test's model") as jail:
        yield jail


@pytest.mark.parametrize("batch", [1, "N"])
def test_a_classifier_of_channels_first_takes_them_last_and_answers_the_same(
    tmp_path: Path, jail: Jail, batch: int | str
) -> None:
    path = tmp_path / "model.onnx"
    onnx.save(onnx_graphs.convolution(batch), path)
    before = path.read_bytes()
    source = open_source(path, ModelConfig(), jail=jail)
    model = source.convert()
    assert (source.format, source.converter) == ("onnx", "onnx2tf 2.6.9")
    assert ([one.shape for one in model.summary.inputs], model.summary.outputs[0].shape) == ([[1, 16, 12, 3]], [1, 4])
    samples = np.random.RandomState(1).randn(3, 16, 12, 3).astype(np.float32)
    own = source.outputs(samples)
    runner = open_lite_rt(model)
    assert own is not None
    np.testing.assert_allclose(np.concatenate([runner.run([one[None]])[0] for one in samples]), own[0], atol=1e-6)
    assert path.read_bytes() == before, "the user's file is not written to"
    assert list(tmp_path.iterdir()) == [path], "nor anything beside it"


def test_sizes_that_the_file_leaves_open_are_asked_for(tmp_path: Path, jail: Jail) -> None:
    path = tmp_path / "model.onnx"
    open_model = onnx_graphs.convolution("N")
    for axis, name in ((2, "height"), (3, "width")):
        open_model.graph.input[0].type.tensor_type.shape.dim[axis].dim_param = name
    onnx.save(open_model, path)
    with pytest.raises(ModelRejected, match=r"The input x is .N, 3, height, width") as caught:
        open_source(path, ModelConfig(), jail=jail).convert()
    assert caught.value.code == "dynamic-shape"
    assert "model.input_shape = [1, 3, ..., ...]" in caught.value.remedy
    model = open_source(path, ModelConfig(input_shape=(1, 3, 8, 10)), jail=jail).convert()
    assert model.summary.inputs[0].shape == [1, 8, 10, 3]
