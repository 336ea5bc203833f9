"""A GitHub (or Gitea) in memory that behaves as its documentation says, for tests without and with a network.

It knows pull requests, their commits, comments, who asks, pages, and faults that a test plans ahead.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

BOT = {"id": 41898282, "login": "github-actions[bot]"}
GITEA_BOT = {"id": -2, "login": "gitea-actions"}
PERSON = {"id": 7, "login": "octocat"}
TOKEN = "token-of-no-account-0123456789"
REPOSITORY = "acme/lights"
LIMIT_HEADERS = {"x-ratelimit-limit": "1000", "x-ratelimit-remaining": "998", "x-ratelimit-reset": "1800000000"}


class Reply(NamedTuple):
    """What goes back to the client."""

    status: int
    headers: dict[str, str]
    body: bytes


def reply(status: int, document: Any = None, **headers: str) -> Reply:
    """A JSON answer, with the rate headers that GitHub always sends."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = b"" if document is None else json.dumps(document).encode()
    return Reply(status, {"content-type": "application/json; charset=utf-8", **LIMIT_HEADERS, **named}, body)


def html(status: int) -> Reply:
    """A login page, or a proxy's."""
    return Reply(status, {"content-type": "text/html"}, b"<!DOCTYPE html><html><title>Sign in</title></html>")


def sha_of(name: str) -> str:
    """A commit's name that can be told apart by eye."""
    return (name.encode().hex() + "0" * 40)[:40]


