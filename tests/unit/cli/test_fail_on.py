"""`--fail-on never` shows a verdict that fails nothing; a fault fails all the same."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.golden import example_embed_record, example_evaluate_record, example_quantize_record

from quantci.cli import main
from quantci.records.base import read, write
from quantci.records.report import Report

CONFIG = """\
[model]
source = "m.tflite"
[calibration]
data = "c"
[evaluation]
data = "e"
[gates]
max_model_bytes = 1
"""
OUTPUT = Path("build/quantci")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All stages ran, and a gate does not hold."""
    for name in [name for name in os.environ if name.startswith(("QUANTCI_", "GITHUB_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("quantci.cli.provenance._ask_git", lambda _base: None)
    Path("quantci.toml").write_text(CONFIG)
    quantize = example_quantize_record()
    for record in (quantize, example_evaluate_record(quantize), example_embed_record(quantize)):
        write(OUTPUT / f"{record.stage}.json", record)


@pytest.mark.parametrize(("options", "code"), [([], 3), (["--fail-on", "gate"], 3), (["--fail-on", "never"], 0)])
def test_a_failed_gate(options: list[str], code: int) -> None:
    assert main(["report", *options]) == code
    report = read(OUTPUT / "report.json", Report)
    assert (report.status, report.verdict) == ("regression", "fail")


def test_a_verdict_that_is_not_sure_counts_as_a_gate() -> None:
    text = CONFIG.replace("max_model_bytes = 1", "max_latency_us = 1\nfail_on_inconclusive = true")
    Path("quantci.toml").write_text(text)
    assert main(["report"]) == 3
    assert main(["report", "--fail-on", "never"]) == 0


def test_a_fault_is_no_gate() -> None:
    (OUTPUT / "evaluate.json").write_text("{")
    assert main(["report", "--fail-on", "never"]) == 4


def test_another_word_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--fail-on", "always"]) == 2
    assert "--fail-on: 'always' is neither gate nor never." in capsys.readouterr().err
    assert read(OUTPUT / "report.json", Report).status == "config_rejected", "and there is a report that says so"


def test_a_device_job_in_no_state_of_a_job_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--device-job", "queued"]) == 2
    assert "--device-job: 'queued' is not a state of a job." in capsys.readouterr().err


def test_a_device_job_that_waits_is_told_and_fails_nothing() -> None:
    assert main(["report", "--fail-on", "never", "--device-job", "waiting"]) == 0
    failure = read(OUTPUT / "report.json", Report).stages[-1].failure
    assert failure is not None
    assert failure.code == "device-job"
