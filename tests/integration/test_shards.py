"""An evaluation in shards, through the commands that a job matrix runs: the same bytes, or a refusal by name."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from tests.integration.command import Command
from tests.masks import masked

from quantci.records.base import read
from quantci.records.evaluate import EvaluateRecord
from quantci.records.shard import ShardRecord


def whole(quantci: Command, project: Path) -> tuple[str, bytes]:
    """What one run gives: its record, masked, and its predictions. Nothing of it stays in the output folder."""
    assert quantci("quantize", cwd=project).code == 0
    done = quantci("evaluate", cwd=project)
    assert done.code == 0, done.err
    return taken(project)


def taken(project: Path) -> tuple[str, bytes]:
    result = masked((project / "out" / "evaluate.json").read_text()), (project / "out" / "predictions.npz").read_bytes()
    (project / "out" / "evaluate.json").unlink()
    (project / "out" / "predictions.npz").unlink()
    return result


def shard(quantci: Command, project: Path, count: int, numbers: Iterable[int] | None = None, *options: object) -> None:
    for k in numbers or range(1, count + 1):
        done = quantci("evaluate", "--shard", f"{k}/{count}", *options, cwd=project)
        assert done.code == 0, done.err
        assert done.out.startswith(f"shard {k} of {count}, ")


def refused(quantci: Command, project: Path, code: str, exit_code: int = 2) -> str:
    """Merge, which must refuse in one line; returns that. The record says the same."""
    done = quantci("merge", cwd=project)
    lines = [line for line in done.err.splitlines() if line.startswith("quantci: ")]
    assert len(lines) == 1, done.err
    assert lines[0].endswith(f"[{code}]")
    assert done.code == exit_code
    record = read(project / "out" / "evaluate.json", EvaluateRecord)
    assert record.result is None
    assert record.failure is not None
    assert record.failure.code == code
    assert not (project / "out" / "predictions.npz").exists()
    return lines[0]


def few(project: Path, images: Path) -> None:
    """Let the set have one picture a class."""
    shutil.rmtree(project / "few", ignore_errors=True)
    for name in ("dark", "bright", "striped"):
        (project / "few" / name).mkdir(parents=True)
        shutil.copy(images / "validation" / name / "000.png", project / "few" / name)
    text = (project / "quantci.toml").read_text()
    (project / "quantci.toml").write_text(text.replace(json.dumps(str(images / "validation")), '"few"'))


def test_shards_merge_to_the_bytes_of_one_run(quantci: Command, project: Path) -> None:
    (project / "mine.py").write_text("def share(p, y):\n    return float((p.argmax(1) == y).mean())\n")
    text = (project / "quantci.toml").read_text().replace("[task]", '[task]\nmetrics = ["mine:share"]')
    (project / "quantci.toml").write_text(text)
    expected = whole(quantci, project)
    assert "mine:share" in expected[0]
    for count in (1, 2, 3):
        shard(quantci, project, count)
        done = quantci("merge", cwd=project)
        assert done.code == 0, done.err
        assert "on 180 samples" in done.out
        assert taken(project) == expected, f"{count} shards"
        for path in (project / "out").glob("evaluate-*-of-*"):
            path.unlink()


def test_more_shards_than_samples(quantci: Command, project: Path, images: Path) -> None:
    few(project, images)
    expected = whole(quantci, project)
    shard(quantci, project, 5)
    assert quantci("merge", cwd=project).code == 0
    assert taken(project) == expected


def test_an_anomaly_task_merges_too(quantci: Command, anomalies: Path) -> None:
    expected = whole(quantci, anomalies)
    shard(quantci, anomalies, 3)
    assert quantci("merge", cwd=anomalies).code == 0
    assert taken(anomalies) == expected


def test_artifacts_in_folders_of_their_own_merge_where_nothing_else_is(
    quantci: Command, project: Path, images: Path
) -> None:
    """As in a job that has quantci.toml and the artifacts of other jobs: no set, no models, no interpreter."""
    few(project, images)
    expected = whole(quantci, project)
    shard(quantci, project, 2)
    job = project / "job"
    for k in (1, 2):
        (job / "shards" / f"shard-{k}").mkdir(parents=True)
        for path in (project / "out").glob(f"evaluate-{k}-of-2.*"):
            shutil.copy(path, job / "shards" / f"shard-{k}")
    (job / "out").mkdir()
    shutil.copy(project / "out" / "quantize.json", job / "out")
    shutil.copy(project / "quantci.toml", job)
    code = "import sys; from quantci.cli import main; code = main(['merge', 'shards']); print(code, *sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=job, capture_output=True, text=True, check=True, timeout=600
    )
    exit_code, *modules = done.stdout.splitlines()[-1].split()
    assert exit_code == "0", done.stderr
    heavy = {"ai_edge_litert", "tflite_micro", "tensorflow", "keras", "PIL", "multiprocessing.forkserver"}
    assert not heavy & set(modules)
    assert taken(job) == expected


def test_a_report_of_merged_shards_is_the_report(quantci: Command, project: Path) -> None:
    assert quantci("quantize", cwd=project).code == 0
    shard(quantci, project, 2)
    for command in ("merge", "embed", "report"):
        assert quantci(command, cwd=project).code == 0
    report = json.loads((project / "out" / "report.json").read_bytes())
    assert (report["status"], report["verdict"]) == ("ok", "pass")


def test_shards_may_differ_in_workers_and_output_folder(quantci: Command, project: Path) -> None:
    expected = whole(quantci, project)
    shutil.copytree(project / "out", project / "there")
    shard(quantci, project, 2, [1], "--evaluation-workers", 1)
    shard(quantci, project, 2, [2], "--output-dir", "there", "--evaluation-workers", 3)
    for path in (project / "there").glob("evaluate-2-of-2.*"):
        shutil.copy(path, project / "out")
    assert quantci("merge", cwd=project).code == 0
    record = read(project / "out" / "evaluate.json", EvaluateRecord)
    assert record.result is not None
    assert {step.host_latency.workers for step in record.result.steps} == {None}
    text, predictions = taken(project)
    assert predictions == expected[1]
    assert [line for line in text.splitlines() if "workers" not in line] == [
        line for line in expected[0].splitlines() if "workers" not in line
    ]


def test_unreadable_files_are_judged_over_the_whole_set(quantci: Command, project: Path, images: Path) -> None:
    """One of 45 in its shard would be too many; one of 180 is not, and two of them are."""
    shutil.copytree(images / "validation", project / "validation")
    text = (project / "quantci.toml").read_text()
    (project / "quantci.toml").write_text(text.replace(json.dumps(str(images / "validation")), '"validation"'))
    (project / "validation" / "dark" / "007.png").write_bytes(b"no picture")
    expected = whole(quantci, project)
    assert "007.png" in expected[0]
    shard(quantci, project, 4)
    assert quantci("merge", cwd=project).code == 0
    assert taken(project) == expected
    (project / "validation" / "dark" / "008.png").write_bytes(b"")
    shard(quantci, project, 4)
    merged = refused(quantci, project, "unreadable-image")
    alone = quantci("evaluate", cwd=project)
    assert merged == next(line for line in alone.err.splitlines() if line.startswith("quantci: "))
    assert "Of 180 files, these cannot be read (2)" in merged


@pytest.fixture
def halves(quantci: Command, project: Path) -> Path:
    """A project with both halves of its evaluation in the output folder."""
    assert quantci("quantize", cwd=project).code == 0
    shard(quantci, project, 2)
    return project


def test_what_is_missing_or_double_is_named(quantci: Command, halves: Path) -> None:
    out = halves / "out"
    (out / "again").mkdir()
    shutil.copy(out / "evaluate-1-of-2.json", out / "again")
    assert "Shard 1 of 2 was found 2 times" in refused(quantci, halves, "shard-double")
    shutil.rmtree(out / "again")
    (out / "evaluate-2-of-2.json").unlink()
    assert "Shard 2 of 2 is missing." in refused(quantci, halves, "shard-missing")
    (out / "evaluate-1-of-2.npz").unlink()
    shard(quantci, halves, 2, [2])
    assert "The outputs of shard 1 of 2 are missing." in refused(quantci, halves, "shard-missing")
    shard(quantci, halves, 3, [1])
    assert "divide the set differently" in refused(quantci, halves, "shard-foreign")


def test_outputs_that_are_not_those_of_the_record(quantci: Command, halves: Path) -> None:
    data = bytearray((halves / "out" / "evaluate-2-of-2.npz").read_bytes())
    data[len(data) // 2] ^= 1
    (halves / "out" / "evaluate-2-of-2.npz").write_bytes(data)
    assert "evaluate-2-of-2.npz: " in refused(quantci, halves, "hash-mismatch")


def test_a_shard_of_another_configuration_is_foreign(quantci: Command, halves: Path) -> None:
    shard(quantci, halves, 2, [2], "--evaluation-oracle", "litert-reference")
    line = refused(quantci, halves, "shard-foreign")
    assert "Shard 2 of 2 cannot be merged into this run: the configuration is " in line
    # Asked for as a whole it is no fault, and only then.
    shard(quantci, halves, 2, [1], "--evaluation-oracle", "litert-reference")
    assert quantci("merge", "--evaluation-oracle", "litert-reference", cwd=halves).code == 0


def test_a_shard_of_another_set_is_foreign(quantci: Command, project: Path, images: Path) -> None:
    few(project, images)
    assert quantci("quantize", cwd=project).code == 0
    shard(quantci, project, 2, [1])
    shutil.move(project / "few" / "dark" / "000.png", project / "few" / "dark" / "001.png")
    shard(quantci, project, 2, [2])
    assert "the evaluation set is " in refused(quantci, project, "shard-foreign")


def test_a_shard_of_another_model_is_foreign(quantci: Command, halves: Path) -> None:
    kept = {path.name: path.read_bytes() for path in (halves / "out").glob("evaluate-*-of-*")}
    assert quantci("quantize", "--quantization-input-type", "uint8", cwd=halves).code == 0
    assert not list((halves / "out").glob("evaluate-*-of-*")), "shards of the model before are out of date"
    for name, data in kept.items():
        (halves / "out" / name).write_bytes(data)
    assert "the quantized model is " in refused(quantci, halves, "shard-foreign")


def test_a_shard_that_failed_says_why(quantci: Command, halves: Path) -> None:
    """Its record is written all the same, and the other one stays."""
    model = halves / "out" / "model_quant.tflite"
    data = model.read_bytes()
    model.write_bytes(data[:-1] + b"\x55")
    done = quantci("evaluate", "--shard", "2/2", cwd=halves)
    assert done.code == 2
    assert done.err.splitlines()[-1].endswith("[hash-mismatch]")
    model.write_bytes(data)
    record = read(halves / "out" / "evaluate-2-of-2.json", ShardRecord)
    assert (record.status, record.result) == ("model_rejected", None)
    assert not (halves / "out" / "evaluate-2-of-2.npz").exists(), "outputs of the run before are out of date"
    line = refused(quantci, halves, "shard-failed")
    assert "Shard 2 of 2 did not finish: " in line
    assert "[hash-mismatch]" in line
    shard(quantci, halves, 2, [2])
    assert quantci("merge", cwd=halves).code == 0


def test_a_merge_without_quantize_and_a_wrong_shard(quantci: Command, halves: Path) -> None:
    done = quantci("evaluate", "--shard", "3/2", cwd=halves)
    assert done.code == 2
    assert "Write 1/4, 2/4, 3/4 and 4/4 for four jobs. [shard]" in done.err
    (halves / "out" / "quantize.json").unlink()
    assert "quantci quantize" in refused(quantci, halves, "not-found")
