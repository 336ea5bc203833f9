"""`quantci comment` against a local HTTP server that answers as GitHub, GitHub Enterprise and Gitea document."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.github_model import PERSON, REPOSITORY, TOKEN, GitHub, Reply, html, reply, sha_of
from tests.golden import example_report
from tests.integration.command import Command, Done
from tests.integration.github_server import Server, serve
from tests.unit.github.desk import body

from quantci.records.base import write
from quantci.report.comment import render

HEAD = sha_of("a")
MERGE = sha_of("merge")


@pytest.fixture
def server() -> Iterator[Server]:
    with serve() as running:
        yield running


@pytest.fixture
def job(quantci: Command, tmp_path: Path, server: Server) -> Job:
    return Job(quantci, tmp_path, server.github)


class Job:
    """A step of a workflow in a folder with nothing but a report: no checkout, no quantci.toml."""

    def __init__(self, quantci: Command, folder: Path, github: GitHub) -> None:
        self.quantci = quantci
        self.folder = folder
        self.github = github
        self.report = folder / "build" / "quantci" / "report.json"
        write(self.report, example_report())
        self.summary = folder / "summary.md"
        self.environment = {
            "NO_PROXY": "127.0.0.1",
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": github.base,
            "GITHUB_SERVER_URL": "https://github.test",
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_SHA": MERGE,
            "GITHUB_RUN_ID": "500",
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_TOKEN": TOKEN,
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_EVENT_PATH": str(folder / "event.json"),
        }
        self.event({"pull_request": {"number": 1, "head": {"sha": HEAD}}})

    def event(self, document: object) -> None:
        (self.folder / "event.json").write_text(json.dumps(document))

    def run(self, *arguments: str, **environment: str) -> Done:
        """Run the command. The token must never show, whatever happens, and nor must a trace."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "QUANTCI_"))}
        done = self.quantci(
            "comment", *arguments, cwd=self.folder, environment={**kept, **self.environment, **environment}
        )
        said = done.out + done.err + (self.summary.read_text() if self.summary.exists() else "")
        assert TOKEN not in said
        assert "Traceback" not in said
        return done


def commands(done: Done) -> list[str]:
    """The workflow commands in what was printed."""
    return [line for line in done.out.splitlines() if line.startswith("::")]


@pytest.mark.slow
def test_comment_is_created_then_left_alone_then_updated(job: Job) -> None:
    github = job.github
    created = job.run()
    assert created.code == 0, created.err
    assert created.out.splitlines()[-1].startswith(f"created: https://github.test/{REPOSITORY}/pull/1#issuecomment-")
    (text,) = github.texts()
    first, _, rest = text.partition("\n")
    assert first == f"<!-- quantci-comment 1 key=quantci sha={HEAD} run=500 attempt=1 -->"
    assert rest.startswith(render(example_report()).rstrip())
    assert f"[this run](https://github.test/{REPOSITORY}/actions/runs/500)" in rest
    assert not job.summary.exists()

    before = len(github.writes)
    unchanged = job.run()
    assert unchanged.out.startswith("unchanged: ")
    assert len(github.writes) == before

    github.commits[1].append(sha_of("b"))
    job.event({"workflow_run": {"head_sha": sha_of("b")}})
    updated = job.run(GITHUB_RUN_ID="501")
    assert updated.out.startswith("updated: "), updated.err
    assert all("done in" in line or line in DOCUMENT.read_text() for line in updated.err.splitlines())
    assert len(github.texts()) == 1
    assert f"sha={sha_of('b')} run=501" in github.texts()[0]

    # The run of the first commit ends last.
    late = job.run("--sha", HEAD, GITHUB_RUN_ID="502")
    assert late.out.startswith("kept the newer one: ")
    assert f"sha={sha_of('b')} run=501" in github.texts()[0]


def test_fork_gets_the_report_in_the_summary_and_a_notice(job: Job) -> None:
    job.github.may_write = False
    done = job.run()
    assert done.code == 0
    assert job.summary.read_text() == render(example_report())
    (notice,) = commands(done)
    assert notice.startswith("::notice title=quantci comment%3A comment-forbidden::")
    assert "Resource not accessible by integration" in notice
    assert done.out.splitlines()[-1].startswith("not posted: ")
    assert not job.github.texts()


