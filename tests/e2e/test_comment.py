"""The comment, by its action alone: what a fork, a second run and a second model find."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.e2e import events
from tests.e2e.caller import Caller
from tests.e2e.log import Log
from tests.e2e.runner import Runner
from tests.github_model import GitHub
from tests.golden import example_report
from tests.integration.github_server import serve

from quantci.records.base import write

WORKFLOW = """
on: pull_request
jobs:
  comment:
    runs-on: ubuntu-latest
    steps:
      - uses: {checkout}
      - id: first
        uses: org/quantci/actions/comment@v1
        with:
          report: report.json
      - id: again
        uses: org/quantci/actions/comment@v1
        with:
          report: report.json
      - id: other
        uses: org/quantci/actions/comment@v1
        with:
          report: report.json
          key: other
"""
JOB = "comment.yml/comment"


@pytest.fixture(scope="module")
def commented(runner: Runner, changed: Callable[[str], Caller]) -> Callable[[GitHub], Log]:
    """Runs the job for pull request 1 of this server."""
    caller = changed("comment")
    base = caller.head
    checkout = next(use for use in runner.repositories if use.startswith("actions/checkout@"))
    caller.write(".github/workflows/comment.yml", WORKFLOW.format(checkout=checkout))
    write(caller.folder / "report.json", example_report())
    caller.commit("A report")

    def run(github: GitHub) -> Log:
        events.announce(github, caller)
        payload = events.pull_request(caller, base)
        environment = {"GITHUB_API_URL": github.base}
        return runner.run(caller, "pull_request", "comment.yml", payload=payload, environment=environment)

    return run


def test_a_comment_is_left_alone_where_it_says_so_already(commented: Callable[[GitHub], Log]) -> None:
    with serve() as server:
        log = commented(server.github)
        assert log.jobs == {JOB: "success"}
        results = {step: log.outputs[JOB, step]["result"] for step in ("first", "again", "other")}
        assert results == {"first": "created", "again": "unchanged", "other": "created"}
        assert len(server.github.texts()) == 2, "one for each key"
        assert {headers.get("authorization", "")[:7] for headers in server.seen} == {"Bearer "}


def test_without_the_right_to_comment_the_report_is_in_the_summary(commented: Callable[[GitHub], Log]) -> None:
    """As on a pull request of a fork."""
    with serve() as server:
        server.github.may_write = False
        log = commented(server.github)
        assert log.jobs == {JOB: "success"}
        assert {log.outputs[JOB, step]["result"] for step in ("first", "again", "other")} == {"forbidden"}
        assert [one.level for one in log.annotations] == ["notice"] * 3
        assert all("pull-requests: write" in one.text for one in log.annotations)
        assert len(log.summaries) == 3
        assert server.github.texts() == []
