"""The single actions in one job, by examples/workflows/single-actions.yml as it stands there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from tests.e2e import events
from tests.e2e.artifacts import Artifacts
from tests.e2e.caller import Caller
from tests.e2e.log import Log
from tests.e2e.runner import Runner
from tests.integration.github_server import serve

JOB = "model/model"
# Action -> the id that its step has in the workflow, given or counted.
STEPS = {"quantize": "quantize", "evaluate": "evaluate", "embed": "4", "report": "report", "comment": "6"}
# Outputs that a good run leaves empty; each says so in its action.yml.
EMPTY = {"base-delta", "code", "shard-name"}


@pytest.fixture(scope="module")
def pushed(runner: Runner, caller: Caller) -> Log:
    """A push to main."""
    return runner.run(caller, "push", "single-actions.yml", payload=events.push(caller))


def declared(runner: Runner, action: str) -> set[str]:
    """Names of the outputs in an action.yml."""
    return set(yaml.safe_load((runner.export / "actions" / action / "action.yml").read_text())["outputs"])


def test_the_job_succeeds_without_a_word(pushed: Log) -> None:
    assert pushed.jobs == {JOB: "success"}
    assert set(pushed.steps.values()) == {"success"}
    assert pushed.annotations == []
    assert (JOB, STEPS["comment"]) not in pushed.steps, "there is no pull request"
    assert pushed.outputs[JOB, STEPS["evaluate"]]["metric-lost"] == "false"
    assert (JOB, "3") not in pushed.steps, "there is nothing to diagnose"


@pytest.mark.parametrize("action", ["quantize", "evaluate", "embed", "report"])
def test_every_declared_output_is_set(runner: Runner, pushed: Log, action: str) -> None:
    outputs = pushed.outputs[JOB, STEPS[action]]
    assert set(outputs) == declared(runner, action)
    assert {name for name, value in outputs.items() if not value} == EMPTY & set(outputs)
    assert outputs["exit-code"] == "0"
    assert outputs["status"] == "ok"


def test_outputs_say_what_the_records_say(pushed: Log) -> None:
    quantize, evaluate = pushed.outputs[JOB, "quantize"], pushed.outputs[JOB, STEPS["evaluate"]]
    report = pushed.outputs[JOB, "report"]
    assert quantize["shards"] == '["1/1"]'
    assert quantize["quantized-model"] == "build/quantci/model_quant.tflite"
    assert (evaluate["samples"], evaluate["metric"], evaluate["quantized-metric"]) == (
        "180",
        "top1_accuracy",
        "1.000000",
    )
    assert (report["verdict"], report["reason"]) == ("pass", "All 4 gates hold.")
    assert report["quantized-bytes"] == quantize["quantized-bytes"]
    assert report["metric-delta"] == evaluate["metric-delta"] == "0.000000"
    assert report["arena-bytes"] == pushed.outputs[JOB, STEPS["embed"]]["arena-bytes"]


def test_every_action_has_its_summary(pushed: Log) -> None:
    heads = [(step, text.splitlines()[0]) for _, step, text in pushed.summaries]
    assert heads == [
        ("quantize/run", "#### quantci quantize"),
        ("evaluate/run", "#### quantci evaluate"),
        ("4/run", "#### quantci embed"),
        ("report/run", "**✅ quantci: pass** · `lights.tflite`"),
    ]


def test_the_environment_is_installed_once(pushed: Log) -> None:
    assert len({values["python"] for (_, step), values in pushed.outputs.items() if step.endswith("/install")}) == 1


@pytest.fixture(scope="module")
def failing(runner: Runner, changed: Callable[[str], Caller], pushed: Log) -> tuple[Log, list[str]]:
    """A pull request with its own INT8 model, which is larger than its gate; and the comments on it."""
    caller = changed("failing")
    base = caller.head
    own = Artifacts(runner.store, pushed.run_id).read("quantci", "model_quant.tflite")
    (caller.folder / "model/own.tflite").write_bytes(own)
    uses = "        uses: org/quantci/actions/quantize@v1\n"
    given = f"{uses}        with:\n          model-quantized: model/own.tflite\n"
    caller.replace(".github/workflows/single-actions.yml", uses, given)
    caller.replace("quantci.toml", "max_model_bytes = 100000", "max_model_bytes = 1000")
    caller.commit("Ask for a smaller model")
    with serve() as server:
        events.announce(server.github, caller)
        log = runner.run(
            caller,
            "pull_request",
            "single-actions.yml",
            payload=events.pull_request(caller, base),
            environment={"GITHUB_API_URL": server.github.base},
        )
        return log, server.github.texts()


def test_ones_own_int8_model_is_judged_as_it_is(runner: Runner, pushed: Log, failing: tuple[Log, list[str]]) -> None:
    report = Artifacts(runner.store, failing[0].run_id).report("quantci")
    assert report["quantize"]["given"]["path"] == "model/own.tflite"
    sha256 = failing[0].outputs[JOB, "quantize"]["quantized-sha256"]
    assert sha256 == pushed.outputs[JOB, "quantize"]["quantized-sha256"]
    assert report["quantize"]["source"]["path"] == "model/lights.tflite", "the float model that it is compared with"


def test_a_failing_gate_fails_the_run_by_exit_code_3(failing: tuple[Log, list[str]]) -> None:
    log, _ = failing
    assert log.jobs == {JOB: "failure"}
    assert [step for (_, step), result in log.steps.items() if result == "failure"] == ["report/run", "report"]
    assert "exit status 3" in log.text(JOB, "report/")
    assert log.outputs[JOB, "report"]["exit-code"] == "3"
    assert log.outputs[JOB, "report"]["status"] == "regression"
    assert log.outputs[JOB, "report"]["verdict"] == "fail"


def test_a_failing_gate_is_annotated_on_its_line(failing: tuple[Log, list[str]], caller: Caller) -> None:
    (annotation,) = failing[0].annotations
    lines = (caller.folder / "quantci.toml").read_text().splitlines()
    assert (annotation.level, annotation.file) == ("error", "quantci.toml")
    assert lines[int(annotation.line) - 1].startswith("max_model_bytes")
    assert annotation.title == "quantci gate max_model_bytes"


def test_the_comment_is_made_and_the_report_kept_all_the_same(runner: Runner, failing: tuple[Log, list[str]]) -> None:
    log, comments = failing
    outputs = log.outputs[JOB, STEPS["comment"]]
    assert set(outputs) == declared(runner, "comment")
    assert (outputs["result"], outputs["exit-code"], outputs["code"]) == ("created", "0", "")
    assert outputs["url"].startswith("https://github.test/")
    (comment,) = comments
    assert "❌ quantci: fail" in comment
    assert log.steps[JOB, "7"] == "success"
    assert Path(runner.store, "artifacts", log.run_id, "quantci.zip").is_file()
