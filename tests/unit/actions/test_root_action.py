"""action.yml of the root: each stage as its own action runs it, in one job, with the token for the comment alone."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from tests.action_files import ROOT, read, table

ACTION = read(ROOT / "action.yml")
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
STAGES = ["quantize", "evaluate", "diagnose", "embed", "report", "comment"]
# Inputs of the single actions that have no meaning where all of them run in one job, on its own event.
ALONE = {
    "quantize": {"shards"},
    "evaluate": {"shard", "shards", "base-branch"},
    "embed": {"model"},
    "report": {"base-branch", "device-job"},
    "comment": {"report", "sha", "pull-request"},
}


def single(stage: str) -> dict[str, Any]:
    return read(ROOT / "actions" / stage / "action.yml")


def installs(document: dict[str, Any]) -> str:
    """The steps before the first stage, whatever folder the script is called from."""
    steps = [step for step in document["runs"]["steps"] if step.get("id") not in {*STAGES, "run"}]
    return yaml.safe_dump(steps).replace("/../install.sh", "/install.sh").replace("/actions/install.sh", "/install.sh")


def test_it_installs_as_quantize_does() -> None:
    assert installs(ACTION) == installs(single("quantize"))


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_runs_as_its_own_action_runs_it(stage: str) -> None:
    (step,) = [step for step in STEPS if step.get("id") == stage]
    theirs = single(stage)["runs"]["steps"][-1]
    assert (step["run"], step["shell"]) == (theirs["run"], theirs["shell"])
    alone = {f"${{{{ inputs.{name} }}}}" for name in ALONE.get(stage, ())}
    assert step["env"] == {name: value for name, value in theirs["env"].items() if value not in alone}


def test_stages_come_in_their_order() -> None:
    assert [step["id"] for step in STEPS if step.get("id") in STAGES] == STAGES


def test_only_the_comment_sees_the_token() -> None:
    seen = [step.get("id") for step in STEPS if "inputs.token" in yaml.safe_dump(step)]
    assert seen == ["comment"]
    assert "github.token" not in yaml.safe_dump(STEPS)


def test_the_comment_runs_on_pull_requests_that_want_one() -> None:
    condition = STEPS[-1]["if"]
    assert "inputs.comment == 'true'" in condition
    assert "github.event_name == 'pull_request'" in condition


def test_inputs_are_those_of_the_stages() -> None:
    inputs = ACTION["inputs"]
    for stage in STAGES:
        for name, one in single(stage)["inputs"].items():
            if name not in ALONE.get(stage, ()):
                assert inputs[name]["default"] == one["default"], name
    assert set(inputs) <= {"comment"} | {name for stage in STAGES for name in single(stage)["inputs"]}


def test_outputs_are_those_of_the_stages() -> None:
    for name, one in ACTION["outputs"].items():
        match = re.fullmatch(r"\${{ steps\.(\w+)\.outputs\.([\w-]+) }}", one["value"])
        assert match is not None
        stage, theirs = match.groups()
        assert name in {theirs, f"{stage}-{theirs}"}
        assert one["description"] == single(stage)["outputs"][theirs]["description"], name


def test_conditions_ask_for_outputs_that_are_there() -> None:
    """One that is not is empty, and its step never runs."""
    asked = re.findall(r"steps\.(\w+)\.outputs\.([\w-]+)", "\n".join(step.get("if", "") for step in STEPS))
    of_stages = [(stage, name) for stage, name in asked if stage in STAGES]
    assert ("evaluate", "metric-lost") in of_stages
    assert [name for stage, name in of_stages if name not in single(stage)["outputs"]] == []


def test_inputs_and_outputs_stand_in_the_document() -> None:
    document = ROOT / "docs/workflows.md"
    inputs = {name: [one["default"], one["description"]] for name, one in ACTION["inputs"].items()}
    assert {name: row for name, *row in table(document, "input | default | what it is", "## One step")} == inputs
    outputs = [[name, one["description"]] for name, one in ACTION["outputs"].items()]
    assert table(document, "output | what it is", "## One step") == outputs


def test_the_marketplace_can_list_it() -> None:
    assert ACTION["name"] == "quantci"
    assert len(ACTION["description"]) <= 125
    assert ACTION["author"]
    assert set(ACTION["branding"]) == {"icon", "color"}
    assert ACTION["branding"]["color"] in {
        "white",
        "black",
        "yellow",
        "blue",
        "green",
        "orange",
        "red",
        "purple",
        "gray-dark",
    }
