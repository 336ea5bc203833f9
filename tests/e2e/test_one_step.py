"""`uses: org/quantci@v1`, by examples/workflows/one-step.yml as it stands there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from tests.e2e import events
from tests.e2e.caller import Caller
from tests.e2e.log import Log
from tests.e2e.runner import Runner
from tests.integration.github_server import serve

JOB = "model/model"
STAGES = ["quantize", "evaluate", "diagnose", "embed", "report", "comment"]


def results(log: Log) -> dict[str, str]:
    """Stage -> its result, of those that ran."""
    return {stage: log.steps[JOB, f"model/{stage}"] for stage in STAGES if (JOB, f"model/{stage}") in log.steps}


@pytest.fixture(scope="module")
def pushed(runner: Runner, caller: Caller) -> Log:
    """A push to main."""
    return runner.run(caller, "push", "one-step.yml", payload=events.push(caller))


def test_a_push_runs_the_pipeline_without_a_word(pushed: Log) -> None:
    assert pushed.jobs == {JOB: "success"}
    assert results(pushed) == dict.fromkeys(["quantize", "evaluate", "embed", "report"], "success")
    assert pushed.annotations == []


def test_every_declared_output_is_set(runner: Runner, pushed: Log) -> None:
    outputs = pushed.outputs[JOB, "model"]
    assert set(outputs) == set(yaml.safe_load((runner.export / "action.yml").read_text())["outputs"])
    empty = {name for name, value in outputs.items() if not value}
    assert empty == {"base-delta", "code", "comment-url", "first-bad-layer"}, "nothing failed, and no pull request"
    assert (outputs["verdict"], outputs["status"], outputs["exit-code"]) == ("pass", "ok", "0")
    assert outputs["quantized-model"] == "build/quantci/model_quant.tflite"


def test_every_stage_has_its_summary(pushed: Log) -> None:
    heads = [(step, text.splitlines()[0]) for _, step, text in pushed.summaries if step.count("/") == 1]
    assert heads == [
        ("model/quantize", "#### quantci quantize"),
        ("model/evaluate", "#### quantci evaluate"),
        ("model/embed", "#### quantci embed"),
        ("model/report", "**✅ quantci: pass** · `lights.tflite`"),
    ]


@pytest.fixture(scope="module")
def pull_request(runner: Runner, changed: Callable[[str], Caller]) -> Callable[[str, str, str], tuple[Log, list[str]]]:
    """Runs a pull request that changes one place of a file; returns the comments on it, too."""

    def run(file: str, old: str, new: str) -> tuple[Log, list[str]]:
        caller = changed("one-step")
        base = caller.head
        caller.replace(file, old, new)
        caller.commit("A change")
        with serve() as server:
            events.announce(server.github, caller)
            payload = events.pull_request(caller, base)
            environment = {"GITHUB_API_URL": server.github.base}
            log = runner.run(caller, "pull_request", "one-step.yml", payload=payload, environment=environment)
            return log, server.github.texts()

    return run


def test_a_pull_request_gets_its_comment_also_where_a_gate_fails(
    runner: Runner, pull_request: Callable[[str, str, str], tuple[Log, list[str]]]
) -> None:
    log, comments = pull_request("quantci.toml", "max_model_bytes = 100000", "max_model_bytes = 1000")
    assert log.jobs == {JOB: "failure"}
    assert results(log) == {
        **dict.fromkeys(["quantize", "evaluate", "embed", "comment"], "success"),
        "report": "failure",
    }
    assert "exit status 3" in log.text(JOB, "model/report")
    outputs = log.outputs[JOB, "model"]
    assert (outputs["verdict"], outputs["status"], outputs["exit-code"]) == ("fail", "regression", "3")
    assert outputs["comment-url"].startswith("https://github.test/")
    (annotation,) = log.annotations
    assert (annotation.level, annotation.file) == ("error", "quantci.toml")
    (comment,) = comments
    assert "❌ quantci: fail" in comment
    assert Path(runner.store, "artifacts", log.run_id, "quantci.zip").is_file()


def test_a_stage_that_fails_ends_in_a_report_and_a_comment_that_say_so(
    pull_request: Callable[[str, str, str], tuple[Log, list[str]]],
) -> None:
    log, comments = pull_request("quantci.toml", 'source = "model/lights.tflite"', 'source = "model/gone.tflite"')
    assert log.jobs == {JOB: "failure"}
    assert results(log) == {"quantize": "failure", "report": "failure", "comment": "success"}
    assert log.outputs[JOB, "model"]["exit-code"] == "2"
    assert any("gone.tflite" in annotation.text for annotation in log.annotations)
    (comment,) = comments
    assert "gone.tflite" in comment
