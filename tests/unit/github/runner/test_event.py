"""What the environment says: the head and not the merge commit, and nothing that could lead the token astray."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from quantci.errors import ConfigError
from quantci.github.runner.event import Head, read_event

HEAD, MERGE, OTHER = "a" * 40, "b" * 40, "c" * 40
BASE = {"GITHUB_REPOSITORY": "acme/lights", "GITHUB_SHA": MERGE}


def event_file(folder: Path, document: object) -> dict[str, str]:
    path = folder / "event.json"
    path.write_text(json.dumps(document))
    return {**BASE, "GITHUB_EVENT_PATH": str(path)}


def test_pull_request_names_its_head_and_number(tmp_path: Path) -> None:
    event = read_event(event_file(tmp_path, {"pull_request": {"number": 7, "head": {"sha": HEAD}}, "action": "x"}))
    assert (event.sha, event.pull_request) == (HEAD, 7)


def test_workflow_run_names_the_head_of_the_run_that_it_follows(tmp_path: Path) -> None:
    event = read_event(event_file(tmp_path, {"workflow_run": {"head_sha": HEAD, "id": 1}}))
    assert (event.sha, event.pull_request) == (HEAD, None)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pull_request": {"number": "x"}}', '{"workflow_run": null}'])
def test_push_or_an_odd_event_leaves_the_commit_of_the_job(tmp_path: Path, content: str) -> None:
    path = tmp_path / "event.json"
    path.write_text(content)
    assert read_event({**BASE, "GITHUB_EVENT_PATH": str(path)}).sha == MERGE
    assert read_event({**BASE, "GITHUB_EVENT_PATH": str(tmp_path / "none")}).sha == MERGE


def test_options_win_and_the_report_comes_last(tmp_path: Path) -> None:
    given = event_file(tmp_path, {"pull_request": {"number": 7, "head": {"sha": HEAD}}})
    event = read_event(given, repository="other/name", sha=OTHER.upper(), number=9, commit="d" * 40)
    assert (event.repository, event.sha, event.pull_request) == ("other/name", OTHER, 9)
    assert read_event({}, repository="o/n", commit="d" * 40).sha == "d" * 40


@pytest.mark.parametrize("sha", ["", "abc", "g" * 40, "a" * 41, "main", "a" * 39 + "\n"])
def test_commit_that_is_none_is_refused(sha: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_event({"GITHUB_REPOSITORY": "o/n"}, sha=sha)
    assert (caught.value.code, caught.value.where) == ("no-sha", "--sha")


@pytest.mark.parametrize("name", ["", "acme", "a/b/c", "a/..", "./b", "a b/c", "a/b#", "a/%2e", "ä/b", "a/b\n"])
def test_repository_that_could_be_another_address_is_refused(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_event({"GITHUB_SHA": HEAD, "GITHUB_REPOSITORY": name})
    assert caught.value.code == "no-repository"


@pytest.mark.parametrize(
    ("api", "graphql"),
    [
        ("", "https://api.github.com/graphql"),
        ("https://api.github.com/", "https://api.github.com/graphql"),
        ("https://ghe.test/api/v3", "https://ghe.test/api/graphql"),
        ("https://api.acme.ghe.test", "https://api.acme.ghe.test/graphql"),
    ],
)
def test_graphql_lies_beside_the_api(api: str, graphql: str) -> None:
    assert read_event({**BASE, "GITHUB_API_URL": api}).graphql_url == graphql
    assert read_event({**BASE, "GITHUB_API_URL": api, "GITHUB_GRAPHQL_URL": graphql}).graphql_url == graphql


@pytest.mark.parametrize(
    "url",
    ["https://elsewhere.test/graphql", "http://ghe.test/api/graphql", "ftp://ghe.test/", "https://ghe.test:8443/g"],
)
def test_graphql_on_another_host_is_not_believed(url: str) -> None:
    environment = {**BASE, "GITHUB_API_URL": "https://ghe.test/api/v3", "GITHUB_GRAPHQL_URL": url}
    assert read_event(environment).graphql_url == "https://ghe.test/api/graphql"


@pytest.mark.parametrize(
    "url",
    [
        "ghe.test",
        "ftp://ghe.test",
        "https://",
        "https://user:pw@ghe.test",
        "https://ghe.test/a b",
        "https://[x",
        "x\ny",
    ],
)
def test_address_that_is_no_api_is_refused(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_event({**BASE, "GITHUB_API_URL": url})
    assert caught.value.code == "api-url"


def test_gitea_is_known_by_its_address() -> None:
    assert read_event({**BASE, "GITHUB_API_URL": "https://git.test/api/v1"}).is_gitea
    assert not read_event({**BASE, "GITHUB_API_URL": "https://git.test/api/v3"}).is_gitea


def test_run_is_linked_only_where_there_is_one() -> None:
    run = {"GITHUB_SERVER_URL": "https://ghe.test", "GITHUB_RUN_ID": "12", "GITHUB_RUN_ATTEMPT": "2"}
    event = read_event({**BASE, **run})
    assert (event.run_id, event.run_attempt) == (12, 2)
    assert event.run_url == "https://ghe.test/acme/lights/actions/runs/12"
    gitea = {"GITHUB_API_URL": "https://ghe.test/api/v1", "GITHUB_RUN_NUMBER": "3"}
    assert read_event({**BASE, **run, **gitea}).run_url == "https://ghe.test/acme/lights/actions/runs/3"
    assert read_event(BASE).run_url == ""
    assert read_event({**BASE, **run, "GITHUB_SERVER_URL": "https://x) ![](y"}).run_url == ""
    assert read_event({**BASE, "GITHUB_RUN_ID": "1e9"}).run_id == 0


def test_workflow_run_is_about_the_run_that_measured(tmp_path: Path) -> None:
    run = {
        "id": 77,
        "run_number": 5,
        "run_attempt": 3,
        "head_sha": HEAD,
        "head_branch": "topic",
        "head_repository": {"full_name": "stranger/lights"},
    }
    own = {"GITHUB_SERVER_URL": "https://github.test", "GITHUB_RUN_ID": "99", "GITHUB_RUN_ATTEMPT": "1"}
    event = read_event({**event_file(tmp_path, {"workflow_run": run}), **own})
    assert (event.run_id, event.run_attempt, event.head) == (77, 3, Head("stranger/lights", "topic"))
    assert event.run_url == "https://github.test/acme/lights/actions/runs/77"
    gitea = {"GITHUB_API_URL": "https://github.test/api/v1", "GITHUB_RUN_NUMBER": "9"}
    assert read_event({**event_file(tmp_path, {"workflow_run": run}), **own, **gitea}).run_url.endswith("/runs/5")
