"""`quantci action report` on a pull request: what the report says it is about, and which baseline it takes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.golden import (
    example_against_base,
    example_embed_record,
    example_evaluate_record,
    example_quantize_record,
    example_report,
)

from quantci.cli import main
from quantci.records.base import read, write
from quantci.records.origin import ReportOrigin
from quantci.records.report import Report

CONFIG = '[model]\nsource = "m.tflite"\n[calibration]\ndata = "c"\n[evaluation]\ndata = "e"\n'
HEAD, BASE = "a" * 40, "c" * 40
PUSHED = ReportOrigin(
    key="kws", configuration="models/quantci.toml", repository="acme/lights", branch="main", commit=BASE, run_id=3
)


class Job:
    """A pull request to main, in its workspace, after all stages."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys

    def baseline(self, origin: ReportOrigin | None) -> None:
        write(Path("baseline/report.json"), replace(example_report(), origin=origin))

    def report(self) -> tuple[Report, list[str]]:
        """The report, and the titles of the annotations."""
        assert main(["action", "report"]) in {0, 2}
        lines = [line for line in self._capsys.readouterr().out.splitlines() if line.startswith(("::warn", "::err"))]
        titles = [line.split("title=quantci ")[1].split("::")[0] for line in lines]
        return read(Path("models/build/quantci/report.json"), Report), titles


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Job:
    for name in [name for name in os.environ if name.startswith(("QUANTCI_", "GITHUB_"))]:
        monkeypatch.delenv(name)
    output = tmp_path / "workspace/models/build/quantci"
    output.mkdir(parents=True)
    (tmp_path / "workspace/models/quantci.toml").write_text(CONFIG)
    quantize = example_quantize_record()
    base = quantize.result
    assert base is not None
    against = example_against_base(base.quantized_model.sha256)
    for record in (quantize, example_evaluate_record(quantize, against), example_embed_record(quantize)):
        write(output / f"{record.stage}.json", record)
    pull = {"number": 7, "head": {"sha": HEAD, "ref": "topic"}, "base": {"sha": BASE, "ref": "main"}}
    (tmp_path / "event.json").write_text(json.dumps({"pull_request": pull}))
    monkeypatch.chdir(tmp_path / "workspace")
    monkeypatch.setattr("quantci.cli.provenance._ask_git", lambda _base: None)
    for name, value in {
        "GITHUB_WORKSPACE": str(tmp_path / "workspace"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        "GITHUB_REPOSITORY": "acme/lights",
        "GITHUB_RUN_ID": "12",
        "GITHUB_RUN_ATTEMPT": "1",
        "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
        "QUANTCI_WORKSPACE": "",
        "QUANTCI_ALLOW_CODE": "",
        "QUANTCI_CONFIG": "models/quantci.toml",
        "QUANTCI_KEY": "kws",
        "QUANTCI_BASELINE": "baseline",
    }.items():
        monkeypatch.setenv(name, value)
    return Job(tmp_path, capsys)


def test_the_report_says_what_it_is_about_and_the_summary_does_too(job: Job) -> None:
    job.baseline(PUSHED)
    report, titles = job.report()
    assert report.origin == ReportOrigin(
        key="kws",
        configuration="models/quantci.toml",
        repository="acme/lights",
        branch="topic",
        commit=HEAD,
        pull_request=7,
        run_id=12,
        run_attempt=1,
    )
    assert report.baseline is not None
    assert (report.baseline.branch, report.baseline.not_comparable, titles) == ("main", [], [])
    summary = (job.folder / "summary.md").read_text()
    assert " · key `kws` · `models/quantci.toml`\n" in summary
    assert summary.startswith(Path("models/build/quantci/report.md").read_text().split("\n", 1)[0])


@pytest.mark.parametrize("theirs", [replace(PUSHED, key="kws-big"), replace(PUSHED, branch="release"), None])
def test_a_foreign_baseline_costs_the_comparison_and_not_the_report(job: Job, theirs: ReportOrigin | None) -> None:
    job.baseline(theirs)
    report, titles = job.report()
    assert (report.baseline, report.failure, report.verdict) == (None, None, "pass")
    assert [advice.code for advice in report.advice] == ["foreign-baseline"]
    assert titles == ["foreign-baseline"]


def test_a_branch_that_is_named_wins_over_the_events(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    job.baseline(replace(PUSHED, branch="release"))
    monkeypatch.setenv("QUANTCI_BASE_BRANCH", "release")
    report, titles = job.report()
    assert report.baseline is not None
    assert (report.baseline.branch, titles) == ("release", [])


def test_a_first_pull_request_is_told_quietly_that_there_is_no_baseline_yet(job: Job) -> None:
    report, titles = job.report()
    assert titles == [], "no annotation: its author cannot do anything about it"
    assert [advice.text for advice in report.advice] == ["There is no baseline yet. The next push to `main` makes one."]
    assert "There is no baseline yet. The next push to `main` makes one." in (job.folder / "summary.md").read_text()


def test_a_push_whose_baseline_is_missing_is_warned(job: Job) -> None:
    """Nothing but a wrong path can be why: the workflow itself named the file."""
    (job.folder / "event.json").write_text("{}")
    assert job.report()[1] == ["baseline-file"]


def test_a_report_of_a_broken_configuration_says_which_one_it_is_of(job: Job) -> None:
    Path("models/quantci.toml").write_text("[")
    report, _ = job.report()
    assert report.origin is not None
    assert (report.origin.key, report.origin.configuration) == ("kws", "models/quantci.toml")
    assert " · key `kws` · `models/quantci.toml`\n" in Path("models/build/quantci/report.md").read_text()


def test_a_key_that_is_none_is_a_fault_with_a_report(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUANTCI_KEY", "two words")
    report, titles = job.report()
    assert (titles, report.origin) == (["config-value"], None)


def test_at_a_desk_nothing_is_asked_or_checked(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    job.baseline(None)
    monkeypatch.delenv("QUANTCI_KEY")
    assert main(["report", "--config", "models/quantci.toml", "--baseline", "baseline/report.json"]) == 0
    report = read(Path("models/build/quantci/report.json"), Report)
    assert report.origin is None
    assert report.baseline is not None
