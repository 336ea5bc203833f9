"""Every source format becomes the same float model, and says how far it is from its source."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from quantci.errors import ConfigError, ModelRejected
from quantci.records.config import ModelConfig
from quantci.source.open_source import open_source
from quantci.tflite.lite_rt import open_lite_rt
from quantci.tflite.model import Model
from quantci.workers.jail import Jail

if TYPE_CHECKING:
    from collections.abc import Iterator

SAMPLES = np.random.RandomState(5).uniform(-1, 1, (4, 16, 16, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def tensorflow() -> Iterator[Jail]:
    """One worker for all: TensorFlow is imported once."""
    with Jail(where="test") as jail:
        yield jail


def run(model: Model) -> np.ndarray[Any, np.dtype[np.float32]]:
    runner = open_lite_rt(model)
    return np.concatenate([runner.run([sample[np.newaxis]])[0] for sample in SAMPLES])


@pytest.mark.parametrize(
    ("name", "kind", "signature"),
    [
        ("model.keras", "keras", None),
        ("model.h5", "hdf5", None),
        ("legacy.h5", "hdf5-legacy", None),
        ("open_batch", "saved-model", "serving_default"),
        ("fixed_batch", "saved-model", "serving_default"),
        ("signatures", "saved-model", "other"),
    ],
)
def test_each_format_gives_the_float_model(
    sources: Path, tensorflow: Jail, name: str, kind: str, signature: str | None
) -> None:
    source = open_source(sources / name, ModelConfig(signature=signature or "serving_default"), jail=tensorflow)
    model = source.convert()
    assert (source.format, source.signature) == (kind, signature)
    assert source.converter is not None
    assert (model.where, model.file_name) == (str(sources / name), "model_float.tflite")
    assert model.summary.inputs[0].shape == [1, 16, 16, 3]
    assert {op.op for op in model.summary.ops} <= {
        "CONV_2D",
        "DEPTHWISE_CONV_2D",
        "MEAN",
        "FULLY_CONNECTED",
        "SOFTMAX",
    }, "an open batch leaves SHAPE, STRIDED_SLICE and PACK"
    own = source.outputs(SAMPLES)
    assert own is not None
    np.testing.assert_allclose(run(model), own[0], atol=1e-5)
    np.testing.assert_allclose(run(model), run(Model.read(sources / "model.tflite")), atol=1e-5)


def test_keras_gives_what_pytorch_and_onnx_give(sources: Path, tensorflow: Jail) -> None:
    """test_torch.py compares those with model.tflite, which has the same weights."""
    model = open_source(sources / "same.keras", ModelConfig(), jail=tensorflow).convert()
    np.testing.assert_allclose(run(model), run(Model.read(Path(__file__).with_name("model.tflite"))), atol=1e-6)


@pytest.mark.parametrize("name", ["augmented_bytes.keras", "augmented_bytes.h5"])
def test_what_augments_in_training_is_left_out_and_bytes_are_taken_as_floats(
    sources: Path, tensorflow: Jail, name: str
) -> None:
    source = open_source(sources / name, ModelConfig(signature=""), jail=tensorflow)
    model = source.convert()
    assert model.summary.inputs[0].dtype == "float32"
    assert {op.op for op in model.summary.ops} <= {
        "CONV_2D",
        "DEPTHWISE_CONV_2D",
        "MEAN",
        "FULLY_CONNECTED",
        "SOFTMAX",
        "MUL",
        "ADD",
        "SUB",
    }
    pixels = np.random.RandomState(6).randint(0, 256, SAMPLES.shape).astype(np.float32)
    plain = open_lite_rt(Model.read(sources / "model.tflite"))
    expected = [plain.run([(sample[np.newaxis] / 127.5 - 1).astype(np.float32)])[0] for sample in pixels]
    runner = open_lite_rt(model)
    np.testing.assert_allclose(
        np.concatenate([runner.run([sample[np.newaxis]])[0] for sample in pixels]), np.concatenate(expected), atol=1e-5
    )
    own = source.outputs(pixels)
    assert own is not None
    np.testing.assert_allclose(own[0], np.concatenate(expected), atol=1e-5)


def test_a_float_tflite_is_taken_as_it_is(sources: Path, tensorflow: Jail) -> None:
    source = open_source(sources / "model.tflite", ModelConfig(signature=""), jail=tensorflow)
    assert source.convert().data == (sources / "model.tflite").read_bytes()
    assert source.outputs(SAMPLES) is None
    assert not source.needs_tensorflow


@pytest.mark.parametrize(
    ("name", "code", "remedy"),
    [
        ("dynamic.keras", "dynamic-shape", ""),
        ("lambda.keras", "format-not-accepted", ""),
        ("two_inputs.keras", "multi-input", ""),
        ("loop.keras", "multi-subgraph", "Set unroll=True on that layer"),
        ("only.weights.h5", "weights-only", "save all of it: model.save('model.keras')"),
        ("unbuilt.keras", "unbuilt", "Begin it with keras.Input(shape), train it, and save it again"),
        ("mixed.keras", "mixed-precision", ""),
    ],
)
def test_what_no_microcontroller_runs_is_refused(
    sources: Path, tensorflow: Jail, name: str, code: str, remedy: str
) -> None:
    with pytest.raises(ModelRejected) as caught:
        open_source(sources / name, ModelConfig(signature=""), jail=tensorflow).convert()
    assert caught.value.code == code
    assert remedy in caught.value.remedy


def test_an_unrolled_loop_is_one_graph(sources: Path, tensorflow: Jail) -> None:
    model = open_source(sources / "unrolled.keras", ModelConfig(signature=""), jail=tensorflow).convert()
    assert (model.summary.subgraph_count, model.summary.inputs[0].shape) == (1, [1, 5, 2])


def test_a_wrong_signature_names_those_that_are_there(sources: Path, tensorflow: Jail) -> None:
    with pytest.raises(ConfigError, match="other") as caught:
        open_source(sources / "signatures", ModelConfig(signature="serving_default"), jail=tensorflow).convert()
    assert caught.value.code == "signature"


def test_a_truncated_keras_file_is_no_traceback(sources: Path, tmp_path: Path, tensorflow: Jail) -> None:
    for name in ("model.keras", "model.h5"):
        broken = tmp_path / name
        broken.write_bytes((sources / name).read_bytes()[:2000])
        with pytest.raises(ModelRejected):
            open_source(broken, ModelConfig(signature=""), jail=tensorflow).convert()
