"""`quantci init` writes a configuration that fits the model and works; `quantci inspect` tells what is in a model."""

from __future__ import annotations

import argparse
import tomllib
from pathlib import Path

import numpy as np
import pytest
from tests.integration.command import Command, Done
from tests.integration.pictures import report_of
from tests.known import known
from tests.models import Op, Tensor, build_model, int8_tree, pack_tree, tiny_autoencoder, tiny_float_cnn, tiny_int8_cnn

from quantci.cli.settings import load
from quantci.records.base import decode
from quantci.records.config import Config
from quantci.records.model import ModelSummary


def loaded(file: Path) -> Config:
    """What quantci makes of a configuration without options and variables."""
    return load(argparse.Namespace(config=str(file), output_dir=None), {}).config


def one_line(done: Done, code: str, exit_code: int = 2) -> None:
    """The command failed with one message that carries this code."""
    assert done.code == exit_code, done.err
    lines = [line for line in done.err.splitlines() if not line.startswith("quantci init: ")]  # its progress
    assert len(lines) == 1, done.err
    assert lines[0].startswith("quantci: ")
    assert lines[0].endswith(f"[{code}]")


def test_init_for_images_then_the_pipeline(quantci: Command, tmp_path: Path, model: Path, images: Path) -> None:
    (tmp_path / "My Model-2.tflite").write_bytes(model.read_bytes())
    done = quantci("init", "My Model-2.tflite", cwd=tmp_path)
    assert done.code == 0, done.err
    text = (tmp_path / "quantci.toml").read_text()
    assert tomllib.loads(text)["model"] == {"source": "My Model-2.tflite"}
    assert "16x16 pixels, RGB" in text
    assert "[127.5]" in text, "the other common normalisation stands in a comment"
    config = loaded(tmp_path / "quantci.toml")
    assert config.task.kind == "classification"
    assert len(config.task.labels) == 3
    assert (config.input.resize, config.input.mean, config.input.std) == ("bilinear", (0.0,), (255.0,))
    assert (config.input.preprocess, config.input.dtype, config.input.shape) == ("normalize", None, ())
    assert config.embed.component == "model_my_model_2"
    data = ("--calibration-data", images / "calibration", "--evaluation-data", images / "validation")
    own = ("--task-labels", "dark,bright,striped", "--input-mean", 127.5, "--input-std", 127.5)
    options = (*data, *own, "--calibration-samples", 210, "--output-dir", "out")
    done = quantci("pipeline", "--config", "quantci.toml", *options, cwd=tmp_path)
    assert done.code == 0, done.err
    assert report_of(tmp_path).status == "ok"
    assert (tmp_path / "out" / "component" / "model_my_model_2" / "include" / "model_my_model_2" / "model.h").is_file()


def test_init_writes_gates_that_its_evaluation_set_can_decide(
    quantci: Command, tmp_path: Path, model: Path, images: Path
) -> None:
    """60 pictures of each of three classes: 5 points need 157 samples, and 10 % of 60 are 6."""
    (tmp_path / "m.tflite").write_bytes(model.read_bytes())
    done = quantci("init", "m.tflite", "--evaluation-data", images / "validation", cwd=tmp_path)
    assert done.code == 0, done.err
    config = loaded(tmp_path / "quantci.toml")
    assert (tmp_path / config.evaluation.data).resolve() == (images / "validation").resolve()
    gates = config.gates
    assert (gates.max_metric_drop, gates.max_metric_regression) == (0.05, 0.05)
    assert (gates.max_worst_class_drop, gates.max_worst_class_regression) == (0.1, 0.1)
    assert "the 180 samples of the evaluation set" in (tmp_path / "quantci.toml").read_text()
    own = ("--task-labels", "dark,bright,striped", "--input-mean", 127.5, "--input-std", 127.5)
    options = ("--calibration-data", images / "calibration", *own, "--calibration-samples", 210, "--output-dir", "out")
    done = quantci("pipeline", *options, cwd=tmp_path)
    assert done.code == 0, done.err
    report = report_of(tmp_path)
    assert "max_metric_drop" in {gate.name for gate in report.gates}
    assert report.not_judged == [
        "Not judged, because there is no baseline: max_metric_regression, max_worst_class_regression."
    ]


