"""The whole way on real files through the command that a user types: results, verdicts, exit codes, repeatability."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
from tests.integration.command import Command
from tests.integration.pictures import LABELS, report_of
from tests.known import known
from tests.running import read_until

from quantci.chip.latency.coefficients import published_coefficients
from quantci.records.base import decode, encode
from quantci.records.embed import EmbedRecord
from quantci.records.evaluate import EvaluateRecord
from quantci.records.metrics import ClassificationMetrics
from quantci.records.quantize import QuantizeRecord


def without_provenance(path: Path) -> object:
    """A record as plain data, less what differs from run to run: time, duration, host latency."""
    tree = json.loads(path.read_bytes())

    def scrub(value: object) -> object:
        if isinstance(value, dict):
            return {k: scrub(v) for k, v in value.items() if k not in {"provenance", "host_latency", "duration_s"}}
        return [scrub(item) for item in value] if isinstance(value, list) else value

    return scrub(tree)


def test_the_pipeline_reports_what_quantization_costs(quantci: Command, project: Path) -> None:
    done = quantci("pipeline", cwd=project)
    assert done.code == 0, done.err
    report = report_of(project)
    assert (report.status, report.verdict) == ("ok", "pass")
    assert report.quantize is not None
    assert report.evaluate is not None
    assert report.embed is not None
    assert report.quantize.engine == "litert"
    assert known(report.quantize.calibration).used == 210
    assert report.quantize.quantized_model.is_integer_only
    assert report.evaluate.dataset.used == 180
    first = report.evaluate.steps[0].metrics
    assert isinstance(first, ClassificationMetrics)
    assert first.top1_accuracy > 0.6
    assert report.device_latency_us is None
    assert report.device_latency_reason
    assert done.out.startswith((project / "out" / "report.md").read_text())


def test_stages_one_by_one_give_the_same_as_the_pipeline(quantci: Command, project: Path) -> None:
    assert quantci("pipeline", cwd=project).code == 0
    shutil.move(project / "out", project / "whole")
    for stage in ("quantize", "evaluate", "embed", "report"):
        done = quantci(stage, cwd=project)
        assert done.code == 0, done.err
    for name in ("quantize.json", "evaluate.json", "embed.json", "report.json"):
        assert without_provenance(project / "out" / name) == without_provenance(project / "whole" / name), name
    for name in ("model_float.tflite", "model_quant.tflite", "predictions.npz"):
        assert (project / "out" / name).read_bytes() == (project / "whole" / name).read_bytes(), name


def test_every_number_can_be_computed_again_from_the_predictions(quantci: Command, project: Path) -> None:
    assert quantci("pipeline", cwd=project).code == 0
    result = decode((project / "out" / "evaluate.json").read_bytes(), EvaluateRecord).result
    assert result is not None
    with np.load(project / "out" / "predictions.npz", allow_pickle=False) as file:
        truth, before, after = file["label"], file["float"].argmax(1), file["int8_oracle"].argmax(1)
        ids, litert, oracle = file["id"], file["int8_litert"], file["int8_oracle"]
        assert list(file["label_names"]) == LABELS
    steps = {step.name: step for step in result.steps}
    for step, predicted in ((steps["float"], before), (steps["int8-oracle"], after)):
        metrics = step.metrics
        assert isinstance(metrics, ClassificationMetrics)
        assert metrics.top1_accuracy == pytest.approx((predicted == truth).mean())
        assert metrics.confusion_matrix[1][1] == int(((predicted == 1) & (truth == 1)).sum())
    assert known(result.paired).broken == [str(i) for i in ids[(before == truth) & (after != truth)]]
    assert known(result.paired).delta == pytest.approx((after == truth).mean() - (before == truth).mean())
    agreement = steps["int8-oracle"].agreement
    assert agreement is not None
    assert agreement.identical_outputs == int((litert == oracle).all(axis=1).sum())
    assert agreement.largest_lsb == np.abs(litert.astype(int) - oracle.astype(int)).max()


def test_one_worker_and_many_give_the_same(quantci: Command, project: Path) -> None:
    assert quantci("quantize", cwd=project).code == 0
    for workers in (1, 3):
        assert quantci("evaluate", "--evaluation-workers", workers, cwd=project).code == 0
        shutil.copy(project / "out" / "predictions.npz", project / f"{workers}.npz")
        shutil.copy(project / "out" / "evaluate.json", project / f"{workers}.json")
    assert (project / "1.npz").read_bytes() == (project / "3.npz").read_bytes()
    assert without_provenance(project / "1.json") == without_provenance(project / "3.json")


@pytest.mark.parametrize(
    ("gate", "value", "code", "verdict"),
    [
        ("max_model_bytes", "100", 3, "fail"),
        ("max_arena_bytes", "100", 3, "fail"),
        ("max_latency_us", "100", 0, "inconclusive"),
    ],
)
def test_gates_decide_the_verdict_and_the_exit_code(
    quantci: Command, project: Path, gate: str, value: str, code: int, verdict: str
) -> None:
    done = quantci("pipeline", f"--gates-{gate.replace('_', '-')}", value, cwd=project)
    assert done.code == code, done.err
    report = report_of(project)
    assert report.verdict == verdict
    assert next(result for result in report.gates if result.name == gate).verdict == verdict


def test_a_gate_finer_than_the_evaluation_set_is_refused(quantci: Command, project: Path) -> None:
    done = quantci("pipeline", "--gates-max-metric-drop", "0.01", cwd=project)
    assert done.code == 2, done.err
    report = report_of(project)
    assert (report.status, report.verdict) == ("config_rejected", "inconclusive")
    assert report.failure is not None
    assert report.failure.code == "gate-too-fine"
    assert "samples" in report.failure.remedy
    assert "max_metric_drop" not in {result.name for result in report.gates}
    assert report.evaluate is not None, "what was measured stays in the report"


def test_inconclusive_fails_only_where_that_is_asked_for(quantci: Command, project: Path) -> None:
    assert quantci("pipeline", "--gates-max-latency-us", 100, cwd=project).code == 0
    strict = ("--gates-max-latency-us", 100, "--gates-fail-on-inconclusive", "true")
    assert quantci("report", *strict, cwd=project).code == 3


def test_a_baseline_tells_what_changed(quantci: Command, project: Path) -> None:
    assert quantci("pipeline", cwd=project).code == 0
    shutil.copytree(project / "out", project / "base")
    assert quantci("pipeline", "--baseline", "base", cwd=project).code == 0
    same = report_of(project).baseline
    assert same is not None
    assert (same.same_model, same.same_dataset, same.metric_delta, same.model_bytes_delta) == (True, True, 0.0, 0)
    assert quantci("pipeline", "--baseline", "base", "--quantization-input-type", "uint8", cwd=project).code == 0
    other = report_of(project).baseline
    assert other is not None
    assert not other.same_model
    assert {change.op for change in other.ops} == {"QUANTIZE"}


def test_a_broken_baseline_costs_the_comparison_not_the_report(quantci: Command, project: Path) -> None:
    (project / "base").mkdir()
    (project / "base/report.json").write_text("<html>")
    done = quantci("pipeline", "--baseline", "base", cwd=project)
    assert done.code == 0, done.err
    report = report_of(project)
    assert report.baseline is None
    assert any(advice.code == "schema" for advice in report.advice)


def test_uint8_storage_binary_and_no_strip_go_all_the_way(quantci: Command, project: Path) -> None:
    options = ("--quantization-input-type", "uint8", "--quantization-output-type", "uint8")
    done = quantci("pipeline", *options, "--quantization-strip", "false", "--embed-storage", "binary", cwd=project)
    assert done.code == 0, done.err
    report = report_of(project)
    assert report.quantize is not None
    assert report.quantize.strip is None
    assert [tensor.dtype for tensor in report.quantize.quantized_model.inputs] == ["uint8"]
    component = project / "out" / "component" / "quantci_model"
    assert (component / "model.tflite").read_bytes() == (project / "out" / "model_quant.tflite").read_bytes()


def test_in_model_preprocessing_gets_raw_pixels(quantci: Command, project: Path) -> None:
    done = quantci("quantize", "--input-preprocess", "in-model", cwd=project)
    assert done.code == 0, done.err
    result = decode((project / "out" / "quantize.json").read_bytes(), QuantizeRecord).result
    assert result is not None
    source = next(entry for entry in result.ranges if entry.tensor == known(result.float_model).inputs[0].index)
    assert (source.min, source.max) == (20.0, 239.0), "pictures.draw() gives 20 to 20 + 130 + 89"


def test_a_model_that_changed_after_quantize_is_not_evaluated(quantci: Command, project: Path) -> None:
    assert quantci("quantize", cwd=project).code == 0
    model = project / "out" / "model_quant.tflite"
    data = bytearray(model.read_bytes())
    data[len(data) // 2] ^= 1
    model.write_bytes(data)
    done = quantci("evaluate", cwd=project)
    assert done.code == 2
    assert "[hash-mismatch]" in done.err
    record = decode((project / "out" / "evaluate.json").read_bytes(), EvaluateRecord)
    assert (record.status, record.result) == ("model_rejected", None)


def test_custom_metrics_stand_in_the_record(quantci: Command, project: Path) -> None:
    (project / "mine.py").write_text("def share(p, y):\n    return float((p.argmax(1) == y).mean())\n")
    assert quantci("pipeline", "--task-metrics", "mine:share", cwd=project).code == 0
    evaluated = report_of(project).evaluate
    assert evaluated is not None
    for step in evaluated.steps:
        assert isinstance(step.metrics, ClassificationMetrics)
        assert step.metrics.custom["mine:share"] == pytest.approx(step.metrics.top1_accuracy)


@contextlib.contextmanager
def calibrating(project: Path) -> Iterator[subprocess.Popen[str]]:
    """A `quantci pipeline` that has just begun to calibrate; it is gone afterwards, whatever the test found."""
    command = [sys.executable, "-m", "quantci", "pipeline"]
    with subprocess.Popen(
        command, cwd=project, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stderr is not None
        try:
            said = read_until(process.stderr, "calibrating")
            assert "calibrating" in said, said
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_a_stopped_run_ends_in_a_report_that_says_cancelled(project: Path, number: signal.Signals) -> None:
    with calibrating(project) as process:
        process.send_signal(number)
        error = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert "Traceback" not in error
    assert len([line for line in error.splitlines() if line.startswith("quantci: ")]) == 1, error
    report = report_of(project)
    assert (report.status, report.verdict) == ("cancelled", "inconclusive")
    assert (report.quantize, report.evaluate, report.embed) == (None, None, None)
    assert not [path for path in (project / "out").iterdir() if path.name.startswith(".")]
    assert wait_until(lambda: not processes_of(project), 10), f"still there: {processes_of(project)}"


def processes_of(project: Path) -> list[int]:
    """A command that runs in `project`, and all that it started."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (entry / "cwd").resolve(strict=True) == project.resolve():
                found.append(int(entry.name))
    return found


