"""Both engines, and TFLiteConverter itself, give the same INT8 model: at most 1 LSB apart in the oracle."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated
from tests.integration.pictures import draw
from tests.models import projecting_autoencoder
from tests.unit.quantize.test_lstm import SAMPLES, lstm

from quantci.diagnose.match import match
from quantci.errors import ModelRejected, ToolError
from quantci.quantize.calibrate import calibrate, with_ranges
from quantci.quantize.engine import quantize_with_litert, quantize_with_tensorflow
from quantci.quantize.lstm import add_intermediates
from quantci.quantize.recipe import Types
from quantci.quantize.strip import strip
from quantci.quantize.strip_proof import check_same_outputs, outputs_of
from quantci.tflite.fixed_point import quantize
from quantci.tflite.model import Model
from quantci.tflite.oracle import choose_oracle, open_oracle
from quantci.workers.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from quantci.records.config import IntegerType

NETWORKS = ["plain", "residual", "separable", "concat", "dense", "transposed", "hard_swish"]


@pytest.fixture(scope="module")
def zoo(needs_tensorflow: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Float models of many kinds, and what TFLiteConverter makes of them with the same samples."""
    folder = tmp_path_factory.mktemp("zoo")
    subprocess.run(
        [sys.executable, Path(__file__).with_name("make_zoo.py"), folder, *NETWORKS, "elu"], check=True, timeout=600
    )
    return folder


@pytest.fixture(scope="module")
def tensorflow(needs_tensorflow: None) -> Iterator[Pool]:
    """TensorFlow in a worker: its calibration wrapper and LiteRT's cannot live in one process."""
    with Pool(1, where="test") as pool:
        yield pool


def samples_of(zoo: Path) -> list[np.ndarray[Any, np.dtype[np.float32]]]:
    return [sample[np.newaxis] for sample in np.load(zoo / "samples.npy")]


def outputs(model: bytes, samples: list[np.ndarray[Any, np.dtype[np.float32]]]) -> np.ndarray[Any, np.dtype[np.int64]]:
    runner = open_oracle(Model(model, "model"), choose_oracle("auto"))
    port = runner.inputs[0]
    given = [quantize(sample, port.scale, port.zero_point, port.dtype) for sample in samples]
    return np.concatenate([runner.run([sample])[0].reshape(1, -1) for sample in given]).astype(np.int64)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("integer", ["int8", "uint8"])
@pytest.mark.parametrize("named", [True, False])
def test_every_activation_has_its_float_counterpart_whatever_the_engine(
    zoo: Path, name: str, integer: IntegerType, named: bool
) -> None:
    data = (zoo / f"{name}.tflite").read_bytes()
    ours = quantize_with_litert(
        with_ranges(Model(data, name), calibrate(Model(data, name), samples_of(zoo))), Types(integer, integer)
    )
    float_summary = Model(data, name).summary
    for quantized in (ours, (zoo / f"{name}_{integer}.tflite").read_bytes()):
        summary = Model(quantized, name).summary
        found = match(float_summary, summary, [tensor.name if named else "" for tensor in summary.tensors])
        assert len(found.pairs) == 1 + len(summary.ops)
        assert not found.unmatched
        places = [pair.float_op for pair in found.pairs if pair.float_op is not None]
        assert places == list(range(len(float_summary.ops)))


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("integer", ["int8", "uint8"])
def test_engines_agree_with_each_other_and_with_the_converter(
    zoo: Path, tensorflow: Pool, name: str, integer: IntegerType
) -> None:
    float_model, samples = (zoo / f"{name}.tflite").read_bytes(), samples_of(zoo)
    prepared = with_ranges(Model(float_model, name), calibrate(Model(float_model, name), samples))
    results = {
        "litert": quantize_with_litert(prepared, Types(integer, integer)),
        "tensorflow": tensorflow.call(quantize_with_tensorflow, prepared, Types(integer, integer)),
        "converter": (zoo / f"{name}_{integer}.tflite").read_bytes(),
    }
    found = {engine: outputs(model, samples) for engine, model in results.items()}
    for engine, model in results.items():
        summary = Model(model, engine).summary
        assert summary.is_integer_only, engine
        assert (summary.inputs[0].dtype, summary.outputs[0].dtype) == (integer, integer)
        assert int(np.abs(found[engine] - found["converter"]).max()) <= 1, engine
    assert int(np.abs(found["litert"] - found["tensorflow"]).max()) <= 1
    assert np.ptp(found["converter"]) > 10, "a network that always answers the same proves nothing"


