"""Our own model-pr.yml: the example, from Keras to the report, with the actions of the commit that is tested."""

from __future__ import annotations

import pytest
from tests.e2e import events
from tests.e2e.artifacts import Artifacts
from tests.e2e.caller import Caller
from tests.e2e.export import export
from tests.e2e.log import Log
from tests.e2e.runner import Runner

JOB = "example/traffic lights"


@pytest.fixture(scope="module")
def log(runner: Runner, tmp_path_factory: pytest.TempPathFactory) -> Log:
    """A push of what stands in this working tree."""
    ours = Caller(tmp_path_factory.mktemp("ours") / "quantci")
    export(ours.folder)
    ours.git("init", "--quiet", "--initial-branch=main")
    ours.commit("This working tree")
    nothing = tmp_path_factory.mktemp("nothing")
    return runner.run(ours, "push", "model-pr.yml", payload=events.push(ours), environments=nothing)


def test_the_example_passes(runner: Runner, log: Log) -> None:
    assert log.jobs == {JOB: "success"}
    assert log.outputs[JOB, "quantize"]["engine"] == "tensorflow"
    assert log.outputs[JOB, "report"]["verdict"] == "pass"
    assert "report.json" in Artifacts(runner.store, log.run_id).files("traffic-lights")


def test_what_quantize_installed_serves_the_whole_job(log: Log) -> None:
    locks = {step: values["lock"] for (_, step), values in log.outputs.items() if step.endswith("/install")}
    assert set(locks.values()) == {"tensorflow"}
