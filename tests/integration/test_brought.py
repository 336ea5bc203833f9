"""What people bring that is not the plain case: each file is taken, or one message says what it is and what to do."""

from __future__ import annotations

import json
import re
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.integration.command import Command, Done
from tests.integration.pictures import report_of
from tests.models import Op, Tensor, build_model

from quantci.tflite.model import Model

SERIES = """
output_dir = "out"
[model]
source = {source}
[task]
kind = "regression"
labels = ["a", "b", "c"]
[input]
preprocess = "in-model"
dtype = "float32"
[calibration]
data = {calibration}
[evaluation]
data = {evaluation}
"""


def refused(done: Done, code: str) -> str:
    """The one message."""
    assert done.code == 2, done.err
    (line,) = [line for line in done.err.splitlines() if line.startswith("quantci: ")]
    assert line.endswith(f"[{code}]")
    return line


def written(folder: Path) -> dict[str, Any]:
    """What `init` wrote under [input], and with it whether it called that a guess."""
    text = (folder / "quantci.toml").read_text()
    return {**tomllib.loads(text)["input"], "is guess": "# A guess: " in text}


def test_a_model_that_divides_itself_is_read_from_a_keras_file(quantci: Command, tmp_path: Path, sources: Path) -> None:
    assert quantci("init", sources / "rescaled.keras", cwd=tmp_path).code == 0
    found = written(tmp_path)
    assert (found["preprocess"], found["is guess"]) == ("in-model", False)


def test_its_tflite_does_not_show_it_and_the_probe_does(
    quantci: Command, tmp_path: Path, sources: Path, images: Path
) -> None:
    """TFLiteConverter folds the division into the convolution."""
    done = quantci("init", sources / "rescaled.tflite", "--evaluation-data", images / "validation", cwd=tmp_path)
    assert "Run quantci probe: the preprocessing is a guess." in done.out
    found = written(tmp_path)
    assert ("preprocess" in found, found["std"], found["is guess"]) == (False, [255.0], True)
    done = quantci("probe", "--write", "--task-labels", "dark,bright,striped", cwd=tmp_path)
    assert done.code == 0, done.err
    assert 'with "raw 0..255", and of ' in done.out
    assert written(tmp_path)["preprocess"] == "in-model"


def test_normalised_twice_it_is_never_a_pass_and_the_line_that_fits_stands_first(
    quantci: Command, project: Path, sources: Path
) -> None:
    """What `init` once wrote for it: FP32 finds a third of three classes."""
    twice = ("--model-source", sources / "rescaled.tflite", "--input-mean", 0, "--input-std", 255)
    done = quantci("pipeline", *twice, cwd=project)
    report = report_of(project)
    assert report.evaluate is not None, done.err
    assert report.evaluate.headline(0) == pytest.approx(1 / 3)
    assert (done.code, report.verdict) == (0, "inconclusive")
    assert report.verdict_reason.startswith("The float model gives one answer to all 180 samples, ")
    assert 'Set in `[input]`: `preprocess = "in-model"`.' in done.out.partition("| Metric")[0]
    done = quantci("pipeline", *twice, "--gates-fail-on-inconclusive", "true", cwd=project)
    assert done.code == 3
    done = quantci("pipeline", *twice, "--input-preprocess", "in-model", cwd=project)
    assert (done.code, report_of(project).verdict) == (0, "pass")


def test_weights_of_float16_are_taken(quantci: Command, project: Path, sources: Path) -> None:
    half = Model.read(sources / "half.tflite").summary
    assert "DEQUANTIZE" in {op.op for op in half.ops}
    assert "float16" in {tensor.dtype for tensor in half.tensors}
    found = []
    for name in ("model.tflite", "half.tflite"):
        done = quantci("pipeline", "--model-source", sources / name, cwd=project)
        assert done.code == 0, done.err
        report = report_of(project)
        assert report.quantize is not None
        assert report.quantize.float_model is not None
        assert report.evaluate is not None
        found.append((report.verdict, [op.op for op in report.quantize.float_model.ops], report.evaluate.headline(0)))
    assert found[0][:2] == found[1][:2]
    assert found[0][2] == pytest.approx(found[1][2], abs=0.02)


def test_a_loop_names_the_layer_and_how_to_unroll_it(quantci: Command, tmp_path: Path, sources: Path) -> None:
    line = refused(quantci("init", sources / "loop.tflite", cwd=tmp_path), "multi-subgraph")
    assert re.search(r": The model has WHILE \(.*lstm.*\): a loop, such as that of LSTM, GRU and Bidirectional", line)
    assert "Set unroll=True on that layer" in line
    assert not (tmp_path / "quantci.toml").exists()


