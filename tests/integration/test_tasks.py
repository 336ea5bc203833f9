"""Regression and several labels all the way, on a network whose weights are worked out by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, r2_score
from tests.integration.command import Command
from tests.integration.pictures import report_of
from tests.known import known
from tests.models import Op, Tensor, build_model

from quantci.records.metrics import MultiLabelMetrics, RegressionMetrics

WEIGHTS = np.array([[1, -2, 0.5, 0], [0, 1, 1, -1]], np.float32)
BIAS = np.array([0.5, -1], np.float32)
CONFIG = """
output_dir = "out"
[model]
source = "dense.tflite"
[task]
kind = "{kind}"
labels = ["{first}", "{second}"]
[input]
mean = [0]
std = [1]
[calibration]
data = "calibration"
[evaluation]
data = "evaluation"
"""


def dense(*, sigmoid: bool) -> bytes:
    """The .tflite: [1, 4] to [1, 2], WEIGHTS and BIAS, and a sigmoid behind them or not."""
    tensors = [
        Tensor("x", [1, 4]),
        Tensor("weights", data=WEIGHTS),
        Tensor("bias", data=BIAS),
        Tensor("dense", [1, 2]),
        Tensor("sigmoid", [1, 2]),
    ]
    ops = [Op("FULLY_CONNECTED", ["x", "weights", "bias"], ["dense"])]
    if sigmoid:
        return build_model(tensors, [*ops, Op("LOGISTIC", ["dense"], ["sigmoid"])], ["x"], ["sigmoid"])
    return build_model(tensors[:-1], ops, ["x"], ["dense"])


def write_set(folder: Path, samples: Any, labels: list[str]) -> None:
    folder.mkdir()
    lines = ["path,label"]
    for index, (sample, label) in enumerate(zip(samples, labels, strict=True)):
        np.save(folder / f"{index:03}.npy", sample)
        lines.append(f"{index:03}.npy,{label}")
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n")


def write_project(folder: Path, kind: str, first: str, second: str, label_of: Callable[[Any, Any], str]) -> None:
    """Samples at random, each labelled by what the network's sums are, with some noise."""
    (folder / "dense.tflite").write_bytes(dense(sigmoid=kind == "multi-label"))
    (folder / "quantci.toml").write_text(CONFIG.format(kind=kind, first=first, second=second))
    for name, count, seed in (("calibration", 60, 1), ("evaluation", 200, 2)):
        random = np.random.RandomState(seed)
        samples = random.uniform(-1, 1, (count, 4)).astype(np.float32)
        sums = samples @ WEIGHTS.T + BIAS + 0.3 * random.randn(count, 2)
        write_set(folder / name, samples, [label_of(one, random) for one in sums])


def predictions(project: Path) -> dict[str, Any]:
    with np.load(project / "out" / "predictions.npz", allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def values(found: dict[str, Any], step: str) -> Any:
    raw = found[step]
    return raw if step == "float" else (raw.astype(np.float64) - found["zero_point"]) * found["scale"]


@pytest.fixture
def heights(tmp_path: Path) -> Path:
    write_project(tmp_path, "regression", "height", "width", lambda sums, _: ";".join(f"{one:.6f}" for one in sums))
    return tmp_path


@pytest.fixture
def animals(tmp_path: Path) -> Path:
    def label(sums: Any, _: Any) -> str:
        return ";".join(name for name, one in zip(("cat", "dog"), sums, strict=True) if one > 0)

    write_project(tmp_path, "multi-label", "cat", "dog", label)
    return tmp_path


def test_a_regression_follows_from_its_predictions(quantci: Command, heights: Path) -> None:
    done = quantci("pipeline", cwd=heights)
    assert done.code == 0, done.err
    result = report_of(heights).evaluate
    assert result is not None
    found = predictions(heights)
    assert found["label"].shape == (200, 2)
    for step in result.steps:
        assert isinstance(step.metrics, RegressionMetrics)
        answers = values(found, step.name.replace("-", "_"))
        assert step.metrics.r2 == pytest.approx(r2_score(found["label"], answers), abs=1e-6)
        assert step.metrics.mae == pytest.approx(np.abs(answers - found["label"]).mean(), abs=1e-6)
    assert 0.85 < result.headline(0) < 0.99, "neither chance nor perfection, which a wrong computation gives easily"
    assert known(result.paired).metric == "r2"
    assert "R²" in done.out
    assert "`height`" in done.out
    assert "Samples broken and fixed" not in done.out


def test_several_labels_follow_from_their_predictions(quantci: Command, animals: Path) -> None:
    done = quantci("pipeline", cwd=animals)
    assert done.code == 0, done.err
    result = report_of(animals).evaluate
    assert result is not None
    assert "logits" not in [advice.code for advice in result.advice]
    found = predictions(animals)
    truth = found["label"]
    for step in result.steps:
        assert isinstance(step.metrics, MultiLabelMetrics)
        answers = values(found, step.name.replace("-", "_"))
        assert step.metrics.exact_match == ((answers >= 0.5) == (truth == 1)).all(axis=1).mean()
        areas = [average_precision_score(truth[:, index], answers[:, index]) for index in range(2)]
        assert step.metrics.mean_average_precision == pytest.approx(np.mean(areas))
    assert 0.6 < result.headline(0) < 0.95
    assert "Exact match" in done.out
    assert "`cat`" in done.out


def test_shards_of_a_regression_merge_to_the_whole(quantci: Command, heights: Path) -> None:
    assert quantci("quantize", cwd=heights).code == 0
    assert quantci("evaluate", cwd=heights).code == 0
    whole = json.loads((heights / "out" / "evaluate.json").read_text())["result"]
    for shard in ("1/2", "2/2"):
        assert quantci("evaluate", "--shard", shard, cwd=heights).code == 0
    done = quantci("merge", "out", cwd=heights)
    assert done.code == 0, done.err
    merged = json.loads((heights / "out" / "evaluate.json").read_text())["result"]
    for result in (whole, merged):
        for step in result["steps"]:
            del step["host_latency"]
    assert merged == whole


def test_a_label_that_is_no_number_is_named(quantci: Command, heights: Path) -> None:
    manifest = heights / "evaluation" / "manifest.csv"
    manifest.write_text(manifest.read_text() + "000.npy,tall\n".replace("000", "999"))
    np.save(heights / "evaluation" / "999.npy", np.zeros(4, np.float32))
    done = quantci("pipeline", cwd=heights)
    assert done.code == 2
    assert "999.npy: tall" in done.err
    assert "[label-mismatch]" in done.err
