"""What one writer does, seen from outside: which writes it sends, and what stands there in the end."""

from __future__ import annotations

import pytest
from tests.github_model import BOT, PERSON, REPOSITORY, GitHub, reply, sha_of
from tests.unit.github.desk import Direct, FakeClock, body

from quantci.errors import ToolError
from quantci.github.comment.marker import marker_of
from quantci.github.comment.post import post
from quantci.github.comment.sticky import SETTLE_S, Outcome
from quantci.github.runner.event import Event
from quantci.progress import silent

A, B = sha_of("a"), sha_of("b")


class Desk:
    """One writer and its server."""

    def __init__(self, github: GitHub | None = None) -> None:
        self.github = github or GitHub()
        self.clock = FakeClock()
        self.transport = Direct(self.github, self.clock)

    def say(self, text: str) -> Outcome:
        marker = marker_of(text)
        assert marker is not None
        base = self.github.base
        event = Event(REPOSITORY, marker.sha, 1, marker.run_id, marker.run_attempt, base, f"{base}/graphql", "")
        posted = post(self.transport, event, marker, text, clock=self.clock, timeout_s=300, progress=silent)
        return posted.outcome


@pytest.fixture
def desk() -> Desk:
    return Desk()


def methods(desk: Desk) -> list[str]:
    return [method for method, _ in desk.github.writes]


def test_first_comment_is_created_without_a_wait(desk: Desk) -> None:
    assert desk.say(body(A)) is Outcome.CREATED
    assert (methods(desk), desk.clock.slept) == (["POST"], [])
    assert desk.github.texts() == [body(A)]


def test_same_comment_again_sends_nothing(desk: Desk) -> None:
    desk.github.add_comment(body(A).replace("\n", "\r\n"))
    assert desk.say(body(A)) is Outcome.UNCHANGED
    assert (methods(desk), desk.clock.slept) == ([], [])


def test_older_comment_is_changed_in_its_place_and_looked_at_again(desk: Desk) -> None:
    key = desk.github.add_comment(body(A, run=1))
    assert desk.say(body(A, run=2)) is Outcome.UPDATED
    assert (methods(desk), desk.clock.slept) == (["PATCH"], [SETTLE_S])
    assert list(desk.github.comments) == [key]


def test_other_text_of_the_same_run_replaces_it(desk: Desk) -> None:
    desk.github.add_comment(body(A, text="half"))
    assert desk.say(body(A, text="whole")) is Outcome.UPDATED
    assert desk.github.texts() == [body(A, text="whole")]


def test_later_attempt_of_a_run_replaces_it_and_an_earlier_one_does_not(desk: Desk) -> None:
    desk.github.add_comment(body(A, attempt=2))
    assert desk.say(body(A, attempt=1)) is Outcome.NEWER
    assert desk.say(body(A, attempt=3)) is Outcome.UPDATED


def test_newer_commit_is_left_alone_even_by_a_later_run(desk: Desk) -> None:
    desk.github.commits[1] = [A, B]
    desk.github.add_comment(body(B, run=1))
    assert desk.say(body(A, run=9)) is Outcome.NEWER
    assert methods(desk) == []


def test_old_commit_creates_a_comment_where_there_is_none(desk: Desk) -> None:
    desk.github.commits[1] = [A, B]
    assert desk.say(body(A)) is Outcome.CREATED
    assert desk.say(body(B)) is Outcome.UPDATED


def test_commit_that_was_forced_out_is_older_than_any(desk: Desk) -> None:
    desk.github.add_comment(body(sha_of("gone"), run=99))
    assert desk.say(body(A, run=1)) is Outcome.UPDATED


def test_commits_beyond_those_that_github_lists_are_known_by_the_head(desk: Desk) -> None:
    desk.github.commits[1] = [sha_of(f"{number:04}") for number in range(300)]
    desk.github.add_comment(body(sha_of("0249"), run=9))
    assert desk.say(body(sha_of("0299"), run=1)) is Outcome.UPDATED


def test_own_duplicates_are_merged_and_the_first_place_is_kept(desk: Desk) -> None:
    desk.github.commits[1] = [A, B]
    first = desk.github.add_comment(body(A, run=1))
    desk.github.add_comment(body(A, run=3))
    desk.github.add_comment(body(A, run=2))
    assert desk.say(body(B)) is Outcome.UPDATED
    assert list(desk.github.comments) == [first]
    assert desk.github.texts() == [body(B)]
    assert methods(desk) == ["PATCH", "DELETE", "DELETE"]


def test_duplicates_are_merged_to_the_newest_by_an_older_writer_too(desk: Desk) -> None:
    desk.github.commits[1] = [A, B]
    desk.github.add_comment(body(A, run=1))
    newest = desk.github.add_comment(body(B, run=5))
    assert desk.say(body(A, run=3)) is Outcome.NEWER
    assert list(desk.github.comments) == [newest]


def test_marker_of_anybody_else_in_a_quotation_or_of_another_key_does_not_count(desk: Desk) -> None:
    desk.github.add_comment(body(A, run=99, text="forged"), PERSON)
    desk.github.add_comment(f"> {body(A, run=99)}")
    desk.github.add_comment(f"```\n{body(A, run=99)}\n```")
    desk.github.add_comment(body(A, run=99, key="other"))
    before = dict(desk.github.comments)
    assert desk.say(body(A, run=1)) is Outcome.CREATED
    assert {key: desk.github.comments[key] for key in before} == before


def test_comment_whose_marker_a_person_removed_is_theirs_now(desk: Desk) -> None:
    desk.github.add_comment(body(A).split("\n", 1)[1])
    assert desk.say(body(A)) is Outcome.CREATED
    assert len(desk.github.texts(BOT)) == 2