def test_fork_at_a_desk_is_told_in_a_line(job: Job) -> None:
    job.github.may_write = False
    done = job.run(GITHUB_ACTIONS="", GITHUB_STEP_SUMMARY="")
    assert done.code == 0
    assert not commands(done)
    assert done.err.rstrip().endswith("[comment-forbidden]")


def test_a_missing_token_is_a_fault_that_says_what_to_set(job: Job) -> None:
    done = job.run(GITHUB_TOKEN="")
    assert done.code == 2
    assert done.err.rstrip().endswith("[no-token]")
    assert "pull-requests: write" in done.err
    assert "GITHUB_TOKEN" in done.err
    assert len(commands(done)) == 1
    assert job.summary.read_text() == render(example_report())


def test_token_with_a_line_end_inside_is_never_quoted(job: Job) -> None:
    done = job.run(GITHUB_TOKEN="first-half\nsecond-half")
    assert done.code == 2
    assert "second-half" not in done.out + done.err
    assert "first-half" not in done.out + done.err


@pytest.mark.parametrize(
    ("answer", "where", "code"),
    [
        (html(200), "", "api-not-json"),
        (html(403), "", "api-not-json"),
        (reply(401, {"message": f"Bad credentials: {TOKEN}"}), "", "token-rejected"),
        (reply(404, {"message": "Not Found"}), "", "repository-not-found"),
        (reply(422, {"message": "Validation Failed"}), "issues", "api-rejected"),
        (reply(200, {"message": "an object"}), "pulls", "api-answer"),
        (reply(200, [{"number": "one"}]), "pulls", "api-answer"),
        (Reply(200, {"content-type": "application/json"}, b"["), "pulls", "api-not-json"),
        (
            reply(403, {"message": "limit"}, x_ratelimit_remaining="0", x_ratelimit_reset="9999999999"),
            "",
            "rate-limited",
        ),
        (reply(429, {"message": "limit"}, retry_after="86400"), "", "rate-limited"),
        (Reply(302, {"location": "https://elsewhere.test/login"}, b""), "", "api-redirect"),
        (reply(200, [], link='<https://elsewhere.test/?page=2>; rel="next"'), "issues", "api-redirect"),
    ],
    ids=range(12),
)
def test_each_fault_is_one_line_one_annotation_and_the_summary(job: Job, answer: Reply, where: str, code: str) -> None:
    job.github.fail(answer, path=where, times=20)
    done = job.run()
    assert done.code == 4
    assert done.err.rstrip().endswith(f"[{code}]")
    assert len(commands(done)) == 1
    assert f"quantci comment%3A {code}" in commands(done)[0]
    assert job.summary.read_text() == render(example_report())
    assert not job.github.texts()


@pytest.mark.slow
def test_server_that_is_not_there_is_named_after_a_few_tries(job: Job) -> None:
    done = job.run(GITHUB_API_URL="http://127.0.0.1:9")
    assert done.code == 4
    assert done.err.rstrip().endswith("[api-unreachable]")
    assert "5 times" in done.err


def test_netrc_does_not_replace_the_token(job: Job, server: Server) -> None:
    (job.folder / "netrc").write_text("machine 127.0.0.1 login other password secret\n")
    assert job.run(NETRC=str(job.folder / "netrc")).code == 0
    assert {headers["authorization"] for headers in server.seen} == {f"Bearer {TOKEN}"}


def test_report_of_another_schema_is_said_in_the_comment(job: Job) -> None:
    document = json.loads(job.report.read_text())
    document["schema_version"] = 2
    document["\n::stop-commands::@octocat<b>"] = 1
    job.report.write_text(json.dumps(document))
    done = job.run()
    assert done.code == 4
    assert "\n::stop" not in done.out + done.err
    assert done.err.rstrip().endswith("[schema]")
    (text,) = job.github.texts()
    assert "no report" in text
    assert "$" in text
    assert "`schema`" in text