@pytest.mark.parametrize(
    ("name", "ops"), [("unrolled.keras", {"TANH", "LOGISTIC"}), ("fused.h5", {"UNIDIRECTIONAL_SEQUENCE_LSTM"})]
)
def test_a_recurrent_layer_without_a_loop_is_quantized(
    quantci: Command, tmp_path: Path, sources: Path, name: str, ops: set[str]
) -> None:
    """Judged by what the float model itself gives, so FP32 has an R² of 1."""
    folder = sources / Path(name).stem
    values = {
        "source": sources / name,
        "calibration": folder / "calibration.npz",
        "evaluation": folder / "evaluation.npz",
    }
    (tmp_path / "quantci.toml").write_text(SERIES.format(**{key: json.dumps(str(at)) for key, at in values.items()}))
    done = quantci("pipeline", "--gates-max-metric-drop", "0.02", cwd=tmp_path)
    assert done.code == 0, done.err
    report = report_of(tmp_path)
    assert report.verdict == "pass"
    assert report.quantize is not None
    assert report.evaluate is not None
    assert ops <= {op.op for op in report.quantize.quantized_model.ops}
    assert report.quantize.quantized_model.is_integer_only
    assert report.evaluate.headline(0) == pytest.approx(1, abs=1e-4)
    assert report.evaluate.headline(-1) > 0.98


def test_what_is_no_model_file_says_what_it_is(quantci: Command, tmp_path: Path, model: Path) -> None:
    numbers = ", ".join(f"0x{byte:02x}" for byte in model.read_bytes()[:400])
    (tmp_path / "model.cc").write_text(f"alignas(16) const unsigned char model_data[] = {{{numbers}}};\n")
    (tmp_path / "graph.pb").write_bytes(b"\n*\n\x05input\x12\x0bPlaceholder*\x0b\n\x05dtype\x12\x020\x01")
    with zipfile.ZipFile(tmp_path / "download.zip", "w") as archive:
        archive.writestr("labels.txt", "0 cat\n")
        archive.writestr("keras_model.h5", b"\x89HDF\r\n\x1a\n")
    for name, told in (
        (
            "model.cc",
            "This is C source with an array of bytes, as firmware includes it, not a model file. Name the .tflite",
        ),
        ("graph.pb", "This is a graph of TensorFlow 1 (a frozen graph). Convert it with"),
        ("download.zip", "This is a zip archive. Unpack it, and name what is inside: keras_model.h5."),
    ):
        assert f"{name}: {told}" in refused(quantci("init", name, cwd=tmp_path), "wrong-format")
    assert not (tmp_path / "quantci.toml").exists()


def test_numbers_to_predict_are_a_regression_from_init_to_the_report(quantci: Command, tmp_path: Path) -> None:
    """y = 2 x + 1 with noise; the manifest's labels are the numbers."""
    tensors = [
        Tensor("x", [1, 1]),
        Tensor("weights", data=np.array([[2]], np.float32)),
        Tensor("bias", data=np.array([1], np.float32)),
        Tensor("y", [1, 1]),
    ]
    ops = [Op("FULLY_CONNECTED", ["x", "weights", "bias"], ["y"])]
    (tmp_path / "line.tflite").write_bytes(build_model(tensors, ops, ["x"], ["y"]))
    done = quantci("init", "line.tflite", cwd=tmp_path)
    assert "quantci.toml: regression: a guess: one number" in done.out
    random = np.random.RandomState(0)
    (tmp_path / "data").mkdir()
    for name in ("calibration", "validation"):
        x = random.uniform(-3, 3, 200)
        y = 2 * x + 1 + random.normal(0, 0.2, 200)
        lines = [f"{one:.6f},{other:.6f}" for one, other in zip(x, y, strict=True)]
        (tmp_path / "data" / f"{name}.csv").write_text("\n".join(["x,label", *lines]) + "\n")
    data = ("--calibration-data", "data/calibration.csv", "--evaluation-data", "data/validation.csv")
    done = quantci("pipeline", *data, "--output-dir", "out", cwd=tmp_path)
    assert done.code == 0, done.err
    report = report_of(tmp_path)
    assert report.verdict == "pass"
    assert report.evaluate is not None
    assert report.evaluate.paired is not None
    assert report.evaluate.paired.metric == "r2"
    assert 0.98 < report.evaluate.headline(-1) < 1
