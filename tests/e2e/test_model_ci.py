"""The reusable workflow, by examples/workflows/model-ci.yml: a push, then two commits of a pull request."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
from tests.e2e import events
from tests.e2e.artifacts import Artifacts
from tests.e2e.caller import Caller
from tests.e2e.log import Log
from tests.e2e.runner import Runner
from tests.integration.github_server import serve
from tests.masks import timeless

CALLED = "measure/quantci model measurement"  # act names the job that calls, and the workflow that it calls
COMMENT = "model/quantci model CI/comment"
CLAIM = "quantci@claim-1"
MODELS = {"model_float.tflite", "model_quant.tflite", "quantize.json"}
# What a user adds to the example to evaluate in three jobs, and to go on with the verdict.
MADE = "the pictures are made"
SHARDS = f"    with:\n      shards: 3\n      prepare: echo '{MADE}'\n"
AFTER = """
  after:
    needs: model
    runs-on: ubuntu-latest
    steps:
      - id: told
        run: echo "verdict=$VERDICT, $BYTES bytes, $DELTA against the base" >>"$GITHUB_OUTPUT"
        env:
          VERDICT: ${{ needs.model.outputs.verdict }}
          BYTES: ${{ needs.model.outputs.quantized-bytes }}
          DELTA: ${{ needs.model.outputs.base-delta }}