def wait_until(condition: Callable[[], bool], timeout_s: float) -> bool:
    """Whether the condition became true in time."""
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline_s:
            return False
        time.sleep(0.05)
    return True


def test_no_worker_outlives_a_killed_command(project: Path) -> None:
    with calibrating(project) as process:
        assert wait_until(lambda: len(processes_of(project)) >= 2, 10), "no worker to outlive it"
        process.kill()
    try:
        assert wait_until(lambda: not processes_of(project), 20), f"still there: {processes_of(project)}"
    finally:
        for number in processes_of(project):
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)


def test_a_failed_run_leaves_nothing_of_the_successful_one_before(quantci: Command, project: Path) -> None:
    assert quantci("pipeline", cwd=project).code == 0
    done = quantci("pipeline", "--model-source", "gone.tflite", cwd=project)
    assert done.code == 2
    report = report_of(project)
    assert (report.status, report.verdict) == ("model_rejected", "fail")
    assert report.failure is not None
    assert report.failure.code == "not-found"
    assert (report.quantize, report.evaluate, report.embed) == (None, None, None)
    assert {stage.stage: stage.status for stage in report.stages if stage.stage != "bench"} == {
        "quantize": "model_rejected",
        "evaluate": "not_run",
        "embed": "not_run",
    }
    assert "not-found" in (project / "out" / "report.md").read_text()


