"""What a caller of the reusable workflows can say: wrong things are refused first, and gates need not block."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.e2e import events
from tests.e2e.artifacts import Artifacts
from tests.e2e.caller import CONFIG, Caller
from tests.e2e.log import Log
from tests.e2e.runner import Runner

CALLED = "model/quantci model measurement"


@pytest.fixture(scope="module")
def refused(runner: Runner, changed: Callable[[str], Caller]) -> Log:
    """Everything that the first step looks at is wrong."""
    caller = changed("refused")
    workflow = ".github/workflows/model-measure.yml"
    caller.replace(workflow, "  pull_request:\n", "  pull_request_target:\n")
    caller.replace(
        workflow, "fail-on: never", "fail-on: always\n      key: a b\n      shards: 0\n      data-cache-path: data"
    )
    caller.commit("A wrong call")
    return runner.run(
        caller,
        "pull_request_target",
        "model-measure.yml",
        payload=events.pull_request(caller, caller.head),
    )


def test_a_wrong_call_ends_in_the_first_step(refused: Log) -> None:
    assert refused.jobs == {f"{CALLED}/quantize": "failure"}
    assert {step for _, step in refused.steps} == {"check", "check/plan", "check/inputs"}
    assert "checked out" not in refused.text()


def test_each_fault_is_told_by_the_name_of_its_input(refused: Log) -> None:
    errors = [one.text.split(": ")[0] for one in refused.annotations if one.level == "error"]
    names = ("key", "shards", "fail-on", "data-cache-key")
    assert errors == ["on", *(f"input `{name}`" for name in names)]
    assert "secrets" in refused.annotations[0].text


def test_a_wrong_call_gets_no_comment(runner: Runner, changed: Callable[[str], Caller]) -> None:
    """There is no report to comment on; the check of the pull request says what is wrong."""
    caller = changed("uncommented")
    workflow = ".github/workflows/model-ci.yml"
    caller.write(workflow, (caller.folder / workflow).read_text() + "    with:\n      key: a b\n")
    caller.commit("A wrong call")
    log = runner.run(caller, "pull_request", "model-ci.yml", payload=events.pull_request(caller, caller.head))
    assert log.jobs == {"measure/quantci model measurement/quantize": "failure"}


@pytest.fixture(scope="module")
def lenient(runner: Runner, changed: Callable[[str], Caller]) -> Log:
    """A push by examples/workflows/model-measure.yml, which may not comment; a gate fails, and that is told only."""
    caller = changed("lenient")
    caller.replace("quantci.toml", "max_model_bytes = 100000", "max_model_bytes = 1000")
    caller.commit("A gate that does not hold")
    return runner.run(caller, "push", "model-measure.yml", payload=events.push(caller))


def test_a_gate_that_fails_is_told_and_fails_nothing(runner: Runner, lenient: Log) -> None:
    names = ("quantize", "report")
    assert lenient.jobs == dict.fromkeys([f"{CALLED}/{name}" for name in names], "success")
    assert lenient.outputs[f"{CALLED}/report", "report"]["verdict"] == "fail"
    assert Artifacts(runner.store, lenient.run_id).report("quantci")["verdict"] == "fail"
    line = next(index for index, line in enumerate(CONFIG.splitlines(), 1) if line.startswith("max_model_bytes"))
    gates = [(one.level, one.file, one.line) for one in lenient.annotations if "gate" in one.title]
    assert gates == [("warning", "quantci.toml", str(line))]


@pytest.mark.parametrize(
    ("file", "results"),
    [
        ("notes.md", {"changes": "success", "model checked": "success"}),
    ],
)
def test_a_required_check_reports_where_the_model_is_not_touched(
    runner: Runner, changed: Callable[[str], Caller], file: str, results: dict[str, str]
) -> None:
    caller = changed("required")
    base = caller.head
    caller.write(file, "A word.\n")
    caller.commit("Not about the model")
    payload = events.pull_request(caller, base)
    log = runner.run(caller, "pull_request", "required.yml", payload=payload)
    assert log.jobs == {f"model/{name}": result for name, result in results.items()}
