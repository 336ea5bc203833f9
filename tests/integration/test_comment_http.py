"""The client over real HTTP: pages, limits, redirects, slow and broken answers, writers at once. Waits are short."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Iterator

import pytest
from tests.github_model import PERSON, REPOSITORY, TOKEN, html, reply, sha_of
from tests.integration.github_server import Server, serve
from tests.unit.github.desk import body

from quantci.errors import ToolError
from quantci.github.client import transport
from quantci.github.client.api_errors import Forbidden
from quantci.github.client.credential import Token
from quantci.github.client.transport import HttpTransport, Oversized, Unanswered
from quantci.github.comment.marker import marker_of
from quantci.github.comment.post import Posted, post
from quantci.github.comment.sticky import Outcome
from quantci.github.runner.event import Event
from quantci.progress import silent


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server is on this machine, whatever way others are reached."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def server() -> Iterator[Server]:
    with serve() as running:
        yield running


class Fast:
    """A clock on which time runs faster than it does."""

    def __init__(self, speed: float = 1000.0) -> None:
        self._speed = speed
        self._start_s = time.monotonic()
        self.slept: list[float] = []

    def monotonic_s(self) -> float:
        return (time.monotonic() - self._start_s) * self._speed

    def epoch_s(self) -> float:
        return 1_790_000_000.0

    def sleep(self, duration_s: float) -> None:
        self.slept.append(duration_s)
        time.sleep(duration_s / self._speed)


class Jump(Fast):
    """A clock that jumps over what others sleep through."""

    def __init__(self) -> None:
        super().__init__(1.0)
        self._jumped_s = 0.0

    def monotonic_s(self) -> float:
        return super().monotonic_s() + self._jumped_s

    def sleep(self, duration_s: float) -> None:
        self.slept.append(duration_s)
        self._jumped_s += duration_s


def say(server: Server, text: str, clock: Fast | None = None) -> Posted:
    marker = marker_of(text)
    assert marker is not None
    base = server.github.base
    event = Event(REPOSITORY, marker.sha, None, marker.run_id, marker.run_attempt, base, f"{base}/graphql", "")
    sender = HttpTransport(base, Token(TOKEN))
    return post(sender, event, marker, text, clock=clock or Jump(), timeout_s=300, progress=silent)


def test_comment_on_the_third_page_is_found_and_stays_the_only_one(server: Server) -> None:
    for number in range(120):
        server.github.add_comment(f"comment {number}", PERSON)
    server.github.add_comment(body(sha_of("a"), run=1))
    for number in range(130):
        server.github.add_comment(body(sha_of("a"), run=99, text=f"forged {number}"), PERSON)
    assert say(server, body(sha_of("a"), run=2)).outcome is Outcome.UPDATED
    assert server.github.texts() == [body(sha_of("a"), run=2)]
    assert len(server.github.comments) == 251


def test_limit_with_retry_after_is_waited_for(server: Server) -> None:
    server.github.fail(reply(403, {"message": "You have exceeded a secondary rate limit"}, retry_after="37"))
    server.github.fail(reply(429, {"message": "slow down"}, retry_after="5"), method="POST", path="issues")
    clock = Jump()
    assert say(server, body(sha_of("a")), clock).outcome is Outcome.CREATED
    assert clock.slept == [37.0, 5.0]
    assert len(server.github.texts()) == 1


def test_limit_without_a_time_is_waited_for_twice_as_long_each_time(server: Server) -> None:
    server.github.fail(reply(403, {"message": "You have exceeded a secondary rate limit."}), path="pulls", times=2)
    clock = Jump()
    say(server, body(sha_of("a")), clock)
    assert clock.slept == [60.0, 120.0]


def test_403_without_a_limit_is_not_waited_for(server: Server) -> None:
    server.github.may_write = False
    clock = Jump()
    with pytest.raises(Forbidden):
        say(server, body(sha_of("a")), clock)
    assert clock.slept == []


def test_errors_of_the_server_are_asked_again(server: Server) -> None:
    server.github.fail(reply(502, {"message": "Server Error"}), path="pulls")
    server.github.fail(html(504), path="comments")
    clock = Jump()
    assert say(server, body(sha_of("a")), clock).outcome is Outcome.CREATED
    assert clock.slept == [1.0, 1.0]


def test_comment_whose_answer_was_lost_is_not_created_twice(server: Server) -> None:
    server.broken.append("POST")
    server.github.is_app = False  # else GraphQL is the first POST
    assert say(server, body(sha_of("a"))).outcome is Outcome.CREATED
    assert server.github.texts() == [body(sha_of("a"))]
    assert server.github.writes == [("POST", f"/repos/{REPOSITORY}/issues/1/comments")]


def test_change_whose_answer_was_lost_is_not_made_twice(server: Server) -> None:
    server.github.add_comment(body(sha_of("a"), run=1))
    server.broken.append("PATCH")
    assert say(server, body(sha_of("a"), run=2)).outcome is Outcome.UPDATED
    assert [method for method, _ in server.github.writes] == ["PATCH"]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_get_is_redirected_on_the_same_host(server: Server, status: int) -> None:
    path = f"/repos/{REPOSITORY}/issues/1/comments"
    server.redirects["/user"] = (status, f"{server.github.base}/users/github-actions%5Bbot%5D")
    server.redirects[path] = (status, f"{path}?per_page=100")
    assert say(server, body(sha_of("a"))).outcome is Outcome.CREATED


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_the_token_never_goes_to_another_host(server: Server, status: int, method: str) -> None:
    with serve() as other:
        answer = reply(status, {}, location=f"{other.github.base}/repos/{REPOSITORY}/issues/1/comments")
        server.github.fail(answer, method=method, path="issues")
        with pytest.raises(ToolError) as caught:
            say(server, body(sha_of("a")))
        assert caught.value.code == "api-redirect"
        assert other.seen == []


@pytest.mark.parametrize("status", [307, 308])
def test_post_is_redirected_with_its_method_and_body(server: Server, status: int) -> None:
    place = f"{server.github.base}/repos/{REPOSITORY}/issues/1/comments"
    server.github.fail(reply(status, {}, location=place), method="POST", path="issues")
    assert say(server, body(sha_of("a"))).outcome is Outcome.CREATED
    assert server.github.texts() == [body(sha_of("a"))]


def test_post_is_not_turned_into_a_get(server: Server) -> None:
    place = f"{server.github.base}/repos/{REPOSITORY}/issues/1/comments"
    server.github.fail(reply(302, {}, location=place), method="POST", path="issues")
    with pytest.raises(ToolError) as caught:
        say(server, body(sha_of("a")))
    assert caught.value.code == "api-redirect"


def test_transport_refuses_another_host_by_itself(server: Server) -> None:
    sender = HttpTransport(server.github.base, Token(TOKEN))
    with pytest.raises(ValueError, match="another host"):
        sender.send("GET", "http://elsewhere.test/user", None, 1.0)
    with pytest.raises(ValueError, match="another host"):
        sender.send("GET", server.github.base.replace("http:", "https:") + "/user", None, 1.0)


def test_slow_answer_and_one_that_drips_are_given_up(server: Server) -> None:
    sender = HttpTransport(server.github.base, Token(TOKEN))
    server.delays.append(("GET", 3.0))
    with pytest.raises(Unanswered, match="no answer in time"):
        sender.send("GET", f"{server.github.base}/user", None, 0.3)
    server.drips.append("GET")
    with pytest.raises(Unanswered, match="in time"):
        sender.send("GET", f"{server.github.base}/user", None, 1.5)


def test_answer_that_is_too_large_is_not_read_to_its_end(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "_ANSWER_LIMIT", 100_000)
    sender = HttpTransport(server.github.base, Token(TOKEN))
    server.github.fail(reply(200, ["x" * 1_000_000]))
    with pytest.raises(Oversized):
        sender.send("GET", f"{server.github.base}/user", None, 5.0)
    server.github.fail(reply(200, ["x" * 1_000_000]))
    with pytest.raises(ToolError) as caught:
        say(server, body(sha_of("a")))
    assert caught.value.code == "api-answer"


def test_body_that_is_too_long_is_refused_with_what_the_api_says(server: Server) -> None:
    with pytest.raises(ToolError) as caught:
        say(server, body(sha_of("a"), text="🚦" * 40_000))
    assert caught.value.code == "api-rejected"
    assert "too long" in caught.value.cause


@pytest.mark.parametrize("seed", range(12))
def test_writers_at_once_leave_one_comment_with_the_newest_text(server: Server, seed: int) -> None:
    """The schedules of tests/unit/github, in real time that runs 40 times as fast, with slow requests on the way."""
    dice = random.Random(seed)
    server.github.commits[1] = [sha_of("a"), sha_of("b")]
    server.github.is_app = False
    for index in range(seed % 3):
        server.github.add_comment(body(sha_of("a"), run=0, text=f"earlier {index}"))
    server.delays += [(dice.choice(["GET", "POST", "PATCH", "DELETE"]), dice.uniform(0, 0.2)) for _ in range(20)]
    texts = [body(dice.choice(server.github.commits[1]), run=run) for run in range(1, 2 + dice.randint(1, 2))]
    errors = []

    def write(text: str, start_s: float) -> None:
        time.sleep(start_s)
        try:
            say(server, text, Fast(40.0))
        except BaseException as error:  # noqa: BLE001  told below
            errors.append(error)

    threads = [threading.Thread(target=write, args=(text, dice.uniform(0, 0.4))) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    newest = max(texts, key=lambda text: (sha_of("b") in text, texts.index(text)))
    assert server.github.texts() == [newest]


def test_a_token_shows_in_no_message_of_any_fault(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that quotes the token in every place where it can."""
    monkeypatch.setattr(transport, "REQUEST_S", 0.5)
    quoted = {"message": f"no: {TOKEN}"}
    answers = [
        *(reply(status, quoted, location=f"http://x.test/{TOKEN}") for status in (301, 400, 401, 403, 404, 422, 500)),
        *(reply(status, quoted, retry_after="9999") for status in (403, 429)),
        reply(200, {"id": TOKEN}),
        html(200)._replace(body=f"<html>{TOKEN}</html>".encode()),
        reply(200, [{"id": TOKEN, "number": TOKEN}], link=f'<http://x.test/{TOKEN}>; rel="next"'),
    ]
    for answer, path in itertools.product(answers, ["/user", "pulls", "comments"]):
        server.github.faults.clear()
        server.github.fail(answer, path=path, times=10)
        said = []
        marker = marker_of(body(sha_of("a")))
        assert marker is not None
        base = server.github.base
        event = Event(REPOSITORY, marker.sha, None, 1, 1, base, f"{base}/graphql", "")
        sender = HttpTransport(base, Token(TOKEN))
        try:
            post(
                sender,
                event,
                marker,
                body(sha_of("a")),
                clock=Jump(),
                timeout_s=100,
                progress=lambda what, done=0, total=0: said.append(what),  # noqa: B023  called inside this round
            )
        except ToolError as error:
            said += [str(error), repr(error), repr(error.args), repr(error.__context__), repr(error.__cause__)]
        said += [repr(sender), repr(vars(sender)), repr(Token(TOKEN)), str(Token(TOKEN))]
        assert not [line for line in said if TOKEN in line]
