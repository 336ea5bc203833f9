"""ONNX files through onnx2tf, in a jail."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
from tests.integration import onnx_graphs
from tests.integration.command import Command

from quantci.errors import ModelRejected, QuantciError
from quantci.records.config import ModelConfig
from quantci.source.onnx import runtime
from quantci.source.onnx.convert import to_flatbuffer
from quantci.source.open_source import open_source
from quantci.tflite.lite_rt import open_lite_rt
from quantci.tflite.model import Model
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


def refused(tmp_path: Path, jail: Jail, model: onnx.ModelProto) -> QuantciError:
    onnx.save(model, tmp_path / "model.onnx")
    with pytest.raises(QuantciError) as caught:
        open_source(tmp_path / "model.onnx", ModelConfig(), jail=jail).convert()
    return caught.value


@pytest.mark.parametrize(
    ("op", "shape", "remedy"),
    [("Det", (1, 4, 4), "Replace the layer"), ("DFT", (1, 4, 1), "Compute the spectrogram")],
)
def test_an_operator_without_a_form_in_tflite_is_named_with_its_node(
    tmp_path: Path, jail: Jail, op: str, shape: tuple[int, ...], remedy: str
) -> None:
    graph = onnx_graphs.Graph(*shape)
    graph.add("Identity", graph.add(op, "x"), to="y")
    fault = refused(tmp_path, jail, graph.model(*[None] * {"Det": 1, "DFT": 3}[op]))
    assert fault.code == "onnx-operator", fault
    assert f"The operator {op} of the node {op.lower()}0 cannot be used" in fault.cause
    assert remedy in fault.remedy


def test_a_quantized_model_is_refused(tmp_path: Path, jail: Jail) -> None:
    graph = onnx_graphs.Graph(1, 24)
    scale, zero = graph.constant(0.1), graph.constant(0, np.int8)
    x = graph.add("DequantizeLinear", graph.add("QuantizeLinear", "x", scale, zero), scale, zero)
    graph.dense(x, 24, 4, to="y")
    fault = refused(tmp_path, jail, graph.model(1, 4))
    assert (fault.code, "2 nodes such as QuantizeLinear" in fault.cause) == ("already-quantized", True)


def test_weights_in_another_file_are_refused_whatever_it_is(tmp_path: Path, jail: Jail) -> None:
    model = onnx_graphs.convolution()
    onnx.save(model, tmp_path / "other.onnx", save_as_external_data=True, size_threshold=0, location="w.data")
    for name in ("w.data", "../../etc/passwd", "/etc/passwd"):
        outside = onnx.load(tmp_path / "other.onnx", load_external_data=False)
        for tensor in outside.graph.initializer:
            tensor.external_data[0].value = name
        (tmp_path / "model.onnx").write_bytes(outside.SerializeToString())
        with pytest.raises(ModelRejected, match=re.escape(name)) as caught:
            open_source(tmp_path / "model.onnx", ModelConfig(), jail=jail).convert()
        assert caught.value.code == "external-data"


def test_what_is_no_onnx_model_is_said(tmp_path: Path, jail: Jail) -> None:
    whole = onnx_graphs.convolution().SerializeToString()
    for data, code in (
        (whole[: len(whole) // 2], "malformed"),
        (b"\x08\x08" + b"\x3a\x02\xff\xff", "malformed"),
        (b"\x08\x08\x3a\x00", "malformed"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git-lfs-pointer"),
        (b"nonsense", "malformed"),
        (b"", "empty"),
    ):
        (tmp_path / "model.onnx").write_bytes(data)
        with pytest.raises(ModelRejected) as caught:
            open_source(tmp_path / "model.onnx", ModelConfig(), jail=jail).convert()
        assert caught.value.code == code, data[:20]


def test_an_output_without_a_type_and_an_input_of_another_type_are_said(tmp_path: Path, jail: Jail) -> None:
    model = onnx_graphs.convolution()
    model.graph.output[0].ClearField("type")
    fault = refused(tmp_path, jail, model)
    assert (fault.code, "its output y has no type" in fault.cause) == ("malformed", True)
    model = onnx_graphs.convolution()
    model.graph.input[0].type.tensor_type.elem_type = onnx.TensorProto.DOUBLE
    assert refused(tmp_path, jail, model).code == "input-type"
    model = onnx_graphs.convolution("N")
    model.graph.input[0].name = "x" * 100_000
    model.graph.input[0].type.tensor_type.shape.dim[2].dim_param = "height"
    assert len(str(refused(tmp_path, jail, model))) < 1000


def test_what_onnx_runtime_does_not_run_is_no_bug_of_ours(tmp_path: Path, jail: Jail) -> None:
    model = onnx_graphs.convolution()
    model.opset_import[0].version = 99
    onnx.save(model, tmp_path / "model.onnx")
    source = open_source(tmp_path / "model.onnx", ModelConfig(), jail=jail)
    source.convert()
    with pytest.raises(ModelRejected, match="ONNX Runtime cannot run the model") as caught:
        source.outputs(np.zeros((1, 16, 12, 3), np.float32))
    assert caught.value.code == "forward"


def test_a_graph_that_would_fill_the_memory_ends_in_a_message(tmp_path: Path, jail: Jail) -> None:
    graph = onnx_graphs.Graph(1, 4)
    huge = graph.add("ConstantOfShape", graph.ints(1 << 20, 1 << 20))
    graph.add("Add", "x", graph.add("ReduceSum", huge, keepdims=0), to="y")
    assert refused(tmp_path, jail, graph.model(1, 4)).exit_code in {2, 4}


def test_the_first_node_that_differs_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in this process: a flatbuffer of other weights than the graph's."""
    graph = onnx_graphs.Graph(1, 24)
    last = graph.dense(graph.add("Relu", graph.dense("x", 24, 16)), 16, 4)
    graph.add("Softmax", last, to="y", axis=1)
    model = graph.model(1, 4)
    other = onnx.ModelProto()
    other.CopyFrom(model)
    other.graph.initializer[3].CopyFrom(onnx.numpy_helper.from_array(np.full(4, 9, np.float32), "w3"))
    data, tensors = to_flatbuffer(other, "m.onnx")
    samples = np.random.RandomState(0).randn(2, 24).astype(np.float32)
    runtime.remember(runtime.Converted(model, Model(data, "m.onnx"), tensors))
    assert re.match(r"gemm2 \(Gemm\), by \d", runtime.first_difference(samples))
    runtime.remember(runtime.Converted(other, Model(data, "m.onnx"), tensors))
    assert runtime.first_difference(samples) == ""


