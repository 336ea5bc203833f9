"""examples/relu6-residual: right in LiteRT, wrong in TFLM, named in the comment, and rewritten."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.integration.command import Command

from quantci.records.base import read
from quantci.records.metrics import ClassificationMetrics
from quantci.records.report import Report
from quantci.tflite.lite_rt import open_lite_rt
from quantci.tflite.model import Model
from quantci.tflite.tflm import tflm_available

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not tflm_available(), reason="TFLM has no wheel for this machine"),
]
EXAMPLE = Path(__file__).parents[2] / "examples" / "relu6-residual"


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example with its data, as a user has it after generate.py."""
    folder = tmp_path_factory.mktemp("example") / "relu6-residual"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("data", "build"))
    subprocess.run([sys.executable, "generate.py"], cwd=folder, check=True, capture_output=True, timeout=600)
    return folder


def accuracies(report: Report) -> list[float]:
    assert report.evaluate is not None
    metrics = [step.metrics for step in report.evaluate.steps]
    return [step.top1_accuracy for step in metrics if isinstance(step, ClassificationMetrics)]


def test_the_fault_shows_in_the_step_to_tflm_and_is_named(quantci: Command, example: Path) -> None:
    done = quantci("pipeline", "--quantization-rewrite", "false", "--output-dir", "wrong", cwd=example)
    assert done.code == 3, done.err
    report = read(example / "wrong" / "report.json", Report)
    float_model, lite_rt, tflm = accuracies(report)
    assert float_model == 1.0
    assert lite_rt > 0.95
    assert tflm < 0.5
    assert report.quantize is not None
    assert report.embed is not None
    assert report.quantize.rewrites == []
    found = [(hit.rule, hit.op, hit.layer) for hit in report.quantize.kernel_hits]
    assert found == [("relu6-rescale", "RELU6", "stem/relu6"), ("relu6-rescale", "RELU6", "block/relu6")]
    assert [(hit.rule, hit.layer) for hit in report.embed.kernel_hits] == [(rule, layer) for rule, _, layer in found]
    comment = (example / "wrong" / "report.md").read_text(encoding="utf-8")
    assert "Known kernel faults" in comment
    assert "`stem/relu6`<br>`RELU6`" in comment
    assert comment.count("never rescales") == 3, "in two rows of the table and in one line of advice"
    assert "(https://github.com/tensorflow/tflite-micro/" in comment
    assert comment.count("(`known-bad-kernel`)") == 1


def test_the_mend_takes_the_loss_away_and_is_said(quantci: Command, example: Path) -> None:
    done = quantci("pipeline", "--output-dir", "right", cwd=example)
    assert done.code == 0, done.err
    report = read(example / "right" / "report.json", Report)
    float_model, lite_rt, tflm = accuracies(report)
    assert float_model == 1.0
    assert min(lite_rt, tflm) > 0.95
    assert report.quantize is not None
    assert report.quantize.kernel_hits == []
    assert [(rewrite.name, rewrite.layers) for rewrite in report.quantize.rewrites] == [
        ("fuse-activation", ["stem/relu6"]),
        ("same-range", ["block/relu6"]),
    ]
    comment = (example / "right" / "report.md").read_text(encoding="utf-8")
    assert "Known kernel faults" not in comment
    assert comment.count("(`rewritten`)") == 1


def test_both_engines_rewrite_alike(quantci: Command, example: Path, needs_tensorflow: None) -> None:
    done = quantci("pipeline", "--quantization-engine", "tensorflow", "--output-dir", "other", cwd=example)
    assert done.code == 0, done.err
    report = read(example / "other" / "report.json", Report)
    assert report.quantize is not None
    assert report.quantize.kernel_hits == []
    assert min(accuracies(report)) > 0.95


def test_the_committed_model_is_the_one_that_build_writes(example: Path, tmp_path: Path) -> None:
    folder = tmp_path / "again"
    folder.mkdir()
    for name in ("build.py", "generate.py"):
        shutil.copy(EXAMPLE / name, folder)
    subprocess.run([sys.executable, "build.py"], cwd=folder, check=True, capture_output=True, timeout=600)
    runners = [open_lite_rt(Model.read(place / "relu6_residual.tflite")) for place in (example, folder)]
    sample = np.random.RandomState(0).normal(size=(1, 16, 16, 3)).astype(np.float32)
    first, second = (runner.run([sample])[0] for runner in runners)
    assert np.allclose(first, second, atol=1e-4), "the last bits of its dense layer come from this machine's LAPACK"