def test_comment_of_a_deleted_account_is_nobodys(desk: Desk) -> None:
    key = desk.github.add_comment(body(A, run=9))
    desk.github.comments[key]["user"] = None
    link = {"id": key, "body": body(A, run=9), "user": None}
    desk.github.fail(reply(200, [link]), path="issues/1/comments")
    del desk.github.comments[key]
    assert desk.say(body(A)) is Outcome.CREATED


def test_account_is_learnt_from_what_was_created(desk: Desk) -> None:
    """A server that says something else about who we are must not get one comment after the other."""
    desk.github.fail(reply(200, {"id": 4711, "login": "somebody"}), path="/user")
    assert desk.say(body(A)) is Outcome.CREATED
    assert methods(desk) == ["POST"]


@pytest.mark.parametrize("fate", ["lost", "refused", "502"])
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_a_write_of_unknown_fate_ends_in_one_comment(desk: Desk, method: str, fate: str) -> None:
    desk.github.is_app = False
    if method != "POST":
        desk.github.add_comment(body(A, run=1))
    if method == "DELETE":
        desk.github.add_comment(body(A, run=1, text="second"))
    if fate == "lost":
        desk.transport.lost.append(method)
    elif fate == "refused":
        desk.transport.refused.append(method)
    else:
        desk.github.fail(reply(502, {}), method=method)
    expected = Outcome.CREATED if method == "POST" else Outcome.UPDATED
    assert desk.say(body(A, run=2)) is expected
    assert desk.github.texts() == [body(A, run=2)]


def test_comment_that_vanishes_between_look_and_change_is_created_again(desk: Desk) -> None:
    key = desk.github.add_comment(body(A, run=1))
    gone = reply(404, {"message": "Not Found"})
    desk.github.fail(gone, method="PATCH")
    desk.github.fail(reply(200, [desk.github.comments[key]]), path="issues/1/comments")
    del desk.github.comments[key]
    assert desk.say(body(A, run=2)) is Outcome.CREATED
    assert methods(desk) == ["PATCH", "POST"]


def test_list_that_takes_long_is_followed_by_a_look_at_the_comment_itself(desk: Desk) -> None:
    desk.transport.takes_s = 1.2  # a list and one more request are more than two seconds
    desk.github.commits[1] = [A, B]
    key = desk.github.add_comment(body(A))
    assert desk.say(body(B)) is Outcome.UPDATED
    assert ("GET", f"/repos/{REPOSITORY}/issues/comments/{key}") in desk.github.requests


def test_server_that_is_too_slow_for_any_change_is_given_up(desk: Desk) -> None:
    desk.transport.takes_s = 3.0
    desk.github.add_comment(body(A, run=1))
    with pytest.raises(ToolError) as caught:
        desk.say(body(A, run=2))
    assert caught.value.code in {"comment-busy", "out-of-time"}
    assert methods(desk) == []


def test_comment_that_is_never_listed_is_not_created_for_ever(desk: Desk) -> None:
    desk.github.fail(reply(200, []), method="GET", path="issues/1/comments", times=50)
    with pytest.raises(ToolError) as caught:
        desk.say(body(A))
    assert caught.value.code == "comment-lost"
    assert methods(desk) == ["POST"] * 3


ROBOT = {"id": 9, "login": "robot"}


def gitea_without_read_user() -> Desk:
    """A token of a person, or of a robot, that may not ask for its own account; and a marker forged by another."""
    github = GitHub("https://git.test/api/v1")
    github.user = ROBOT
    github.add_comment(body(A, run=99, text="forged"), PERSON)
    return Desk(github)


def test_a_token_that_may_not_ask_who_it_is_changes_its_comment_in_place() -> None:
    desk = gitea_without_read_user()
    assert desk.say(body(A, run=1)) is Outcome.CREATED
    later = Desk(desk.github)
    assert later.say(body(A, run=2)) is Outcome.UPDATED
    assert later.say(body(A, run=2)) is Outcome.UNCHANGED
    assert later.github.texts() == [body(A, run=2)]
    assert later.github.texts(PERSON) == [body(A, run=99, text="forged")], "neither taken for ours nor touched"
    assert later.github.reactions == set(), "and taken back"
    assert "DELETE" in methods(later)
    assert not [path for method, path in later.github.writes if method == "DELETE" and "reactions" not in path]


def test_a_reaction_that_was_there_before_stays() -> None:
    desk = gitea_without_read_user()
    (forged,) = desk.github.comments
    desk.github.reactions.add((forged, 9))
    assert desk.say(body(A, run=1)) is Outcome.CREATED
    assert desk.github.reactions == {(forged, 9)}


def test_a_token_that_may_not_even_react_makes_its_comment_anew() -> None:
    desk = gitea_without_read_user()
    desk.github.may_react = False
    assert desk.say(body(A, run=1)) is Outcome.CREATED
    assert desk.say(body(A, run=2)) is Outcome.CREATED
    assert desk.github.texts() == [body(A, run=2)]
    assert len(desk.github.texts(PERSON)) == 1


def test_a_job_of_gitea_asks_nothing_more_where_its_own_comment_is_all_there_is() -> None:
    desk = Desk(GitHub("https://git.test/api/v1"))
    assert desk.say(body(A, run=1)) is Outcome.CREATED
    assert desk.say(body(A, run=2)) is Outcome.UPDATED
    assert methods(desk) == ["POST", "PATCH"]


def test_an_old_server_without_graphql_is_asked_by_a_reaction_too() -> None:
    desk = Desk()
    desk.github.user, desk.github.has_graphql = ROBOT, False
    desk.github.add_comment(body(A, run=1))
    assert desk.say(body(A, run=2)) is Outcome.UPDATED
    assert (desk.github.texts(), desk.github.reactions) == ([body(A, run=2)], set())