def test_init_refuses_an_evaluation_set_that_is_none(quantci: Command, tmp_path: Path, model: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(model.read_bytes())
    one_line(quantci("init", "m.tflite", "--evaluation-data", "nowhere", cwd=tmp_path), "not-found")
    assert quantci("init", "m.tflite", cwd=tmp_path).code == 0
    assert loaded(tmp_path / "quantci.toml").gates.max_metric_drop is None
    assert "There is no evaluation set in data/validation yet" in (tmp_path / "quantci.toml").read_text()


def test_init_for_an_autoencoder_then_the_pipeline(quantci: Command, tmp_path: Path) -> None:
    (tmp_path / "ad.tflite").write_bytes(tiny_autoencoder(3, width=16))
    (tmp_path / "ci").mkdir()
    assert quantci("init", "ad.tflite", "--config", "ci/quantci.toml", cwd=tmp_path).code == 0
    config = loaded(tmp_path / "ci" / "quantci.toml")
    assert config.model.source == "../ad.tflite", "relative to the file, not to where the command was run"
    assert (config.task.kind, config.task.labels) == ("anomaly", ())
    assert (config.input.dtype, config.input.shape) == ("float32", (16,))
    assert (config.input.mean, config.input.std) == ((0.0,), (1.0,))
    random = np.random.RandomState(0)
    for folder, count, loudness in (("calibration", 200, 1), ("normal", 20, 1), ("anomaly", 10, 3)):
        place = tmp_path / "data" / folder if folder == "calibration" else tmp_path / "data" / "validation" / folder
        place.mkdir(parents=True)
        for index in range(count):
            np.save(place / f"{index:03}.npy", random.normal(0, loudness, 16).astype(np.float32))
    data = ("--calibration-data", "data/calibration", "--evaluation-data", "data/validation")
    done = quantci("pipeline", "--config", "ci/quantci.toml", *data, "--output-dir", "out", cwd=tmp_path)
    assert done.code == 0, done.err
    evaluated = report_of(tmp_path).evaluate
    assert evaluated is not None
    assert evaluated.dataset.per_class == {"normal": 20, "anomaly": 10}


@pytest.mark.slow
def test_init_for_keras(quantci: Command, tmp_path: Path, sources: Path) -> None:
    done = quantci("init", sources / "model.keras", cwd=tmp_path)
    assert done.code == 0, done.err
    config = loaded(tmp_path / "quantci.toml")
    assert (tmp_path / known(config.model.source)).resolve() == (sources / "model.keras").resolve()
    assert len(config.task.labels) == 3
    assert config.embed.component == "model_model"


def test_init_sees_grey_pictures_and_arithmetic_in_the_graph(quantci: Command, tmp_path: Path) -> None:
    tensors = [
        Tensor("image", [1, 20, 30, 1]),
        Tensor("scale", data=np.array([1 / 255], np.float32)),
        Tensor("scaled", [1, 20, 30, 1]),
        Tensor("axes", data=np.array([1, 2], np.int32)),
        Tensor("mean", [1, 1]),
        Tensor("weights", data=np.ones((5, 1), np.float32)),
        Tensor("logits", [1, 5]),
    ]
    ops = [
        Op("MUL", ["image", "scale"], ["scaled"]),
        Op("MEAN", ["scaled", "axes"], ["mean"]),
        Op("FULLY_CONNECTED", ["mean", "weights", ""], ["logits"]),
    ]
    (tmp_path / "m.tflite").write_bytes(build_model(tensors, ops, ["image"], ["logits"]))
    done = quantci("init", "m.tflite", cwd=tmp_path)
    assert done.code == 0, done.err
    config = loaded(tmp_path / "quantci.toml")
    assert config.input.preprocess == "in-model"
    assert len(config.task.labels) == 5
    assert "30x20 pixels, grey" in (tmp_path / "quantci.toml").read_text()


def test_init_calls_a_guess_a_guess(quantci: Command, tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(tiny_float_cnn(0))
    done = quantci("init", "m.tflite", cwd=tmp_path)
    assert "Run quantci probe: the preprocessing is a guess. Then run: quantci pipeline" in done.out
    text = (tmp_path / "quantci.toml").read_text()
    assert "# classification: it ends in a softmax." in text
    assert "# A guess: 0..1. A converter folds a Rescaling into the convolution behind it" in text


@pytest.mark.slow
def test_init_reads_the_layers_of_a_keras_file(quantci: Command, tmp_path: Path, sources: Path) -> None:
    assert quantci("init", sources / "model.keras", cwd=tmp_path).code == 0
    text = (tmp_path / "quantci.toml").read_text()
    assert "# A guess: 0..1. The model does not normalise its input, so the training did" in text


def test_init_replaces_nothing_without_force(quantci: Command, tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(tiny_float_cnn(0))
    (tmp_path / "quantci.toml").write_text("mine")
    one_line(quantci("init", "m.tflite", cwd=tmp_path), "exists")
    assert (tmp_path / "quantci.toml").read_text() == "mine"
    assert quantci("init", "m.tflite", "--force", cwd=tmp_path).code == 0
    assert len(loaded(tmp_path / "quantci.toml").task.labels) == 4


def test_init_writes_nothing_for_a_model_that_is_none(quantci: Command, tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(b"just some text, longer than a header")
    one_line(quantci("init", "m.tflite", cwd=tmp_path), "malformed")
    one_line(quantci("init", "nowhere.tflite", cwd=tmp_path), "not-found")
    weights = Tensor("w", data=np.ones((3, 4), np.int8), scale=0.01)
    tensors = [Tensor("x", [1, 4]), weights, Tensor("y", [1, 3])]
    dynamic = build_model(tensors, [Op("FULLY_CONNECTED", ["x", "w", ""], ["y"])], ["x"], ["y"])
    (tmp_path / "q.tflite").write_bytes(dynamic)
    one_line(quantci("init", "q.tflite", cwd=tmp_path), "already-quantized")
    (tmp_path / "float.tflite").write_bytes(tiny_float_cnn(0))
    one_line(quantci("init", "float.tflite", "--quantized", "q.tflite", cwd=tmp_path), "dynamic-range")
    assert not (tmp_path / "quantci.toml").exists()


def test_inspect_shows_ops_sizes_and_types(quantci: Command, tmp_path: Path) -> None:
    data = tiny_int8_cnn()
    (tmp_path / "m.tflite").write_bytes(data)
    done = quantci("inspect", "m.tflite", cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    for text in ("CONV_2D", "ADD", "MAX_POOL_2D", "RESHAPE", "FULLY_CONNECTED", "SOFTMAX"):
        assert text in done.out
    assert f"{len(data):,} bytes" in done.out
    assert "integer only" in done.out
    assert "input image int8 1x8x8x3 scale 0.05 zero point -5" in done.out
    assert "output probabilities int8 1x4 scale 0.00390625 zero point -128" in done.out
    assert "8 scales on axis 0" not in done.out
    row = next(line for line in done.out.splitlines() if "CONV_2D" in line)
    assert f"{8 * 8 * 8 * 27 + 8 * 8 * 8 * 72:,}" in row, "MACs of both convolutions"
    assert f"{8 * 27 + 8 * 72 + 2 * 8 * 4:,}" in row, "weights and biases of both"


def test_inspect_says_that_there_are_more_subgraphs(quantci: Command, tmp_path: Path) -> None:
    tree = int8_tree()
    tree.subgraphs.append(tree.subgraphs[0])
    (tmp_path / "two.tflite").write_bytes(pack_tree(tree))
    done = quantci("inspect", "two.tflite", cwd=tmp_path)
    assert "2 subgraphs, of which the main one is shown" in done.out


def test_inspect_lists_layers(quantci: Command, tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(tiny_int8_cnn())
    done = quantci("inspect", "m.tflite", "--layers", cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    for name, shape in (("first", "1x8x8x8"), ("second", "1x8x8x8"), ("pool", "1x4x4x8"), ("dense", "1x4")):
        assert any(name in line and shape in line for line in done.out.splitlines()), name


def test_inspect_says_what_tflm_lacks_and_what_is_float(quantci: Command, tmp_path: Path) -> None:
    tensors = [Tensor("x", [1, 4]), Tensor("y", [1, 4]), Tensor("z", [1, 4])]
    ops = [Op("GELU", ["x"], ["y"]), Op("MyOp", ["y"], ["z"])]
    (tmp_path / "m.tflite").write_bytes(build_model(tensors, ops, ["x"], ["z"]))
    done = quantci("inspect", "m.tflite", cwd=tmp_path)
    assert done.code == 0, done.err
    assert "3 float tensors" in done.out
    last = next(line for line in done.out.splitlines() if line.startswith("ops that TFLM lacks: "))
    assert "GELU" in last
    assert "MyOp" in last


@pytest.mark.parametrize(
    "model", [tiny_int8_cnn(), tiny_float_cnn(0), tiny_autoencoder(0)], ids=["int8", "float", "autoencoder"]
)
def test_inspect_json_is_a_record(quantci: Command, tmp_path: Path, model: bytes) -> None:
    (tmp_path / "m.tflite").write_bytes(model)
    done = quantci("inspect", "m.tflite", "--json", cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    summary = decode(done.out.encode(), ModelSummary)
    assert (summary.file_name, summary.file_bytes) == ("m.tflite", len(model))
    assert sum(count.count for count in summary.op_counts) == len(summary.ops)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "not-found"),
        (b"", "empty"),
        (b"just some text, longer than a header", "malformed"),
        (tiny_int8_cnn()[:1500], "malformed"),
        (b"\x1c\0\0\0TFL3" + b"\xff" * 200, "malformed"),
    ],
    ids=["missing", "empty", "text", "cut", "garbage"],
)
@pytest.mark.parametrize("option", [(), ("--json",)], ids=["table", "json"])
def test_inspect_of_a_broken_file(
    quantci: Command, tmp_path: Path, content: bytes | None, code: str, option: tuple[str, ...]
) -> None:
    if content is not None:
        (tmp_path / "m.tflite").write_bytes(content)
    done = quantci("inspect", "m.tflite", *option, cwd=tmp_path)
    one_line(done, code)
    assert done.out == ""


def test_inspect_of_a_folder(quantci: Command, tmp_path: Path) -> None:
    (tmp_path / "m.tflite").mkdir()
    done = quantci("inspect", "m.tflite", cwd=tmp_path)
    assert done.code == 2
    assert len(done.err.splitlines()) == 1
