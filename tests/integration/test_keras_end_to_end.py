"""Keras and SavedModel sources through the real command: one float model, two engines, the same INT8."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from tests.integration.command import Command
from tests.integration.pictures import report_of
from tests.known import known

from quantci.records.base import decode
from quantci.records.metrics import ClassificationMetrics
from quantci.records.quantize import QuantizeRecord, QuantizeResult

OPEN_BATCH_OPS = {"SHAPE", "STRIDED_SLICE", "PACK"}

pytestmark = pytest.mark.slow


def check_source(result: QuantizeResult, kind: str, signature: str | None) -> None:
    """What each source that TensorFlow read must show, whatever engine came after it."""
    source = known(result.source)
    assert (source.format, source.signature) == (kind, signature)
    assert source.converter is not None
    assert source.converter.startswith("TensorFlow 2.")
    assert source.largest_difference is not None
    assert source.largest_difference < 1e-5
    assert source.compared_samples > 0
    assert not {op.op for op in known(result.float_model).ops} & OPEN_BATCH_OPS
    assert not {op.op for op in result.quantized_model.ops} & OPEN_BATCH_OPS
    assert known(result.float_model).inputs[0].shape == [1, 16, 16, 3]
    assert result.quantized_model.is_integer_only


def test_both_engines_take_a_keras_model_to_the_same_int8(quantci: Command, project: Path, sources: Path) -> None:
    keras = ("--model-source", sources / "model.keras")
    done = quantci("pipeline", *keras, cwd=project)
    assert done.code == 0, done.err
    report = report_of(project)
    assert (report.status, report.verdict, report.title) == ("ok", "pass", "model.keras")
    assert report.quantize is not None
    check_source(report.quantize, "keras", None)
    assert report.quantize.engine == "tensorflow"
    assert known(report.quantize.engine_version).startswith("2.")
    assert report.evaluate is not None
    metrics = report.evaluate.steps[0].metrics
    assert isinstance(metrics, ClassificationMetrics)
    assert metrics.top1_accuracy > 0.6
    assert report.quantize.engine in (project / "out" / "report.md").read_text().lower()
    shutil.move(project / "out", project / "tensorflow")

    done = quantci("pipeline", *keras, "--quantization-engine", "litert", cwd=project)
    assert done.code == 0, done.err
    other = report_of(project).quantize
    assert other is not None
    check_source(other, "keras", None)
    assert other.engine == "litert"
    assert other.ranges == report.quantize.ranges
    assert known(other.float_model).sha256 == known(report.quantize.float_model).sha256

    with (
        np.load(project / "tensorflow" / "predictions.npz", allow_pickle=False) as first,
        np.load(project / "out" / "predictions.npz", allow_pickle=False) as second,
    ):
        assert list(first["id"]) == list(second["id"])
        assert first["scale"] == second["scale"]
        assert first["zero_point"] == second["zero_point"]
        outputs = [file["int8_oracle"].astype(int) for file in (first, second)]
    assert outputs[0].shape == (180, 3)
    assert np.abs(outputs[0] - outputs[1]).max() <= 1
    assert np.ptp(outputs[0]) > 100, "a network that always answers the same proves nothing"


@pytest.mark.parametrize(
    ("name", "kind", "signature"),
    [("legacy.h5", "hdf5-legacy", None), ("open_batch", "saved-model", "serving_default")],
)
def test_other_formats_give_the_same_network(
    quantci: Command, project: Path, sources: Path, name: str, kind: str, signature: str | None
) -> None:
    done = quantci("quantize", "--model-source", sources / name, cwd=project)
    assert done.code == 0, done.err
    result = decode((project / "out" / "quantize.json").read_bytes(), QuantizeRecord).result
    assert result is not None
    check_source(result, kind, signature)
    assert result.engine == "tensorflow"
    assert [op.op for op in result.quantized_model.op_counts]
