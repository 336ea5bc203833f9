"""A pull request from a fork: its own run may only read, and examples/workflows/fork-comment.yml comments after it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import pytest
from tests.e2e import events
from tests.e2e.caller import Caller
from tests.e2e.log import Log
from tests.e2e.runner import Runner
from tests.github_model import REPOSITORY, GitHub
from tests.integration.github_server import serve

STRANGER = "stranger/lights"
JOB = "model comment/comment"


class Story(NamedTuple):
    """Two runs of the pull request's own workflow, the comment after each, and what was written to the server."""

    refused: Log
    measured: Log
    commented: Log
    comment: str
    late: Log
    again: str
    writes: list[tuple[str, str]]


@pytest.fixture(scope="module")
def story(runner: Runner, changed: Callable[[str], Caller]) -> Story:
    """A stranger's pull request; others propose the same commit too, and the same branch to another one of ours."""
    caller = changed("fork")
    base = caller.head
    caller.replace("quantci.toml", "samples = 210", "samples = 200")
    caller.commit("Calibrate with less")
    with serve() as server:
        github = server.github
        events.announce(github, caller)
        for number, owner in ((1, STRANGER), (2, "copycat/lights"), (3, STRANGER)):
            github.commits[number], github.state[number] = [caller.head], "open"
            github.heads[number] = (owner, "topic")

        def measure(workflow: str) -> Log:
            github.may_write = False
            payload = events.pull_request(caller, base, STRANGER)
            return run(runner, caller, github, "pull_request", workflow, payload)

        def comment(after: Log) -> tuple[Log, str]:
            github.may_write = True
            payload = events.workflow_run(caller, after, STRANGER)
            log = run(runner, caller, github, "workflow_run", "fork-comment.yml", payload)
            (text,) = github.texts()
            return log, text

        older, newer = measure("single-actions.yml"), measure("model-measure.yml")
        commented, text = comment(newer)
        late, again = comment(older)
        return Story(older, newer, commented, text, late, again, github.writes)


def run(runner: Runner, caller: Caller, github: GitHub, event: str, workflow: str, payload: dict[str, object]) -> Log:
    return runner.run(caller, event, workflow, payload=payload, environment={"GITHUB_API_URL": github.base})


def test_the_run_of_the_pull_request_measures_and_may_not_comment(story: Story) -> None:
    for log in (story.refused, story.measured):
        assert set(log.jobs.values()) == {"success"}
    assert story.refused.output("6", "result") == "forbidden"


def test_the_run_after_it_comments_on_the_pull_request_of_that_branch(story: Story) -> None:
    assert story.commented.jobs == {JOB: "success"}
    assert story.commented.output("1", "result") == "created"
    assert {path for _, path in story.writes} == {f"/repos/{REPOSITORY}/issues/1/comments"}
    assert "✅ quantci: pass" in story.comment


def test_marker_and_link_are_of_the_run_that_measured(story: Story) -> None:
    assert f" run={story.measured.run_id} attempt=1 -->" in story.comment.split("\n", 1)[0]
    assert f"/{REPOSITORY}/actions/runs/{story.measured.run_id})" in story.comment


def test_the_comment_of_an_older_run_comes_too_late(story: Story) -> None:
    assert story.late.output("1", "result") == "newer"
    assert story.again == story.comment


def test_nothing_is_checked_out_or_restored(story: Story) -> None:
    text = story.commented.text()
    assert "1 artifacts downloaded: quantci" in text
    assert not re.search("Cache (restored|saved|not found)", text)
    assert {step.split("/")[0] for _, step in story.commented.steps} == {"0", "1"}
