"""The examples of PyTorch and scikit-learn, from the source to the report, without TensorFlow."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from tests.integration.command import Command

from quantci.records.base import read
from quantci.records.report import Report

pytestmark = pytest.mark.roads
EXAMPLES = Path(__file__).parents[2] / "examples"


def pipeline(quantci: Command, folder: Path, example: str, generator: str) -> Report:
    """The report of an example, in a folder of its own."""
    own = shutil.copytree(EXAMPLES / example, folder / example, ignore=shutil.ignore_patterns("data", "build"))
    subprocess.run([sys.executable, EXAMPLES / generator, "--root", own], check=True, capture_output=True, timeout=600)
    done = quantci("pipeline", "--output-dir", "out", cwd=own)
    assert done.code == 0, done.err
    assert "tensorflow" not in done.err.lower()
    return read(own / "out/report.json", Report)


def test_a_perceptron_of_scikit_learn(quantci: Command, tmp_path: Path) -> None:
    report = pipeline(quantci, tmp_path, "sensor-mlp", "sensor-mlp/generate.py")
    assert report.verdict == "pass"
    assert report.quantize is not None
    assert report.quantize.source is not None
    assert report.quantize.source.format == "onnx"
    assert {op.op for op in report.quantize.quantized_model.ops} == {"FULLY_CONNECTED", "SOFTMAX"}


@pytest.mark.skipif(find_spec("torch") is None, reason="needs PyTorch")
def test_the_traffic_lights_of_pytorch(quantci: Command, tmp_path: Path) -> None:
    report = pipeline(quantci, tmp_path, "traffic-lights-torch", "traffic-lights/generate.py")
    assert report.verdict == "pass"
    assert report.quantize is not None
    source = report.quantize.source
    assert source is not None
    assert (source.format, source.path) == ("torch", "network:traffic_lights")
    assert (source.largest_difference or 0) < 1e-5
    assert (source.exported_difference or 0) < 1e-5
