"""The action hw-bench with no board: the virtual device takes part, and the report names it."""

from __future__ import annotations

from collections.abc import Callable

import yaml
from tests.e2e import events
from tests.e2e.caller import Caller
from tests.e2e.runner import Runner

JOB = "model/model"
STEP = """
      - name: Bench
        id: bench
        uses: org/quantci/actions/hw-bench@v1
        with:
          device-kind: virtual
      - name: Report
"""


def test_a_job_without_a_board_benches_the_virtual_device(runner: Runner, changed: Callable[[str], Caller]) -> None:
    caller = changed("bench")
    workflow = caller.folder / ".github/workflows/single-actions.yml"
    text = workflow.read_text()
    assert text.count("\n      - name: Report\n") == 1
    caller.write(str(workflow.relative_to(caller.folder)), text.replace("\n      - name: Report\n", STEP))
    caller.commit("A device")
    log = runner.run(caller, "push", "single-actions.yml", payload=events.push(caller))
    assert log.jobs == {JOB: "success"}
    outputs = log.outputs[JOB, "bench"]
    declared = yaml.safe_load((runner.export / "actions/hw-bench/action.yml").read_text())["outputs"]
    assert set(outputs) == set(declared)
    assert (outputs["device-kind"], outputs["latency-us"], outputs["status"]) == ("virtual", "", "ok")
    assert outputs["identical-outputs"] == outputs["samples"] == "180"
    assert ("bench/run", "#### quantci bench") in [(step, text.splitlines()[0]) for _, step, text in log.summaries]
    (report,) = [text for _, step, text in log.summaries if step == "report/run"]
    assert "INT8 on the virtual device" in report