"""


class Ran(NamedTuple):
    """A run, what it kept, and the comments on the pull request after it."""

    log: Log
    artifacts: Artifacts
    comments: list[str]


class Story(NamedTuple):
    """What happened to one repository, in this order."""

    pushed: Ran
    sharded: Ran
    broken: Ran


def predictions(ran: Ran) -> dict[str, str]:
    """The arrays of predictions.npz as text, in which a NaN equals itself."""
    with np.load(io.BytesIO(ran.artifacts.read("quantci", "predictions.npz")), allow_pickle=False) as file:
        return {name: repr(file[name].tolist()) for name in file.files}


@pytest.fixture(scope="module")
def story(runner: Runner, changed: Callable[[str], Caller]) -> Story:
    """A push to main, a pull request that evaluates in three jobs, and its next commit, which breaks the model."""
    caller = changed("model-ci")
    base = caller.head
    pushed = runner.run(caller, "push", "model-ci.yml", payload=events.push(caller))
    with serve() as server:

        def propose() -> Ran:
            events.announce(server.github, caller)
            log = runner.run(
                caller,
                "pull_request",
                "model-ci.yml",
                payload=events.pull_request(caller, base),
                environment={"GITHUB_API_URL": server.github.base},
            )
            return Ran(log, Artifacts(runner.store, log.run_id), server.github.texts())

        workflow = (caller.folder / ".github/workflows/model-ci.yml").read_text()
        caller.write(".github/workflows/model-ci.yml", workflow + SHARDS + AFTER)
        caller.commit("Evaluate in three jobs")
        sharded = propose()
        caller.write("model/lights.tflite", "no model\n")
        caller.commit("Break the model")
        broken = propose()
    return Story(Ran(pushed, Artifacts(runner.store, pushed.run_id), []), sharded, broken)


def test_a_push_is_evaluated_in_the_job_that_quantizes(story: Story) -> None:
    log, artifacts, _ = story.pushed
    assert log.jobs == dict.fromkeys([f"{CALLED}/{name}" for name in ("quantize", "report")], "success")
    assert log.annotations == []
    assert artifacts.names() == {"quantci", "quantci+quantize", CLAIM}
    assert artifacts.files("quantci+quantize") == MODELS | {"evaluate.json", "predictions.npz"}
    assert artifacts.report("quantci")["verdict"] == "pass"


def test_a_pull_request_is_evaluated_in_three_jobs(story: Story) -> None:
    log, artifacts, _ = story.sharded
    names = ["quantize", "evaluate 1/3-1", "evaluate 2/3-2", "evaluate 3/3-3", "report"]
    assert log.jobs == dict.fromkeys([*(f"{CALLED}/{name}" for name in names), COMMENT, "model/after"], "success")
    shards = {f"quantci+evaluate-{index}-of-3" for index in (1, 2, 3)}
    assert artifacts.names() == {"quantci", "quantci+quantize", *shards, CLAIM}
    files = artifacts.files("quantci")
    assert files >= MODELS | {"evaluate.json", "predictions.npz", "embed.json", "report.json", "report.md"}
    assert "component/quantci_model/CMakeLists.txt" in files


def test_a_shard_tells_what_it_is_and_nothing_of_the_whole(story: Story) -> None:
    (outputs,) = [
        values for (job, step), values in story.sharded.log.outputs.items() if (step, job[-5:]) == ("evaluate", "2/3-2")
    ]
    expected = {"status": "ok", "exit-code": "0", "shard-name": "2-of-3", "samples": "60"}
    assert {name: value for name, value in outputs.items() if value} == expected | {
        "record": "build/quantci/evaluate-2-of-3.json"
    }


def test_merged_shards_are_what_one_job_gives(story: Story) -> None:
    """But for the comparison with the push, which that had nothing to make with."""
    one, three = (json.loads(ran.artifacts.read("quantci", "evaluate.json")) for ran in (story.pushed, story.sharded))
    assert one["result"]["against_base"] is None
    three["result"] |= {name: one["result"][name] for name in ("against_base", "predictions_sha256")}
    assert timeless(three) == timeless(one)
    before, after = (predictions(ran) for ran in (story.pushed, story.sharded))
    assert {name: array for name, array in after.items() if not name.startswith("base")} == before


def test_where_nothing_is_lost_no_data_is_made_to_diagnose(story: Story) -> None:
    log = story.sharded.log
    assert log.output("merge", "metric-lost") == "false"
    assert (f"{CALLED}/report", "diagnose") not in log.steps
    jobs = {job for job, _, line in log.lines if line.strip() == MADE}
    assert jobs == {f"{CALLED}/{name}" for name in ("quantize", "evaluate 1/3-1", "evaluate 2/3-2", "evaluate 3/3-3")}
    assert story.sharded.artifacts.report("quantci")["diagnose"] is None


def test_outputs_come_up_to_the_caller(story: Story) -> None:
    size = json.loads(story.sharded.artifacts.read("quantci", "quantize.json"))["result"]["quantized_model"][
        "file_bytes"
    ]
    assert story.sharded.log.output("told", "verdict") == f"pass, {size} bytes, 0.000000 against the base"


def test_a_pull_request_is_compared_with_the_push_before_it(story: Story) -> None:
    assert story.pushed.artifacts.report("quantci")["baseline"] is None
    baseline = story.sharded.artifacts.report("quantci")["baseline"]
    assert baseline is not None
    assert "quantci-baseline" in story.sharded.log.text(f"{CALLED}/report")


def test_a_pull_request_is_paired_with_the_push_sample_by_sample(story: Story) -> None:
    """Same model, same pictures, three jobs: every output is one that the push kept, and nothing is run again."""
    for shard in ("1/3-1", "2/3-2", "3/3-3"):
        assert "quantci-baseline" in story.sharded.log.text(f"{CALLED}/evaluate {shard}")
    result = json.loads(story.sharded.artifacts.read("quantci", "evaluate.json"))["result"]
    against, pushed = result["against_base"], story.pushed.artifacts.report("quantci")
    assert (result["base_failure"], against["reused"], against["run_again"]) == (None, 180, 0)
    assert (against["paired"]["broken"], against["paired"]["fixed"], against["paired"]["delta"]) == ([], [], 0)
    assert against["base"]["quantized_sha256"] == pushed["quantize"]["quantized_model"]["sha256"]
    assert (against["base"]["branch"], against["base"]["git_commit"]) == ("main", pushed["origin"]["commit"])
    report = story.sharded.artifacts.report("quantci")["baseline"]
    assert (report["metric_delta"], report["metric_interval"]) == (0, against["paired"]["interval"])
    kept = predictions(story.sharded)
    assert kept["base"] == predictions(story.pushed)["int8_oracle"]
    assert "True" not in kept["base_again"]


def test_the_pull_request_has_one_comment(story: Story) -> None:
    (comment,) = story.sharded.comments
    assert "✅ quantci: pass" in comment
    assert story.sharded.log.output("1", "result", COMMENT) == "created"


def test_a_quantize_that_fails_ends_in_a_report(story: Story) -> None:
    """GitHub goes on to the comment, by its `if`; act ends at the first called workflow that fails."""
    log, artifacts, _ = story.broken
    assert log.jobs[f"{CALLED}/quantize"] == log.jobs[f"{CALLED}/report"] == "failure"
    assert not [name for name in log.jobs if "evaluate" in name]
    assert [one.job for one in log.annotations if one.level == "error"] == [f"{CALLED}/quantize", f"{CALLED}/report"]
    report = artifacts.report("quantci")
    assert (report["status"], report["verdict"]) == ("model_rejected", "fail")