def drawn(sources: Path) -> tuple[bytes, list[np.ndarray[Any, np.dtype[np.float32]]]]:
    """The trained classifier of the other tests, and pictures of its classes."""
    pictures = [draw(label, 20_000 + index) for label in range(3) for index in range(12)]
    samples = [((picture[np.newaxis] - 127.5) / 127.5).astype(np.float32) for picture in pictures]
    return (sources / "model.tflite").read_bytes(), samples


def hummed(sources: Path) -> tuple[bytes, list[np.ndarray[Any, np.dtype[np.float32]]]]:
    """A dense autoencoder, as for anomalies: no picture, no softmax, as many outputs as inputs."""
    random = np.random.RandomState(4)
    basis = np.linalg.qr(random.normal(size=(32, 6)))[0].astype(np.float32)
    codes = random.normal(size=(40, 1, 6)).astype(np.float32)
    return projecting_autoencoder(basis), [code @ basis.T for code in codes]


@pytest.mark.parametrize("make", [drawn, hummed])
@pytest.mark.parametrize("integer", ["int8", "uint8"])
def test_engines_agree_with_each_other(
    sources: Path,
    tensorflow: Pool,
    make: Callable[[Path], tuple[bytes, list[np.ndarray[Any, np.dtype[np.float32]]]]],
    integer: IntegerType,
) -> None:
    float_model, samples = make(sources)
    prepared = with_ranges(Model(float_model, ""), calibrate(Model(float_model, ""), samples))
    results = {
        "litert": quantize_with_litert(prepared, Types(integer, integer)),
        "tensorflow": tensorflow.call(quantize_with_tensorflow, prepared, Types(integer, integer)),
    }
    for engine, model in results.items():
        summary = Model(model, engine).summary
        assert summary.is_integer_only, engine
        assert (summary.inputs[0].dtype, summary.outputs[0].dtype) == (integer, integer)
    ports = [Model(model, "").summary.outputs[0] for model in results.values()]
    assert ports[0].scale == ports[1].scale
    assert ports[0].zero_point == ports[1].zero_point
    first, second = (outputs(model, samples) for model in results.values())
    assert int(np.abs(first - second).max()) <= 1
    assert np.ptp(first) > 100, "a network that always answers the same proves nothing"


def test_weights_are_per_channel_and_biases_int32(zoo: Path) -> None:
    float_model, samples = (zoo / "plain.tflite").read_bytes(), samples_of(zoo)
    prepared = with_ranges(Model(float_model, ""), calibrate(Model(float_model, ""), samples))
    summary = Model(quantize_with_litert(prepared, Types("int8", "int8")), "").summary
    convolution = next(op for op in summary.ops if op.op == "CONV_2D")
    weights, bias = (summary.tensors[index] for index in convolution.inputs[1:3])
    assert weights.dtype == "int8"
    assert len(weights.scale) == weights.shape[0] > 1
    assert bias.dtype == "int32"


def test_ranges_are_the_smallest_and_largest_activation(zoo: Path) -> None:
    samples = samples_of(zoo)
    ranges = {entry.tensor: entry for entry in calibrate(Model((zoo / "plain.tflite").read_bytes(), ""), samples)}
    model_input = Model((zoo / "plain.tflite").read_bytes(), "").summary.inputs[0].index
    # The calibrator widens a range to hold zero; these samples are on both sides of it.
    assert ranges[model_input].min == pytest.approx(min(float(sample.min()) for sample in samples))
    assert ranges[model_input].max == pytest.approx(max(float(sample.max()) for sample in samples))


