"""A model that loses accuracy: the reusable workflow says where, as the pipeline does at a desk."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from tests.e2e import events
from tests.e2e.artifacts import Artifacts
from tests.e2e.caller import Caller
from tests.e2e.log import Log
from tests.e2e.network import network
from tests.e2e.runner import Runner
from tests.integration.github_server import serve
from tests.masks import timeless

JOB = "measure/quantci model measurement/report"
FIRST = "conv"  # the layer with the outlier
HAS_LFS = shutil.which("git-lfs") is not None


def lossy(caller: Caller, options: str) -> None:
    """Give the repository a model that INT8 breaks, and its workflow these options."""
    (caller.folder / "model/lights.tflite").write_bytes(network(outlier=1000.0))
    workflow = ".github/workflows/model-ci.yml"
    caller.write(workflow, f"{(caller.folder / workflow).read_text()}    with:\n{options}")


def without_data(caller: Caller) -> None:
    """Let the pictures lie where the configuration does not look; `prepare` brings them there."""
    shutil.move(caller.folder / "data", caller.folder / "pictures")
    caller.write(".gitignore", "/build/\n/data/\n")


@pytest.fixture(scope="module")
def desk(changed: Callable[[str], Caller]) -> Any:
    """What report.json holds after `quantci pipeline` in a checkout of the same model and pictures."""
    caller = changed("desk")
    lossy(caller, "")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("QUANTCI_", "GITHUB_"))}
    done = subprocess.run(
        [sys.executable, "-m", "quantci", "pipeline"],
        cwd=caller.folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 3, done.stderr
    return json.loads((caller.folder / "build/quantci/report.json").read_bytes())


@pytest.fixture(scope="module")
def lost(runner: Runner, changed: Callable[[str], Caller]) -> tuple[Log, Artifacts]:
    """A push of that model, evaluated in two jobs, with pictures that a command brings from where Git LFS puts them."""
    caller = changed("lost")
    without_data(caller)
    if HAS_LFS:
        caller.git("lfs", "install", "--local")
        caller.write(".gitattributes", "*.png filter=lfs diff=lfs merge=lfs -text\n")
    options = f"      shards: 2\n      prepare: cp -R pictures data\n      lfs: {str(HAS_LFS).lower()}\n"
    lossy(caller, options)
    caller.commit("An outlier")
    log = runner.run(caller, "push", "model-ci.yml", payload=events.push(caller))
    return log, Artifacts(runner.store, log.run_id)


def test_the_report_is_that_of_the_pipeline(lost: tuple[Log, Artifacts], desk: Any) -> None:
    log, artifacts = lost
    report = artifacts.report("quantci")
    assert report["origin"]["key"] == "quantci"
    assert timeless(report | {"origin": None}) == timeless(desk), "a desk belongs to no repository, branch or run"
    assert desk["diagnose"] is not None
    assert "Where accuracy goes" in artifacts.read("quantci", "report.md").decode()
    assert log.output("merge", "metric-lost") == "true"
    assert log.outputs[JOB, "report"]["exit-code"] == "3", "a gate failed"


def test_the_action_tells_what_it_found(runner: Runner, lost: tuple[Log, Artifacts]) -> None:
    log, artifacts = lost
    outputs = log.outputs[JOB, "diagnose"]
    assert set(outputs) == set(yaml.safe_load((runner.export / "actions/diagnose/action.yml").read_text())["outputs"])
    found = artifacts.report("quantci")["diagnose"]
    assert {name for name, value in outputs.items() if not value} == {"code"}
    assert (outputs["status"], outputs["exit-code"], outputs["first-bad-layer"]) == ("ok", "0", FIRST)
    assert outputs["advice-count"] == str(len(found["advice"]))
    assert outputs["compared-layers"] == str(len(found["layers"]))
    (summary,) = [text for job, step, text in log.summaries if (job, step) == (JOB, "diagnose/run")]
    assert f"The first layer below 15\N{NO-BREAK SPACE}dB is `{FIRST}` (`CONV_2D`)" in summary
    annotations = [one for one in log.annotations if one.step.startswith("diagnose")]
    assert ("warning", "quantci outlier-channel", "quantci.toml") in [(a.level, a.title, a.file) for a in annotations]


def test_a_diagnosis_that_fails_costs_the_report_one_line(runner: Runner, changed: Callable[[str], Caller]) -> None:
    """On a pull request: the pictures come for quantize and evaluate, but not when the shards are merged."""
    caller = changed("undiagnosed")
    base = caller.head
    without_data(caller)
    lossy(caller, "      prepare: test ! -e build/quantci/evaluate.json && cp -R pictures data\n")
    caller.commit("An outlier, and pictures that come late")
    with serve() as server:
        events.announce(server.github, caller)
        log = runner.run(
            caller,
            "pull_request",
            "model-ci.yml",
            payload=events.pull_request(caller, base),
            environment={"GITHUB_API_URL": server.github.base},
        )
    comment = Artifacts(runner.store, log.run_id).read("quantci", "report.md").decode()
    assert log.outputs[JOB, "diagnose"]["code"] == "not-found"
    assert log.outputs[JOB, "report"]["exit-code"] == "3", "the gate's, not the diagnosis'"
    assert "quantci diagnose did not finish" in comment
    assert "Where accuracy goes" not in comment
    report = Artifacts(runner.store, log.run_id).report("quantci")
    assert report["status"] == "regression"
    assert [stage["status"] for stage in report["stages"][:3]] == ["ok", "ok", "ok"]


@pytest.mark.skipif(not HAS_LFS, reason="it needs git-lfs")
def test_pictures_of_git_lfs_come_where_they_are_needed(lost: tuple[Log, Artifacts]) -> None:
    """Else a pointer is no picture; where nothing is lost, the report's job needs none of them."""
    log, _ = lost
    assert log.steps[JOB, "3"] == log.steps[JOB, "4"] == "success"
    assert log.outputs[JOB, "diagnose"]["first-bad-layer"] == FIRST