def test_a_failed_quantize_takes_the_report_of_the_run_before_with_it(quantci: Command, project: Path) -> None:
    assert quantci("pipeline", cwd=project).code == 0
    (project / "broken.tflite").write_bytes(b"\x1c\0\0\0TFL3" + b"\xff" * 200)
    broken = ("--model-source", "broken.tflite")
    assert quantci("quantize", *broken, cwd=project).code == 2
    for name in ("report.json", "report.md"):
        assert not (project / "out" / name).exists(), f"{name} would claim success for a model that failed"
    for stage in ("evaluate", "embed"):
        done = quantci(stage, *broken, cwd=project)
        assert done.code == 2
        assert "[stage-failed]" in done.err
    done = quantci("report", *broken, cwd=project)
    assert done.code == 2
    report = report_of(project)
    assert (report.status, report.verdict) == ("model_rejected", "fail")
    assert report.failure is not None
    assert report.failure.code == "malformed"
    assert (report.quantize, report.evaluate, report.embed) == (None, None, None)


def test_a_failed_quantize_then_the_report_shows_no_earlier_numbers(quantci: Command, project: Path) -> None:
    assert quantci("pipeline", cwd=project).code == 0
    kept = {name: (project / "out" / name).read_bytes() for name in ("evaluate.json", "embed.json")}
    done = quantci("quantize", "--model-source", "gone.tflite", cwd=project)
    assert done.code == 2
    for name, data in kept.items():  # as a CI job does that joins artifacts of an earlier run
        (project / "out" / name).write_bytes(data)
    done = quantci("report", cwd=project)
    assert done.code == 2
    report = report_of(project)
    assert report.status == "model_rejected"
    assert (report.evaluate, report.embed) == (None, None)
    assert all(gate.value is None for gate in report.gates)


