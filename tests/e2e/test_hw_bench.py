"""A pull request whose model min-max breaks: the ladder finds a recipe, and the virtual device takes a board's part."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest
import yaml
from tests.e2e import events
from tests.e2e.artifacts import Artifacts
from tests.e2e.caller import Caller
from tests.e2e.log import Log
from tests.e2e.network import network
from tests.e2e.runner import Runner
from tests.integration.github_server import serve

JOB = "model/model"
STEP = """
      - name: Bench
        id: bench
        uses: org/quantci/actions/hw-bench@v1
        with:
          device-kind: virtual
      - name: Report
"""
# Few, because each takes its time.
LADDER = """
[quantization]
recipe = "auto"

[ladder]
recipes = ["minmax", "mse", "cle"]
"""


class Ran(NamedTuple):
    """The run, what it kept, and the comment that it wrote."""

    log: Log
    artifacts: Artifacts
    comment: str


@pytest.fixture(scope="module")
def ran(runner: Runner, changed: Callable[[str], Caller]) -> Ran:
    caller = changed("bench")
    base = caller.head
    caller.replace(".github/workflows/single-actions.yml", "\n      - name: Report\n", STEP)
    (caller.folder / "model/lights.tflite").write_bytes(network(outlier=1000.0))
    caller.replace("quantci.toml", "[calibration]\n", f"{LADDER}\n[calibration]\n")
    caller.commit("An outlier, a ladder and a device")
    with serve() as server:
        events.announce(server.github, caller)
        log = runner.run(
            caller,
            "pull_request",
            "single-actions.yml",
            payload=events.pull_request(caller, base),
            environment={"GITHUB_API_URL": server.github.base},
        )
        (comment,) = server.github.texts()
    return Ran(log, Artifacts(runner.store, log.run_id), comment)


def test_a_job_without_a_board_benches_the_virtual_device(runner: Runner, ran: Ran) -> None:
    assert ran.log.jobs == {JOB: "success"}
    outputs = ran.log.outputs[JOB, "bench"]
    declared = yaml.safe_load((runner.export / "actions/hw-bench/action.yml").read_text())["outputs"]
    assert set(outputs) == set(declared)
    assert (outputs["device-kind"], outputs["latency-us"], outputs["status"]) == ("virtual", "", "ok")
    assert outputs["identical-outputs"] == outputs["samples"] == "180"
    heads = [(step, text.splitlines()[0]) for _, step, text in ran.log.summaries]
    assert ("bench/run", "#### quantci bench") in heads
    assert "INT8 on the virtual device" in ran.comment


def test_the_ladder_saves_the_model_and_the_comment_has_its_table(ran: Ran) -> None:
    ladder = ran.artifacts.report("quantci")["quantize"]["ladder"]
    assert [one["recipe"] for one in ladder["tries"]] == ["minmax", "mse", "cle"]
    assert ladder["chosen"] == "cle", "the outlier takes all steps of the channels' one scale, until they are equalised"
    assert "Ladder of recipes" in ran.comment
    assert "| Recipe | Score |" in ran.comment
    assert "| **cle** ◆ |" in ran.comment
    assert ran.log.outputs[JOB, "evaluate"]["metric-lost"] == "false"
