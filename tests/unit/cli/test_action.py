"""`quantci action`: inputs come from the environment, and whatever happens the runner is told."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.golden import example_evaluate_record, example_quantize_record, failed_quantize_record
from tests.known import known

from quantci.cli import action, evaluate, main, quantize
from quantci.cli.action import options
from quantci.errors import ModelRejected
from quantci.records.base import write
from quantci.records.quantize import QuantizeRecord
from quantci.workers import preload

CONFIG = '[model]\nsource = "m.tflite"\n[calibration]\ndata = "c"\n[evaluation]\ndata = "e"\n'


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with a configuration, and a runner's files beside it."""
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "quantci.toml").write_text(CONFIG)
    for name in [name for name in os.environ if name.startswith(("QUANTCI_", "GITHUB_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(workspace)
    monkeypatch.setenv("GITHUB_WORKSPACE", str(workspace))
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "outputs"))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    for variable in ("QUANTCI_WORKSPACE", "QUANTCI_ALLOW_CODE"):
        monkeypatch.setenv(variable, "")  # so that what the action sets is taken back
    monkeypatch.setattr(preload, "preload", lambda *_modules: None)
    return workspace


def outputs(job: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in (job.parent / "outputs").read_text().splitlines())


def quantize_that(monkeypatch: pytest.MonkeyPatch, record: QuantizeRecord, error: Exception | None = None) -> None:
    def run(_arguments: object) -> int:
        write(Path("build/quantci/quantize.json"), record)
        if error is not None:
            raise error
        return 0

    monkeypatch.setattr(quantize, "run", run)


def commands(printed: str) -> list[str]:
    """Lines that a runner would obey: none between stop-commands and its word."""
    found, word = [], None
    for line in printed.splitlines():
        if word is not None:
            word = None if line == f"::{word}::" else word
        elif line.startswith("::stop-commands::"):
            word = line.removeprefix("::stop-commands::")
        elif line.startswith("::"):
            found.append(line)
    assert word is None, "commands stay stopped"
    return found


def test_options_come_from_the_environment() -> None:
    assert options("evaluate", {"QUANTCI_SHARD": "2/4"}) == ["--shard=2/4"]
    assert options("evaluate", {"QUANTCI_SHARD": ""}) == []
    assert options("merge", {"QUANTCI_SHARDS": "-x"}) == ["./-x"]
    assert options("merge", {"QUANTCI_SHARDS": "/a"}) == ["/a"]
    assert options("report", {"QUANTCI_BASELINE": "--help"}) == ["--baseline=--help"]


def test_a_stage_that_works(job: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    quantize_that(monkeypatch, example_quantize_record())
    monkeypatch.setenv("QUANTCI_SHARD_COUNT", "3")
    assert main(["action", "quantize"]) == 0
    found = outputs(job)
    assert found["status"] == "ok"
    assert found["exit-code"] == "0"
    assert found["record"] == "build/quantci/quantize.json"
    assert json.loads(found["shards"]) == ["1/3", "2/3", "3/3"]
    assert "INT8 model" in (job.parent / "summary").read_text()
    assert not [line for line in commands(capsys.readouterr().out) if line.startswith("::error")]


def test_a_stage_that_fails(job: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    error = ModelRejected("empty", "The file is empty.", where="m.tflite", remedy="Export it again.")
    quantize_that(monkeypatch, failed_quantize_record("model_rejected", "empty"), error)
    (job / "m.tflite").touch()
    assert main(["action", "quantize"]) == 2
    assert outputs(job) == {"status": "model_rejected", "code": "empty", "exit-code": "2"}
    assert "The file is empty" in (job.parent / "summary").read_text()
    (line,) = commands(capsys.readouterr().out)
    assert line.startswith("::error file=m.tflite,title=quantci empty::")


@pytest.mark.parametrize(("high", "lost"), [(0.005, "false"), (-0.001, "true")])
def test_evaluate_says_whether_diagnose_is_called_for(
    job: Path, monkeypatch: pytest.MonkeyPatch, high: float, lost: str
) -> None:
    """The rule itself is in tests/unit/report/test_loss.py; the workflows go by this output alone."""
    record = example_evaluate_record()
    assert record.result is not None
    paired = known(record.result.paired)
    interval = replace(paired.interval, low=-0.02, high=high)
    result = replace(record.result, paired=replace(paired, delta=-0.005, interval=interval))

    def run(_arguments: object) -> int:
        write(Path("build/quantci/evaluate.json"), replace(record, result=result))
        return 0

    monkeypatch.setattr(evaluate, "run", run)
    assert main(["action", "evaluate"]) == 0
    assert outputs(job)["metric-lost"] == lost


def test_a_bug_is_told_too(job: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    quantize_that(monkeypatch, example_quantize_record(), ZeroDivisionError("x"))
    assert main(["action", "quantize"]) == 1
    assert outputs(job)["code"] == "bug"
    assert len(commands(capsys.readouterr().out)) == 1


def test_ctrl_c_is_told_too(job: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(_arguments: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(quantize, "run", stop)
    assert main(["action", "quantize"]) == 130
    assert outputs(job)["status"] == "cancelled"


@pytest.mark.parametrize(
    ("name", "variable", "value", "code"),
    [
        ("quantize", "QUANTCI_CONFIG", "absent.toml", "config-not-found"),
        ("quantize", "QUANTCI_CONFIG", "../quantci.toml", "outside-workspace"),
        ("quantize", "QUANTCI_OUTPUT_DIR", "/tmp/elsewhere", "outside-workspace"),
        ("quantize", "QUANTCI_SHARD_COUNT", "0", "shard"),
        ("quantize", "QUANTCI_SHARD_COUNT", "many\n::error::x", "shard"),
        ("quantize", "QUANTCI_ALLOW_CODE", "maybe", "config-value"),
        ("report", "QUANTCI_FAIL_ON", "always", "config-value"),
        *((name, "GITHUB_EVENT_NAME", "pull_request_target", "event") for name in ("quantize", "evaluate", "embed")),
        ("quantize", "QUANTCI_TASK_TOP_K", "many", "config-value"),
        ("evaluate", "QUANTCI_SHARD", "5/4", "shard"),
        ("evaluate", "QUANTCI_SHARDS", "/etc", "outside-workspace"),
        ("embed", "QUANTCI_MODEL", "/etc/passwd", "outside-workspace"),
        ("report", "QUANTCI_BASELINE", "../base.json", "outside-workspace"),
        ("comment", "QUANTCI_REPORT", "/etc/passwd", "outside-workspace"),
        ("comment", "QUANTCI_PULL_REQUEST", "many", "config-value"),
    ],
)
def test_an_input_that_is_wrong_is_one_annotation(
    job: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    variable: str,
    value: str,
    code: str,
) -> None:
    monkeypatch.setenv(variable, value)
    monkeypatch.setattr("quantci.cli.provenance._ask_git", lambda _base: None)
    assert main(["action", name]) == 2
    assert outputs(job)["code"] == code
    printed = capsys.readouterr()
    (line,) = commands(printed.out)
    assert line.startswith("::error ")
    assert not re.search(r"--[a-z]|QUANTCI_(?!TASK)", line), "the caller wrote inputs, not options or variables"
    assert "Traceback" not in printed.err


def test_nothing_that_is_printed_is_a_command(
    job: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def shout(_arguments: object) -> int:
        sys.stdout.write("::error::from a label\n::add-mask::a\n")
        write(Path("build/quantci/quantize.json"), example_quantize_record())
        return 0

    monkeypatch.setattr(quantize, "run", shout)
    assert main(["action", "quantize"]) == 0
    assert "from a label" not in "".join(commands(capsys.readouterr().out))


def test_code_runs_only_where_it_is_allowed(job: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def look(_arguments: object) -> int:
        seen.append(os.environ["QUANTCI_ALLOW_CODE"])
        write(Path("build/quantci/quantize.json"), example_quantize_record())
        return 0

    monkeypatch.setattr(quantize, "run", look)
    main(["action", "quantize"])
    monkeypatch.setenv("QUANTCI_ALLOW_CODE", "true")
    main(["action", "quantize"])
    assert seen == ["false", "true"]


def test_outputs_that_cannot_be_written_do_not_hide_the_result(job: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quantize_that(monkeypatch, example_quantize_record())
    monkeypatch.setenv("GITHUB_OUTPUT", str(job))
    assert main(["action", "quantize"]) == 4


def test_evaluate_with_shards_merges(job: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real: Callable[..., object] = action.options

    def look(name: str, environment: dict[str, str]) -> object:
        asked.append(name)
        return real(name, environment)

    monkeypatch.setattr(action, "options", look)
    monkeypatch.setattr("quantci.cli.provenance._ask_git", lambda _base: None)
    monkeypatch.setenv("QUANTCI_SHARDS", "shards")
    assert main(["action", "evaluate"]) == 2
    assert asked == ["merge"]
    assert outputs(job)["code"] == "not-found"


def test_the_report_to_comment_on_may_lie_in_the_temporary_folder(job: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = job.parent / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("RUNNER_TEMP", str(temporary))
    monkeypatch.setenv("QUANTCI_REPORT", str(temporary / "report.json"))
    assert main(["action", "comment"]) == 2
    assert outputs(job)["code"] == "not-found"
    (temporary / "report.json").symlink_to("/etc/passwd")
    (job.parent / "outputs").unlink()
    assert main(["action", "comment"]) == 2
    assert outputs(job)["code"] == "outside-workspace"
