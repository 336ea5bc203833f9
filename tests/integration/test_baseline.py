"""A change against the base branch, by the real interpreters: paired wherever possible, never at the run's cost."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.integration.command import Command
from tests.integration.test_tasks import BIAS, CONFIG, WEIGHTS, dense, write_set
from tests.masks import masked
from tests.models import Op, Tensor, build_model

from quantci.records.against_base import AgainstBase
from quantci.records.base import read
from quantci.records.evaluate import EvaluateRecord, EvaluateResult

FILES = ("report.json", "model_quant.tflite", "predictions.npz")


@pytest.fixture
def based(quantci: Command, project: Path) -> Path:
    """The project after a run on the base branch, whose three files are in base/."""
    assert quantci("pipeline", cwd=project).code == 0
    keep(project)
    return project


def keep(project: Path) -> None:
    (project / "base").mkdir()
    for name in FILES:
        shutil.copy(project / "out" / name, project / "base" / name)


def evaluate(quantci: Command, project: Path, *options: object) -> EvaluateResult:
    done = quantci("evaluate", "--baseline", "base", *options, cwd=project)
    assert done.code == 0, done.err
    return result_of(project)


def result_of(project: Path) -> EvaluateResult:
    result = read(project / "out/evaluate.json", EvaluateRecord).result
    assert result is not None
    return result


def against(result: EvaluateResult) -> AgainstBase:
    assert result.base_failure is None, result.base_failure
    assert result.against_base is not None
    return result.against_base


def edit(path: Path, change: Callable[[Any], None]) -> None:
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


def set_changed(project: Path, images: Path) -> None:
    """One picture went, one came under a new name, and one has another picture's content."""
    new = project / "changed"
    shutil.copytree(images / "validation", new)
    (new / "dark/000.png").unlink()
    shutil.copy(images / "validation/dark/001.png", new / "dark/new.png")
    shutil.copy(images / "validation/bright/001.png", new / "bright/000.png")
    text = (project / "quantci.toml").read_text()
    (project / "quantci.toml").write_text(text.replace(json.dumps(str(images / "validation")), '"changed"'))


def test_the_same_model_on_the_same_set_takes_every_output_from_the_base(quantci: Command, based: Path) -> None:
    found = against(evaluate(quantci, based))
    assert (found.reused, found.run_again, found.paired.delta) == (180, 0, 0)
    assert (found.paired.broken, found.paired.fixed, found.reasons) == ([], [], [])


def test_what_is_new_in_the_set_is_run_again_and_gives_what_the_base_would(
    quantci: Command, based: Path, images: Path
) -> None:
    set_changed(based, images)
    result = evaluate(quantci, based)
    found = against(result)
    assert (found.reused, found.run_again) == (178, 2)
    assert found.reasons == ["The evaluation set changed: the base's model was run on 2 of today's 180 samples."]
    with np.load(based / "out/predictions.npz") as file:
        assert (file["base"] == file["int8_oracle"]).all()  # it is the same model
        assert sorted(file["id"][file["base_again"]]) == ["bright/000.png", "dark/new.png"]


def test_shards_give_the_record_of_one_run(quantci: Command, based: Path, images: Path) -> None:
    set_changed(based, images)
    evaluate(quantci, based)

    def taken() -> tuple[str, bytes]:
        return masked((based / "out/evaluate.json").read_text()), (based / "out/predictions.npz").read_bytes()

    expected = taken()
    for count in (1, 3):
        for path in (based / "out").glob("evaluate-*-of-*"):
            path.unlink()
        for k in range(1, count + 1):
            done = quantci("evaluate", "--baseline", "base", "--shard", f"{k}/{count}", cwd=based)
            assert done.code == 0, done.err
        assert quantci("merge", cwd=based).code == 0
        assert taken() == expected


def test_a_base_with_other_preprocessing_is_run_with_its_own(quantci: Command, based: Path) -> None:
    """The pictures of the base are normalised as before: its accuracy stays, whatever this change does to its own."""
    text = (based / "quantci.toml").read_text()
    (based / "quantci.toml").write_text(text.replace("mean = [127.5]", "mean = [250.0]"))
    edit(based / "base/report.json", lambda report: report["evaluate"]["read_with"].update(pillow="1.0"))
    assert quantci("quantize", cwd=based).code == 0
    result = evaluate(quantci, based)
    found = against(result)
    assert (found.reused, found.run_again) == (0, 180)
    base = json.loads((based / "base/report.json").read_text())
    assert found.base_metric == base["evaluate"]["steps"][-1]["metrics"]["top1_accuracy"]
    with np.load(based / "base/predictions.npz") as then, np.load(based / "out/predictions.npz") as now:
        assert (then["int8_oracle"] == now["base"]).all()