def test_unknown_field_of_a_stranger_is_only_text_in_the_comment(job: Job) -> None:
    document = json.loads(job.report.read_text())
    document["\n::stop-commands::x @octocat<b>"] = 1
    job.report.write_text(json.dumps(document))
    done = job.run()
    assert not [line for line in (done.out + done.err).splitlines() if line.startswith("::stop")]
    (text,) = job.github.texts()
    assert "␊::stop-commands::x" in text


def test_missing_report_is_a_fault(job: Job) -> None:
    job.report.unlink()
    done = job.run()
    assert (done.code, done.err.rstrip().endswith("[not-found]")) == (2, True)
    assert not job.github.requests


def test_report_and_key_can_be_given(job: Job) -> None:
    elsewhere = job.folder / "downloaded" / "report.json"
    elsewhere.parent.mkdir()
    job.report.rename(elsewhere)
    assert job.run("--report", "downloaded/report.json", "--key", "one").code == 0
    assert job.run("--report", "downloaded/report.json", "--key", "two/b").code == 0
    assert [text.split()[3] for text in job.github.texts()] == ["key=one", "key=two/b"]
    done = job.run("--report", "downloaded/report.json", "--key", "a-->b")
    assert (done.code, done.err.rstrip().endswith("[config-value]")) == (2, True)


def test_dry_run_needs_neither_network_nor_token(job: Job) -> None:
    done = job.run("--dry-run", GITHUB_TOKEN="")
    assert done.code == 0
    assert done.out.startswith(f"<!-- quantci-comment 1 key=quantci sha={HEAD} run=500 attempt=1 -->\n")
    assert "would create or update" in done.err
    assert not job.github.requests


def test_push_without_a_pull_request_is_no_fault(job: Job) -> None:
    job.event({})
    done = job.run(GITHUB_SHA=sha_of("lonely"))
    assert done.code == 0
    (notice,) = commands(done)
    assert notice.startswith("::notice title=quantci comment%3A no-pull-request::acme/lights: No open pull request")
    assert job.summary.read_text() == render(example_report())


def test_desk_without_any_variable_takes_the_commit_of_the_report(job: Job) -> None:
    commit = example_report().provenance.git_commit
    assert commit is not None
    job.github.commits[1] = [commit]
    names = [name for name in job.environment if name not in {"GITHUB_API_URL", "GITHUB_TOKEN"}]
    done = job.run("--repository", REPOSITORY, **dict.fromkeys(names, ""), GITEA_TOKEN=TOKEN, GITHUB_TOKEN="")
    assert done.code == 0, done.err
    assert f"sha={commit} run=0 attempt=0" in job.github.texts()[0]
    assert "this run" not in job.github.texts()[0]


@pytest.mark.parametrize("prefix", ["/api/v3", "/api/v1"])
def test_github_enterprise_and_gitea(quantci: Command, tmp_path: Path, prefix: str) -> None:
    with serve(prefix) as server:
        job = Job(quantci, tmp_path, server.github)
        for number in range(60):
            server.github.add_comment(f"comment {number}", PERSON)
        assert job.run().out.startswith("created: ")
        assert job.run().out.startswith("unchanged: ")
        assert len(server.github.texts()) == 1


def test_requests_are_imported_only_to_post(job: Job) -> None:
    code = (
        "import sys, quantci.cli\n"
        "quantci.cli.main(['comment', '--dry-run'])\n"
        "assert 'requests' not in sys.modules and 'numpy' not in sys.modules and 'tensorflow' not in sys.modules\n"
    )
    environment = {**os.environ, **job.environment}
    subprocess.run(
        [sys.executable, "-c", code], cwd=job.folder, env=environment, check=True, capture_output=True, timeout=600
    )


DOCUMENT = Path(__file__).parents[2] / "docs" / "comment.md"


def test_the_document_shows_what_the_command_says(job: Job) -> None:
    """Transcripts differ in times and ids only. The one of a change, which waits, is in the first test."""
    job.github.add_comment(body(HEAD, run=1))
    job.github.fail(reply(403, {"message": "secondary rate limit"}, retry_after="1"), path="comments")
    job.github.may_write = False
    done = job.run()
    shown = re.sub(r"[0-9.]+ s|/[0-9]+", "N", DOCUMENT.read_text())
    for line in (done.err + done.out).splitlines():
        assert re.sub(r"[0-9.]+ s|/[0-9]+", "N", line) in shown
