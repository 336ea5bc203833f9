"""An autoencoder all the way, on recordings of machines that hum, and of some that hum wrongly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from tests.integration.command import Command
from tests.integration.pictures import report_of
from tests.integration.recordings import FILES, LENGTH, STRIDE, WIDTH, basis, is_anomalous, recording, truth_line
from tests.known import known

from quantci.records.base import decode
from quantci.records.embed import EmbedRecord
from quantci.records.evaluate import EvaluateResult
from quantci.records.metrics import AnomalyMetrics


def area_under_curve(scores: list[float], kinds: list[int]) -> float:
    """By its meaning: how often an anomalous file scores higher than a normal one, a tie being half a time."""
    pairs = [
        (bad > good) + 0.5 * (bad == good)
        for bad, is_bad in zip(scores, kinds, strict=True)
        for good, is_good in zip(scores, kinds, strict=True)
        if is_bad and not is_good
    ]
    return float(np.mean(pairs))


def evaluated(project: Path) -> EvaluateResult:
    result = report_of(project).evaluate
    assert result is not None
    return result


def metrics_of(result: EvaluateResult) -> dict[str, AnomalyMetrics]:
    found: dict[str, AnomalyMetrics] = {}
    for step in result.steps:
        assert isinstance(step.metrics, AnomalyMetrics)
        found[step.name] = step.metrics
    return found


def test_every_number_follows_from_the_predictions(quantci: Command, anomalies: Path) -> None:
    done = quantci("pipeline", cwd=anomalies)
    assert done.code == 0, done.err
    assert report_of(anomalies).status == "ok"
    result = evaluated(anomalies)
    metrics = metrics_of(result)
    with np.load(anomalies / "out" / "predictions.npz", allow_pickle=False) as file:
        found = {name: file[name] for name in file.files}
    windows = (LENGTH - WIDTH) // STRIDE + 1
    assert list(found["id"]) == [f"{index:02}.bin#{k}" for index in range(FILES) for k in range(windows)]
    assert list(found["group"]) == [f"{index:02}.bin" for index in range(FILES) for _ in range(windows)]
    names = sorted(set(found["group"]))
    kinds = [int(found["label"][found["group"] == name][0]) for name in names]
    assert kinds == [int(is_anomalous(index)) for index in range(FILES)]
    areas = {}
    for name, step in metrics.items():
        window_scores = found[name.replace("-", "_")].reshape(-1)
        scores = [float(window_scores[found["group"] == group].mean()) for group in names]
        areas[name] = area_under_curve(scores, kinds)
        assert step.roc_auc == pytest.approx(areas[name])
        assert step.partial_auc == pytest.approx(roc_auc_score(kinds, scores, max_fpr=0.1))
        assert (step.normal_groups, step.anomalous_groups) == (kinds.count(0), kinds.count(1))
        for kind, mean in ((0, step.mean_score_normal), (1, step.mean_score_anomalous)):
            assert mean == pytest.approx(np.mean([s for s, k in zip(scores, kinds, strict=True) if k == kind]))
    assert 0.6 < areas["float"] < 1, "neither chance nor perfection, which a wrong computation gives easily"
    assert known(result.paired).metric == "roc_auc"
    assert known(result.paired).mcnemar_p is None
    assert known(result.paired).delta == pytest.approx(areas["int8-oracle"] - areas["float"])
    assert known(result.paired).interval.low <= known(result.paired).delta <= known(result.paired).interval.high
    assert {*known(result.paired).broken, *known(result.paired).fixed} <= set(names)


def test_the_float_score_is_the_mean_squared_error_of_each_window(quantci: Command, anomalies: Path) -> None:
    assert quantci("pipeline", cwd=anomalies).code == 0
    expected = []
    for index in range(FILES):
        signal = recording(index).astype(np.float64)
        for start in range(0, LENGTH - WIDTH + 1, STRIDE):
            window = signal[start : start + WIDTH]
            expected.append(np.mean((basis() @ (basis().T @ window) - window) ** 2))
    with np.load(anomalies / "out" / "predictions.npz", allow_pickle=False) as file:
        np.testing.assert_allclose(file["float"].reshape(-1), expected, rtol=1e-3, atol=1e-7)
        # INT8 steps are about 2 / 128 here: scores move by no more than a few squares of that.
        np.testing.assert_allclose(file["int8_oracle"].reshape(-1), expected, rtol=0.3, atol=2e-3)


def test_the_report_and_the_component_speak_of_scores_not_of_classes(quantci: Command, anomalies: Path) -> None:
    done = quantci("pipeline", cwd=anomalies)
    assert done.code == 0, done.err
    result = evaluated(anomalies)
    assert result.dataset.found == result.dataset.used == FILES * 7
    assert result.tags == []
    text = (anomalies / "out" / "report.md").read_text()
    assert "ROC AUC" in text
    assert "Accuracy" not in text
    record_of_embed = decode((anomalies / "out" / "embed.json").read_bytes(), EmbedRecord).result
    assert record_of_embed is not None
    assert record_of_embed.resolver_ops == ["FULLY_CONNECTED"]
    header = (anomalies / "out" / record_of_embed.component_dir / "include" / "quantci_model" / "model.h").read_text()
    assert "kInput" in header
    for word in ("kPixelTable", "kInputWidth"):
        assert word not in header


def test_embed_needs_neither_labels_nor_an_evaluation_set(quantci: Command, anomalies: Path) -> None:
    assert quantci("quantize", cwd=anomalies).code == 0
    done = quantci("embed", "--evaluation-data", "nowhere", cwd=anomalies)
    assert done.code == 0, done.err
    record_of_embed = decode((anomalies / "out" / "embed.json").read_bytes(), EmbedRecord)
    assert record_of_embed.status == "ok"
    assert record_of_embed.result is not None


def test_bin_and_npy_calibrate_alike(quantci: Command, anomalies: Path) -> None:
    assert quantci("quantize", cwd=anomalies).code == 0
    model = (anomalies / "out" / "model_quant.tflite").read_bytes()
    (anomalies / "raw").mkdir()
    for path in (anomalies / "calibration").iterdir():
        (anomalies / "raw" / f"{path.stem}.bin").write_bytes(np.load(path).tobytes())
    assert quantci("quantize", "--calibration-data", "raw", cwd=anomalies).code == 0
    assert (anomalies / "out" / "model_quant.tflite").read_bytes() == model


def rejected(quantci: Command, project: Path, code: str, exit_code: int = 2) -> str:
    """Run the pipeline, which must refuse the data in one line; returns that."""
    done = quantci("pipeline", cwd=project)
    lines = [line for line in done.err.splitlines() if line.startswith("quantci: ")]
    assert len(lines) == 1, done.err
    assert lines[0].endswith(f"[{code}]")
    assert done.code == exit_code
    report = report_of(project)
    assert report.status == "data_rejected"
    assert report.failure is not None
    assert report.failure.code == code
    assert report.verdict != "pass"
    return lines[0]


def test_a_file_shorter_than_its_window(quantci: Command, anomalies: Path) -> None:
    (anomalies / "evaluation" / "05.bin").write_bytes(b"\0" * (4 * WIDTH - 4))
    assert "05.bin" in rejected(quantci, anomalies, "tensor-size")


@pytest.mark.parametrize("label", [0, 1])
def test_files_of_one_kind_only(quantci: Command, anomalies: Path, label: int) -> None:
    lines = [truth_line(index, label=label) for index in range(FILES)]
    (anomalies / "evaluation" / "y_labels.csv").write_text("".join(lines))
    rejected(quantci, anomalies, "empty-class")


def test_a_window_of_another_size_than_the_input(quantci: Command, anomalies: Path) -> None:
    lines = [truth_line(index).replace(f",{4 * WIDTH},", f",{2 * WIDTH},") for index in range(FILES)]
    (anomalies / "evaluation" / "y_labels.csv").write_text("".join(lines))
    rejected(quantci, anomalies, "tensor-size")


def test_a_recording_that_was_calibrated_on_is_a_leak(quantci: Command, anomalies: Path) -> None:
    np.save(anomalies / "calibration" / "999.npy", recording(1)[:WIDTH])
    assert "01.bin#0" in rejected(quantci, anomalies, "leak")