def test_a_failed_evaluate_does_not_pass_on_the_numbers_before(quantci: Command, project: Path) -> None:
    assert quantci("pipeline", cwd=project).code == 0
    assert quantci("evaluate", "--evaluation-data", "nowhere", cwd=project).code == 2
    assert quantci("report", cwd=project).code == 2
    report = report_of(project)
    assert (report.status, report.evaluate) == ("data_rejected", None)
    assert report.quantize is not None
    assert report.embed is not None


def test_embed_writes_what_the_record_says(quantci: Command, project: Path) -> None:
    assert quantci("pipeline", cwd=project).code == 0
    record = decode((project / "out" / "embed.json").read_bytes(), EmbedRecord)
    assert record.result is not None
    folder = project / "out" / record.result.component_dir
    assert {entry.path for entry in record.result.files} == {
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    }
    assert record.result.arena is not None
    assert (
        f"kArenaSize = {record.result.arena.recommended_bytes}"
        in (folder / "include" / "quantci_model" / "model.h").read_text()
    )
    assert msgspec.json.decode((project / "out" / "report.json").read_bytes())["embed"]["arena"]["kind"] == "simulated"


def test_embed_estimates_latency_from_figures_of_ones_own_board(quantci: Command, project: Path) -> None:
    assert quantci("quantize", cwd=project).code == 0
    done = quantci("embed", cwd=project)
    assert done.code == 0
    assert "latency on the chip, estimated and not measured: " in done.out
    ours = decode((project / "out" / "embed.json").read_bytes(), EmbedRecord).result
    assert ours is not None
    assert ours.latency is not None
    coefficients, digest = published_coefficients()
    assert ours.latency.coefficients_sha256 == digest
    doubled = {name: msgspec.structs.replace(term, cycles=2 * term.cycles) for name, term in coefficients.terms.items()}
    (project / "board.json").write_bytes(encode(msgspec.structs.replace(coefficients, terms=doubled)))
    assert quantci("embed", "--target-latency-coefficients", "board.json", cwd=project).code == 0
    board = decode((project / "out" / "embed.json").read_bytes(), EmbedRecord).result
    assert board is not None
    assert board.latency is not None
    assert [op.path for op in board.latency.ops] == [op.path for op in ours.latency.ops]
    assert any(op.cycles for op in ours.latency.ops)
    for one, other in zip(ours.latency.ops, board.latency.ops, strict=True):
        assert (one.cycles is None) == (other.cycles is None)
        assert 2 * (one.cycles or 0) == pytest.approx(other.cycles or 0)
    failed = quantci("embed", "--target-latency-coefficients", "absent.json", cwd=project)
    assert failed.code == 2
    assert "[latency-coefficients]" in failed.err


def test_another_chip_gets_its_arena_but_no_latency_from_figures_of_the_first(quantci: Command, project: Path) -> None:
    assert quantci("quantize", cwd=project).code == 0
    done = quantci("embed", "--target-chip", "esp32c3", cwd=project)
    assert done.code == 0
    assert "[latency-unknown]" in done.err
    record = decode((project / "out" / "embed.json").read_bytes(), EmbedRecord).result
    assert record is not None
    assert record.latency is None
    assert record.arena is not None
    assert (record.arena.chip, record.arena.scratch_bytes) == ("esp32c3", 12), "of ESP-NN's, softmax asks for 4 a class"