def test_changed_ranges_change_the_scale(zoo: Path, tensorflow: Pool) -> None:
    import msgspec

    float_model, samples = (zoo / "plain.tflite").read_bytes(), samples_of(zoo)
    ranges = calibrate(Model(float_model, ""), samples)
    model_input = Model(float_model, "").summary.inputs[0].index
    wide = [
        msgspec.structs.replace(entry, min=-12.75, max=12.75) if entry.tensor == model_input else entry
        for entry in ranges
    ]
    prepared = with_ranges(Model(float_model, ""), wide)
    for model in (
        quantize_with_litert(prepared, Types("int8", "int8")),
        tensorflow.call(quantize_with_tensorflow, prepared, Types("int8", "int8")),
    ):
        assert Model(model, "").summary.inputs[0].scale[0] == pytest.approx(25.5 / 255)


def test_strip_drops_names_keeps_outputs_and_aligns_weights(zoo: Path) -> None:
    float_model, samples = (zoo / "residual.tflite").read_bytes(), samples_of(zoo)
    prepared = with_ranges(Model(float_model, ""), calibrate(Model(float_model, ""), samples))
    quantized = quantize_with_litert(prepared, Types("int8", "int8"))
    model = Model(quantized, "")
    lean = strip(model)
    assert len(lean.data) < len(quantized)
    assert lean.tensor_names == model.tensor_names
    assert any(lean.tensor_names)
    assert not any(tensor.name for tensor in lean.summary.tensors)
    assert b"serving_default" not in lean.data
    before, after = (outputs_of(model, samples, choose_oracle("auto")) for model in (model, lean))
    check_same_outputs(before, after, ["LiteRT", "TFLM"])
    assert [len(outputs) for outputs in after] == [len(samples)] * 2
    after[1][0][0][0, 0] += 1
    with pytest.raises(ToolError, match="TFLM"):
        check_same_outputs(before, after, ["LiteRT", "TFLM"])
    start = np.frombuffer(lean.data, np.uint8).ctypes.data
    view = schema_py_generated.Model.GetRootAs(lean.data, 0)
    data = [view.Buffers(index).DataAsNumpy() for index in range(1, view.BuffersLength())]
    assert data
    for weights in data:
        assert (weights.ctypes.data - start) % 16 == 0, "kernels on the chip read weights from flash, aligned"


def test_an_op_without_integer_form_is_refused_by_name(zoo: Path, tensorflow: Pool) -> None:
    float_model, samples = (zoo / "elu.tflite").read_bytes(), samples_of(zoo)
    prepared = with_ranges(Model(float_model, ""), calibrate(Model(float_model, ""), samples))
    with pytest.raises(ModelRejected, match="ELU") as caught:
        quantize_with_litert(prepared, Types("int8", "int8"))
    assert caught.value.code == "unquantizable-op"


def test_both_engines_quantize_the_fused_lstm_alike(tensorflow: Pool) -> None:
    model = add_intermediates(lstm())
    calibrated = with_ranges(model, calibrate(model, SAMPLES))
    types = Types("int8", "int8")
    ours = open_oracle(Model(quantize_with_litert(calibrated, types), "litert"), choose_oracle("auto"))
    theirs = open_oracle(
        Model(tensorflow.call(quantize_with_tensorflow, calibrated, types), "tf"), choose_oracle("auto")
    )
    for sample in SAMPLES:
        entry = ours.inputs[0]
        x = np.clip(np.round(sample / entry.scale + entry.zero_point), -128, 127).astype(np.int8)
        np.testing.assert_array_equal(ours.run([x])[0], theirs.run([x])[0])