def test_the_network_of_the_end_to_end_test_is_this_graph() -> None:
    assert (Path(__file__).parents[1] / "e2e/lights.onnx").read_bytes() == onnx_graphs.lights().SerializeToString()


def test_the_commands_take_it_from_init_to_the_int8_model(tmp_path: Path, quantci: Command) -> None:
    model = onnx_graphs.convolution("N")
    model.graph.input[0].type.tensor_type.shape.dim[2].dim_param = "height"
    onnx.save(model, tmp_path / "model.onnx")
    looked = quantci("inspect", "model.onnx", "--input-shape", "1,3,16,12", cwd=tmp_path)
    assert (looked.code, "CONV_2D" in looked.out) == (0, True), looked.err
    asked = quantci("init", "model.onnx", cwd=tmp_path)
    assert (asked.code, "model.input_shape = [1, 3, ..., 12]" in asked.err) == (2, True), asked.err
    assert quantci("init", "model.onnx", "--input-shape", "1,3,16,12", cwd=tmp_path).code == 0
    config = (tmp_path / "quantci.toml").read_text()
    assert "input_shape = [1, 3, 16, 12]" in config
    samples = np.random.RandomState(0).rand(40, 3, 16, 12).astype(np.float32)  # channels first, as PyTorch has them
    np.save(tmp_path / "X.npy", samples)
    done = quantci("quantize", "--calibration-data", "X.npy", "--input-preprocess", "in-model", cwd=tmp_path)
    assert done.code == 0, done.err
    assert "it/s" not in done.err, "onnx2tf's progress bars are not shown"
    record = json.loads((tmp_path / "build/quantci/quantize.json").read_text())
    source = record["result"]["source"]
    assert (source["format"], source["turned_shape"]) == ("onnx", [1, 3, 16, 12])
    assert source["largest_difference"] < 1e-5
    assert sorted(path.name for path in tmp_path.iterdir()) == ["X.npy", "build", "model.onnx", "quantci.toml"]


def test_a_second_run_does_not_import_the_converter(
    tmp_path: Path, quantci: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    onnx.save(onnx_graphs.convolution(), tmp_path / "model.onnx")
    first = quantci("inspect", "model.onnx", "--json", cwd=tmp_path)
    assert first.code == 0, first.err
    (tmp_path / "stand_in/onnx2tf").mkdir(parents=True)
    (tmp_path / "stand_in/onnx2tf/__init__.py").write_text("raise SystemExit('it was imported')")
    path = os.pathsep.join([str(tmp_path / "stand_in"), *filter(None, [os.environ.get("PYTHONPATH")])])
    monkeypatch.setenv("PYTHONPATH", path)
    assert quantci("inspect", "model.onnx", "--json", cwd=tmp_path).out == first.out
    assert quantci("init", "model.onnx", cwd=tmp_path).code == 0
    np.save(tmp_path / "X.npy", np.random.RandomState(0).rand(40, 3, 16, 12).astype(np.float32))
    quantize = ("quantize", "--calibration-data", "X.npy", "--input-preprocess", "in-model")
    done = quantci(*quantize, cwd=tmp_path)
    assert done.code == 0, done.err
    source = json.loads((tmp_path / "build/quantci/quantize.json").read_text())["result"]["source"]
    assert source["largest_difference"] < 1e-5, "it is compared with ONNX Runtime all the same"
    shutil.rmtree(tmp_path / "build/quantci/.kept")
    assert "it was imported" in quantci(*quantize, cwd=tmp_path).err