def test_scores_of_anomalies_are_paired_by_group(quantci: Command, anomalies: Path) -> None:
    assert quantci("pipeline", cwd=anomalies).code == 0
    keep(anomalies)
    reused = against(evaluate(quantci, anomalies))
    assert (reused.paired.metric, reused.paired.delta, reused.paired.broken) == ("roc_auc", 0, [])
    assert (reused.reused > 0, reused.run_again, reused.per_class) == (True, 0, [])
    edit(anomalies / "base/report.json", lambda report: report["evaluate"]["read_with"].update(numpy="1.0"))
    again = against(evaluate(quantci, anomalies))
    assert (again.reused, again.run_again, again.paired) == (0, reused.reused, reused.paired)
    with np.load(anomalies / "base/predictions.npz") as then, np.load(anomalies / "out/predictions.npz") as now:
        assert (then["int8_oracle"] == now["base"]).all()


@pytest.mark.parametrize("kind", ["regression", "multi-label"])
def test_answers_of_several_parts_are_paired(quantci: Command, tmp_path: Path, kind: str) -> None:
    (tmp_path / "dense.tflite").write_bytes(dense(sigmoid=kind == "multi-label"))
    (tmp_path / "quantci.toml").write_text(CONFIG.format(kind=kind, first="up", second="down"))
    random = np.random.RandomState(0)
    samples = random.uniform(-1, 1, (60, 4)).astype(np.float32)
    values = samples @ WEIGHTS.T + BIAS
    labels = [";".join(map(str, row)) for row in values.tolist()]
    if kind == "multi-label":
        labels = [
            ";".join(name for name, value in zip(("up", "down"), row, strict=True) if value > 0) for row in values
        ]
    write_set(tmp_path / "calibration", samples[:30], labels[:30])
    write_set(tmp_path / "evaluation", samples[30:], labels[30:])
    assert quantci("pipeline", cwd=tmp_path).code == 0
    keep(tmp_path)
    found = against(evaluate(quantci, tmp_path))
    assert (found.reused, found.run_again, found.paired.delta) == (30, 0, 0)
    assert found.base_metric == found.candidate_metric
    assert [one.label for one in found.per_class] == (["up", "down"] if kind == "multi-label" else [])
    # The same model under a configuration that names its second output otherwise: compared on the first alone.
    (tmp_path / "quantci.toml").write_text(CONFIG.format(kind=kind, first="up", second="low"))
    for name in ("calibration", "evaluation"):
        manifest = tmp_path / name / "manifest.csv"
        manifest.write_text(manifest.read_text().replace("down", "low"))
    assert quantci("quantize", cwd=tmp_path).code == 0
    found = against(evaluate(quantci, tmp_path))
    assert (found.paired.delta, [note.split(":")[1] for note in found.not_comparable]) == (0, [" low", " down"])


def test_a_pipeline_compares_and_reports(quantci: Command, based: Path) -> None:
    done = quantci("pipeline", "--baseline", "base/report.json", "--quantization-input-type", "uint8", cwd=based)
    assert done.code == 0, done.err
    found = against(result_of(based))
    report = json.loads((based / "out/report.json").read_text())
    assert report["baseline"]["metric_delta"] == found.paired.delta
    assert report["baseline"]["metric_interval"]["low"] == found.paired.interval.low
    assert report["config"]["quantization"]["input_type"] == "uint8"


def _custom() -> bytes:
    """A sound file whose op no interpreter has."""
    tensors = [
        Tensor("image", [1, 32, 32, 3], "int8", scale=0.01, zero_point=0),
        Tensor("y", [1, 3], "int8", scale=0.01, zero_point=0),
    ]
    return build_model(tensors, [Op("TheirOwnOp", ["image"], ["y"])], ["image"], ["y"])


def replace_model(base: Path, data: bytes) -> None:
    """A baseline that is consistent in itself, and asks for its model to be run."""
    (base / "model_quant.tflite").write_bytes(data)

    def change(report: Any) -> None:
        report["quantize"]["quantized_model"]["sha256"] = hashlib.sha256(data).hexdigest()
        report["evaluate"]["read_with"]["pillow"] = "1.0"

    edit(base / "report.json", change)


HOSTILE: dict[str, tuple[Callable[[Path], Any], str]] = {
    "empty": (lambda base: (base / "predictions.npz").unlink(), "baseline-file"),
    "tampered": (lambda base: (base / "model_quant.tflite").write_bytes(b"TFL3"), "baseline-damaged"),
    "old": (lambda base: edit(base / "report.json", lambda report: report.pop("config")), "baseline-old"),
    "not-a-report": (lambda base: (base / "report.json").write_text("[" * 100_000), "schema"),
    "not-a-model": (lambda base: replace_model(base, b"\x1c\0\0\0TFL3" + b"\xff" * 99), "malformed"),
    "cannot-run": (lambda base: replace_model(base, _custom()), "baseline-model"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_baseline_that_cannot_be_used_costs_the_comparison_only(quantci: Command, based: Path, name: str) -> None:
    before = result_of(based)
    change, code = HOSTILE[name]
    change(based / "base")
    result = evaluate(quantci, based)
    assert (result.against_base, result.paired) == (None, before.paired)
    assert result.base_failure is not None
    assert result.base_failure.code == code
    done = quantci("report", "--baseline", "base", cwd=based)
    assert done.code == 0, done.err
    report = json.loads((based / "out/report.json").read_text())
    assert [advice["code"] for advice in report["advice"]] == [code]