class GitHub:
    """State and rules. `handle` is one request that takes effect at once and as a whole."""

    def __init__(self, base: str = "https://api.github.test") -> None:
        self.base = base
        self.commits: dict[int, list[str]] = {1: [sha_of("a")]}
        self.state: dict[int, str] = {1: "open"}
        self.heads: dict[int, tuple[str, str]] = {}
        """Repository and branch of a pull request; by default the branch `topic` of this repository."""
        self.comments: dict[int, dict[str, Any]] = {}
        self.user: dict[str, Any] = GITEA_BOT if self.is_gitea else BOT
        self.is_app = True  # a job's token: GET /user is not for it
        self.has_graphql = True
        self.knows_commit_pulls = True
        self.may_write = True
        self.may_react = True
        self.reactions: set[tuple[int, int]] = set()
        """Comment and account."""
        self.requests: list[tuple[str, str]] = []
        self.faults: list[tuple[Callable[[str, str], bool], Reply]] = []
        self._next_id = 1000

    @property
    def is_gitea(self) -> bool:
        return self.base.endswith("/api/v1")

    @property
    def writes(self) -> list[tuple[str, str]]:
        """The requests that change something."""
        return [(method, path) for method, path in self.requests if method != "GET" and "graphql" not in path]

    def fail(self, answer: Reply, method: str = "", path: str = "", times: int = 1) -> None:
        """Answer the next requests that fit with this."""
        self.faults += [(lambda had, where: method in had and path in where, answer)] * times

    def add_comment(self, body: str, user: dict[str, Any] | None = None) -> int:
        """A comment that is there already."""
        self._next_id += 1
        self.comments[self._next_id] = {"id": self._next_id, "body": body, "user": user or self.user}
        return self._next_id

    def texts(self, user: dict[str, Any] | None = None) -> list[str]:
        """What this account has said, the oldest first."""
        wanted = (user or self.user)["id"]
        return [
            self.comments[key]["body"] for key in sorted(self.comments) if self.comments[key]["user"]["id"] == wanted
        ]

    def handle(self, method: str, url: str, headers: dict[str, str], payload: bytes | None) -> Reply:
        """Do one request."""
        parts = urlsplit(url)
        path = parts.path.removeprefix(urlsplit(self.base).path)
        self.requests.append((method, path))
        for index, (fits, answer) in enumerate(self.faults):
            if fits(method, path):
                del self.faults[index]
                return answer
        if headers.get("authorization") != f"Bearer {TOKEN}":
            return reply(401, {"message": "Bad credentials", "documentation_url": "x"})
        document = json.loads(payload) if payload else {}
        return self._route(method, path, parse_qs(parts.query), document)

    def _route(self, method: str, path: str, query: dict[str, list[str]], document: Any) -> Reply:
        routes: list[tuple[str, Callable[..., Reply]]] = [
            (r"/user", self._get_user),
            (r"(?:/api)?/graphql", self._ask_graphql),
            (r"/users/github-actions%5Bbot%5D", lambda **_: reply(200, BOT)),
            (rf"/repos/{REPOSITORY}/commits/([0-9a-f]+)/pulls", self._get_pulls_of_commit),
            (rf"/repos/{REPOSITORY}/pulls", self._get_pulls),
            (rf"/repos/{REPOSITORY}/pulls/(\d+)", self._get_pull),
            (rf"/repos/{REPOSITORY}/pulls/(\d+)/commits", self._get_commits),
            (rf"/repos/{REPOSITORY}/issues/(\d+)/comments", self._thread),
            (rf"/repos/{REPOSITORY}/issues/comments/(\d+)", self._one_comment),
            (rf"/repos/{REPOSITORY}/issues/comments/(\d+)/reactions(?:/\d+)?", self._react),
        ]
        for pattern, action in routes:
            if found := re.fullmatch(pattern, path):
                if method != "GET" and path.startswith("/repos/") and not self.may_write:
                    return self._forbidden()
                return action(*found.groups(), method=method, path=path, query=query, document=document)
        return self._not_found()

    def _forbidden(self) -> Reply:
        return reply(403, {"message": "Resource not accessible by integration"})

    def _not_found(self) -> Reply:
        return reply(404, {"message": "Not Found"})

    def _get_user(self, **_: Any) -> Reply:
        return self._forbidden() if self.is_app else reply(200, self.user)

    def _ask_graphql(self, **_: Any) -> Reply:
        if not self.has_graphql:
            return self._not_found()
        return reply(200, {"data": {"viewer": {"databaseId": self.user["id"], "login": self.user["login"]}}})

    def _get_pulls_of_commit(self, sha: str, *, path: str, query: dict[str, list[str]], **_: Any) -> Reply:
        if self.is_gitea or not self.knows_commit_pulls:
            return self._not_found()
        return self._page(path, query, [self._pull(number) for number, shas in self.commits.items() if sha in shas])

    def _get_pulls(self, *, path: str, query: dict[str, list[str]], **_: Any) -> Reply:
        return self._page(path, query, [self._pull(n) for n in self.commits if self.state[n] == "open"])

    def _get_pull(self, number: str, **_: Any) -> Reply:
        return reply(200, self._pull(int(number))) if int(number) in self.commits else self._not_found()

    def _get_commits(self, number: str, *, path: str, query: dict[str, list[str]], **_: Any) -> Reply:
        commits = self.commits[int(number)]
        return self._page(path, query, [{"sha": sha} for sha in (commits[::-1] if self.is_gitea else commits[:250])])

    def _thread(self, number: str, *, method: str, path: str, query: dict[str, list[str]], document: Any) -> Reply:
        if int(number) not in self.commits:
            return self._not_found()
        if method == "GET":
            listed = [self._comment(key) for key in sorted(self.comments)]
            return reply(200, listed) if self.is_gitea else self._page(path, query, listed)
        return self._refusal(document) or reply(201, self._comment(self.add_comment(document["body"])))

    def _one_comment(self, name: str, *, method: str, document: Any, **_: Any) -> Reply:
        key = int(name)
        if key not in self.comments:
            return self._not_found()
        if method == "DELETE":
            del self.comments[key]
            return reply(204)
        if method == "PATCH":
            if refusal := self._refusal(document):
                return refusal
            self.comments[key]["body"] = document["body"]
        return reply(200, self._comment(key))

    def _react(self, name: str, *, method: str, path: str, **_: Any) -> Reply:
        """GitHub and Gitea answer 200 where the reaction was there; only GitHub gives it an id."""
        key = (int(name), self.user["id"])
        if key[0] not in self.comments:
            return self._not_found()
        if not self.may_react:
            return self._forbidden()
        if method == "DELETE":
            assert path.endswith("/reactions") == self.is_gitea
            self.reactions.discard(key)
            return reply(200 if self.is_gitea else 204)
        status = 200 if key in self.reactions else 201
        self.reactions.add(key)
        return reply(status, {"user": self.user, "content": "eyes", **({} if self.is_gitea else {"id": 77})})

    def _refusal(self, document: Any) -> Reply | None:
        if len(document["body"].encode("utf-16-le")) // 2 > 65_536:
            return reply(422, {"message": "Validation Failed: body is too long (maximum is 65536 characters)"})
        return None

    def _pull(self, number: int) -> dict[str, Any]:
        repository, branch = self.heads.get(number, (REPOSITORY, "topic"))
        return {
            "number": number,
            "state": self.state[number],
            "head": {"sha": self.commits[number][-1], "ref": branch, "repo": {"full_name": repository}},
            "html_url": f"https://github.test/{REPOSITORY}/pull/{number}",
        }

    def _comment(self, key: int) -> dict[str, Any]:
        link = f"https://github.test/{REPOSITORY}/pull/1#issuecomment-{key}"
        return {**self.comments[key], "html_url": link, "updated_at": "2026-01-01T00:00:00Z"}

    def _page(self, path: str, query: dict[str, list[str]], items: list[Any]) -> Reply:
        size = min(100, int(query.get("per_page", query.get("limit", ["30"]))[0]))
        page = int(query.get("page", ["1"])[0])
        start = (page - 1) * size
        headers = {}
        if start + size < len(items):
            address = f"{self.base}{path}?per_page={size}&page="
            headers["link"] = f'<{address}{page + 1}>; rel="next", <{address}{-(-len(items) // size)}>; rel="last"'
        return reply(200, items[start : start + size], **headers)
