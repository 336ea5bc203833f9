"""What must not read as a pass: a ruined change, a ruined quantization, a model that the flash cannot hold.

The model and the data are those of examples/relu6-residual, whose float model is right on each of its 400 samples.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.tools import flatbuffer_utils
from tests.integration.command import Command, Done
from tests.models import Op, Tensor, build_model

from quantci.records.base import read
from quantci.records.report import Report

EXAMPLE = Path(__file__).parents[2] / "examples" / "relu6-residual"
CONFIG = """
[model]
source = "relu6_residual.tflite"
[task]
labels = ["north", "east", "south", "west"]
[input]
mean = [0]
std = [1]
[calibration]
data = "data/calibration"
[evaluation]
data = "data/evaluation"
"""


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, its model with noise on the last layer, a calibration set that is too dark, and a base's results."""
    folder = tmp_path_factory.mktemp("verdict")
    for name in ("generate.py", "relu6_residual.tflite"):
        shutil.copy(EXAMPLE / name, folder)
    subprocess.run([sys.executable, "generate.py"], cwd=folder, check=True, capture_output=True, timeout=600)
    (folder / "noisy.tflite").write_bytes(with_noise(folder / "relu6_residual.tflite"))
    shutil.copytree(folder / "data" / "calibration", folder / "data" / "dark")
    for file in (folder / "data" / "dark").glob("*.npy"):
        np.save(file, np.load(file) / 50)
    (folder / "quantci.toml").write_text(CONFIG)
    return folder


@pytest.fixture(scope="module")
def base(quantci: Command, example: Path) -> Path:
    """What the base branch left: the model without noise, well calibrated."""
    done = quantci("pipeline", "--output-dir", "base", cwd=example)
    assert done.code == 0, done.err
    report = read(example / "base" / "report.json", Report)
    assert (report.verdict, report.verdict_reason) == ("pass", "All 3 gates hold.")
    return example / "base"


def with_noise(path: Path) -> bytes:
    """The model with normal noise as large as the weights themselves added to those of its last layer with any."""
    tree = flatbuffer_utils.read_model(str(path))
    graph = tree.subgraphs[0]
    last = next(op for op in reversed(graph.operators) if len(op.inputs) > 1)
    buffer = tree.buffers[graph.tensors[last.inputs[1]].buffer]
    weights = np.frombuffer(bytes(buffer.data), np.float32)
    noise = np.random.RandomState(0).normal(0, weights.std(), weights.shape)
    buffer.data = np.frombuffer((weights + noise).astype(np.float32).tobytes(), np.uint8)
    return bytes(flatbuffer_utils.convert_object_to_bytearray(tree))


def told(done: Done, example: Path, output: str) -> Report:
    """The report; whatever shows its verdict shows the same sentence."""
    report = read(example / output / "report.json", Report)
    comment = (example / output / "report.md").read_text(encoding="utf-8")
    plain = re.sub(r"[`\\]", "", comment)
    assert report.verdict_reason in plain
    assert report.verdict_reason in re.sub(r"[`\\]", "", done.out)
    return report


def test_noise_on_the_last_layer_fails_against_the_base_and_the_sentence_says_the_model(
    quantci: Command, example: Path, base: Path
) -> None:
    done = quantci(
        "pipeline", "--model-source", "noisy.tflite", "--baseline", base, "--output-dir", "noisy", cwd=example
    )
    report = told(done, example, "noisy")
    assert (done.code, report.verdict) == (3, "fail")
    assert re.match(
        r"INT8 accuracy fell by \d+\.\d points, from \d+\.\d % to \d+\.\d %; "
        r"FP32 fell as much: the model, not quantization\. That is beyond doubt",
        report.verdict_reason,
    )
    failed = {(gate.name, gate.family) for gate in report.gates if gate.verdict == "fail"}
    assert failed == {("fail_on_loss", "base")}
    off = ("--gates-fail-on-loss", "quantization")
    assert quantci("report", *off, "--baseline", base, "--output-dir", "noisy", cwd=example).code == 0


def test_a_dark_calibration_set_fails_with_nothing_configured(quantci: Command, example: Path, base: Path) -> None:
    dark = ("--calibration-data", "data/dark")
    done = quantci("pipeline", *dark, "--output-dir", "dark", cwd=example)
    report = told(done, example, "dark")
    assert (done.code, report.verdict) == (3, "fail")
    assert re.match(r"INT8 accuracy is \d+\.\d points below FP32, from 100\.0 % to \d+\.\d %\.", report.verdict_reason)
    done = quantci("pipeline", *dark, "--baseline", base, "--output-dir", "dark", cwd=example)
    report = told(done, example, "dark")
    assert done.code == 3
    assert "; FP32 did not fall: quantization, not the model. That is beyond doubt" in report.verdict_reason
    assert report.verdict_reason.endswith("In all, 2 of 4 gates failed.")


