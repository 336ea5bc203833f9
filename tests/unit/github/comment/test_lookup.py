"""Who we are, which pull request it is, and which commit is newer."""

from __future__ import annotations

import pytest
from tests.github_model import BOT, PERSON, REPOSITORY, GitHub, reply, sha_of
from tests.unit.github.desk import Direct, FakeClock

from quantci.errors import ToolError
from quantci.github.client.api import Api
from quantci.github.client.api_errors import NotPosted
from quantci.github.comment.author import Account
from quantci.github.comment.commit_order import History, positions
from quantci.github.comment.marker import Marker
from quantci.github.comment.pull_request import find_pull_request
from quantci.github.runner.event import Head
from quantci.progress import silent

A, B, C = sha_of("a"), sha_of("b"), sha_of("c")


def api_of(github: GitHub) -> Api:
    clock = FakeClock()
    return Api(Direct(github, clock), github.base, clock, timeout_s=300, is_gitea=github.is_gitea, progress=silent)


def found(
    github: GitHub, sha: str, wanted: int | None = None, head: Head | None = None, claimed: int | None = None
) -> int | str:
    try:
        return find_pull_request(api_of(github), REPOSITORY, sha, wanted, head, claimed).number
    except NotPosted as error:
        return error.code


def test_a_persons_token_stands_for_that_person() -> None:
    github = GitHub()
    github.user, github.is_app = PERSON, False
    assert Account.ask(api_of(github), f"{github.base}/graphql").number == PERSON["id"]


def test_a_jobs_token_asks_graphql_and_then_takes_the_jobs_account() -> None:
    github = GitHub()
    github.user = {"id": 55, "login": "our-app[bot]"}
    assert Account.ask(api_of(github), f"{github.base}/graphql").number == 55
    github.has_graphql = False
    assert Account.ask(api_of(github), f"{github.base}/graphql").number == BOT["id"]
    github.has_graphql = True
    github.fail(reply(200, {"errors": [{"message": "no"}], "data": None}), path="graphql")
    assert Account.ask(api_of(github), f"{github.base}/graphql").number == BOT["id"]


def test_a_job_of_gitea_or_forgejo_has_an_account_of_its_own() -> None:
    github = GitHub("https://git.test/api/v1")
    assert Account.ask(api_of(github), "").number == -2
    github.user, github.is_app = PERSON, False
    assert Account.ask(api_of(github), "").number == PERSON["id"]


def test_pull_request_of_its_head() -> None:
    github = GitHub()
    github.commits = {1: [A], 2: [A, B], 3: [C]}
    github.state = {1: "open", 2: "open", 3: "closed"}
    assert (found(github, A), found(github, B), found(github, C)) == (1, 2, "no-pull-request")


@pytest.mark.parametrize("base", ["https://api.github.test", "https://git.test/api/v1"])
def test_pull_request_of_a_fork_is_found_in_the_list(base: str) -> None:
    github = GitHub(base)
    github.knows_commit_pulls = False
    github.commits = {number: [sha_of(str(number))] for number in range(1, 140)}
    github.state = dict.fromkeys(github.commits, "open")
    assert found(github, sha_of("7")) == 7


def test_commit_that_was_the_head_before_is_found_too() -> None:
    github = GitHub()
    github.commits = {1: [A, B]}
    assert found(github, A) == 1
    github.knows_commit_pulls = False
    assert found(github, A) == "no-pull-request"
    assert found(github, A, wanted=1) == 1


def test_number_decides_only_between_those_that_have_the_commit() -> None:
    github = GitHub()
    github.commits = {1: [A], 2: [B, A], 3: [C]}
    github.state = dict.fromkeys(github.commits, "open")
    assert found(github, A) == "several-pull-requests"
    assert (found(github, A, 1), found(github, A, 2)) == (1, 2)
    assert found(github, A, wanted=3) == "no-pull-request"
    assert found(github, A, wanted=99) == "no-pull-request"


def test_number_may_name_one_that_has_moved_on_while_another_has_the_commit_as_its_head() -> None:
    github = GitHub()
    github.commits = {5: [A], 6: [A, B]}
    github.state = {5: "open", 6: "open"}
    assert (found(github, A), found(github, A, wanted=6)) == (5, 6)


def test_closed_pull_request_gets_no_comment() -> None:
    github = GitHub()
    github.state[1] = "closed"
    assert found(github, A) == "no-pull-request"
    assert found(github, A, wanted=1) == "no-pull-request"


def test_pages_that_never_end_are_a_fault() -> None:
    github = GitHub()
    link = f'<{github.base}/repos/{REPOSITORY}/commits/{A}/pulls?per_page=100>; rel="next"'
    github.fail(reply(200, [], link=link), path="pulls", times=50)
    with pytest.raises(ToolError) as caught:
        found(github, A)
    assert caught.value.code == "api-answer"


def test_later_commit_is_newer_and_a_forced_out_one_is_oldest() -> None:
    assert positions([A, B, C], C, newest_first=False) == {A: 0, B: 1, C: 2}
    assert positions([C, B, A], C, newest_first=True) == {A: 0, B: 1, C: 2}
    assert positions([C, B, A], C, newest_first=False)[C] == 2  # the head tells the order
    assert positions([A, B], C, newest_first=False)[C] == 2  # more than 250 commits
    assert positions([C, B, A], B, newest_first=True) == {A: 0, B: 1, C: 2}  # pushed in between
    assert positions([A], A, newest_first=False) == {A: 0}


def test_history_is_asked_for_again_whenever_two_commits_are_compared() -> None:
    github = GitHub()
    github.commits[1] = [A, B]
    history = History(api_of(github), REPOSITORY, 1)
    history.learn([A])
    assert github.requests == []
    history.learn([A, B])
    old, new = Marker("k", A, 9, 1), Marker("k", B, 1, 1)
    assert history.age(old) < history.age(new)
    github.commits[1] = [C, A]
    history.learn([A, B])
    assert history.age(old) > history.age(new)
    assert history.age(Marker("k", A, 9, 2)) > history.age(old)


def test_only_pull_requests_of_the_measured_branch_are_meant() -> None:
    """Anybody can propose a commit of somebody else's; the report of that run is not for the other pull request."""
    github = GitHub()
    github.commits = {1: [A], 2: [A], 3: [A]}
    github.state = dict.fromkeys(github.commits, "open")
    github.heads = {2: ("stranger/lights", "topic"), 3: ("stranger/lights", "other")}
    stranger = Head("Stranger/lights", "topic")
    for known in (True, False):
        github.knows_commit_pulls = known
        assert found(github, A, head=Head(REPOSITORY, "topic")) == 1
        assert found(github, A, head=stranger) == 2
        assert found(github, A, wanted=1, head=stranger) == "no-pull-request"
        assert found(github, A, head=Head("stranger/gone", "topic")) == "no-pull-request"


def test_between_pull_requests_of_one_branch_the_report_decides() -> None:
    github = GitHub()
    github.commits = {1: [A], 2: [A], 3: [A]}
    github.state = dict.fromkeys(github.commits, "open")
    github.heads = {3: ("stranger/lights", "topic")}
    own = Head(REPOSITORY, "topic")
    assert found(github, A, head=own) == "several-pull-requests"
    assert [found(github, A, head=own, claimed=number) for number in (1, 2)] == [1, 2]
    assert found(github, A, head=own, claimed=3) == "several-pull-requests", "it is of another branch"
    assert found(github, A, wanted=1, head=own, claimed=2) == 1
    assert found(github, A, claimed=2) == "several-pull-requests", "whose the branch is is not known"
