"""What a report says about its run: the head of a pull request and not the merge commit, and nothing that is odd."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from quantci.github.runner.origin import Base, read_base, read_origin
from quantci.records.base import encode
from quantci.records.origin import ReportOrigin

HEAD, MERGE, BASE = "a" * 40, "b" * 40, "c" * 40
PUSH = {
    "GITHUB_REPOSITORY": "acme/lights",
    "GITHUB_SHA": MERGE,
    "GITHUB_REF_TYPE": "branch",
    "GITHUB_REF_NAME": "main",
    "GITHUB_RUN_ID": "12",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_SERVER_URL": "https://github.test",
}


def pull_request(folder: Path) -> dict[str, str]:
    pull = {"number": 7, "head": {"sha": HEAD, "ref": "topic", "repo": None}, "base": {"sha": BASE, "ref": "main"}}
    (folder / "event.json").write_text(json.dumps({"pull_request": pull}))
    return {**PUSH, "GITHUB_REF_NAME": "7/merge", "GITHUB_EVENT_PATH": str(folder / "event.json")}


def test_a_push_names_its_branch_and_commit() -> None:
    assert read_origin(PUSH, "kws", "kws/quantci.toml") == ReportOrigin(
        key="kws",
        configuration="kws/quantci.toml",
        repository="acme/lights",
        branch="main",
        commit=MERGE,
        run_id=12,
        run_attempt=2,
        run_url="https://github.test/acme/lights/actions/runs/12",
    )
    assert read_base(PUSH) is None


def test_a_pull_request_names_its_head_number_and_base(tmp_path: Path) -> None:
    environment = pull_request(tmp_path)
    origin = read_origin(environment, "kws", None)
    assert (origin.branch, origin.commit, origin.pull_request) == ("topic", HEAD, 7)
    assert read_base(environment) == Base("main", BASE)


def test_a_branch_in_no_known_encoding_can_be_written() -> None:
    assert encode(read_origin({**PUSH, "GITHUB_REF_NAME": "b\udcff"}, "k", None))


def test_a_tag_is_no_branch() -> None:
    assert read_origin({**PUSH, "GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": "v1"}, "k", None).branch is None


@pytest.mark.parametrize("odd", ["", "x y", "../..", "\udcff", "0", "-1", "1e9"])
def test_what_is_odd_is_null_and_costs_no_report(odd: str) -> None:
    origin = read_origin(dict.fromkeys(PUSH, odd), "k", None)
    assert encode(origin)
    assert origin == ReportOrigin(key="k")