def test_who_loosens_the_gate_does_not_pass_by_that(quantci: Command, example: Path, base: Path) -> None:
    loose = ("--gates-max-metric-drop", "0.99", "--gates-max-metric-regression", "0.99")
    options = ("--calibration-data", "data/dark", "--baseline", base, *loose)
    done = quantci("pipeline", *options, "--output-dir", "loose", cwd=example)
    report = told(done, example, "loose")
    assert (done.code, report.verdict) == (0, "inconclusive")
    assert report.verdict_reason.startswith(
        "It passes only by gates that it loosened. This change sets gates.max_metric_regression to 0.99. "
        "By the gates of the base branch it would fail: INT8 accuracy fell by "
    )
    assert (
        quantci("report", *options, "--gates-fail-on-inconclusive", "true", "--output-dir", "loose", cwd=example).code
        == 3
    )


def test_a_gate_against_the_base_is_judged_as_soon_as_there_is_one(quantci: Command, example: Path, base: Path) -> None:
    gates = ("--gates-max-metric-regression", "0.03", "--gates-max-model-growth", "0")
    done = quantci("pipeline", *gates, "--output-dir", "first", cwd=example)
    report = told(done, example, "first")
    assert (done.code, report.verdict) == (0, "pass")
    line = "Not judged, because there is no baseline: max_metric_regression, max_model_growth."
    assert report.not_judged == [line]
    assert line in done.out.replace("`", "")
    done = quantci("pipeline", *gates, "--baseline", base, "--output-dir", "first", cwd=example)
    report = told(done, example, "first")
    assert (done.code, report.verdict, report.not_judged) == (0, "pass", [])
    assert {gate.name for gate in report.gates if gate.family == "base"} == {
        "max_metric_regression",
        "max_model_growth",
    }


def test_a_gate_whose_stage_left_no_record_ends_in_2(quantci: Command, example: Path, base: Path) -> None:
    assert quantci("quantize", "--output-dir", "part", cwd=example).code == 0
    asked = ("--baseline", base, "--output-dir", "part")
    for gate in (("--gates-min-metric", "0.5"), ("--gates-max-metric-regression", "0.05")):
        done = quantci("report", *gate, *asked, cwd=example)
        assert done.code == 2, done.err
        assert "[record-missing]" in done.err


def test_a_model_of_9_mb_does_not_pass_for_8_mb_of_flash(quantci: Command, tmp_path: Path) -> None:
    """One dense layer of 3,072 x 3,000 weights, 9.2 MB in INT8: an ESP32-S3 module has 8 MB."""
    random = np.random.RandomState(0)
    sizes = (3072, 3000, 3)
    tensors, ops = (
        [Tensor("image", [1, 32, 32, 3]), Tensor("flat", [1, 3072]), Tensor("to", data=np.array([1, 3072], np.int32))],
        [],
    )
    ops.append(Op("RESHAPE", ["image", "to"], ["flat"], {"newShape": [1, 3072]}))
    given = "flat"
    for wide, (few, many) in enumerate(pairwise(sizes)):
        weights = random.normal(0, few**-0.5, (many, few)).astype(np.float32)
        tensors += [Tensor(f"weights{wide}", data=weights), Tensor(f"dense{wide}", [1, many])]
        ops.append(Op("FULLY_CONNECTED", [given, f"weights{wide}", ""], [f"dense{wide}"]))
        given = f"dense{wide}"
    (tmp_path / "big.tflite").write_bytes(build_model(tensors, ops, ["image"], [given]))
    for name, first in (("calibration", 0), ("evaluation", 30)):
        for index in range(first, first + 30):
            folder = tmp_path / "data" / name / "abc"[index % 3]
            folder.mkdir(parents=True, exist_ok=True)
            np.save(folder / f"{index}.npy", random.normal(0, 1, (32, 32, 3)).astype(np.float32))
    (tmp_path / "quantci.toml").write_text(
        CONFIG.replace("relu6_residual", "big").replace('["north", "east", "south", "west"]', '["a", "b", "c"]')
    )
    done = quantci("pipeline", "--output-dir", "out", cwd=tmp_path)
    report = read(tmp_path / "out" / "report.json", Report)
    assert (done.code, report.verdict) == (3, "fail"), done.err
    assert "more than all of the flash of ESP32-S3: 8,388,608 bytes" in report.verdict_reason
    assert "**Flash**" in done.out
    larger = ("--target-chip", "esp32s3-n16r8", "--output-dir", "out")
    done = quantci("pipeline", *larger, cwd=tmp_path)
    report = read(tmp_path / "out" / "report.json", Report)
    assert next(gate for gate in report.gates if gate.name == "fits_flash").verdict == "pass"
