"""The API: a read is repeated until it succeeds; a write is sent once, since only a new look says what comes next."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urljoin, urlsplit

import msgspec

from quantci.errors import ToolError
from quantci.github.client import api_errors
from quantci.github.client.retry import TRIES, Patience, backoff_s, is_limited
from quantci.github.client.transport import REQUEST_S, Oversized, Unanswered, origin_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from quantci.github.client.clock import Clock
    from quantci.github.client.transport import Answer, Transport
    from quantci.progress import Progress

T = TypeVar("T")

_REDIRECTS: Final = {301, 302, 307, 308}
_MOST_REDIRECTS: Final = 5
_MOST_PAGES: Final = 300
_NEXT: Final = re.compile(r'<([^<>]+)>\s*;[^,]*\brel="?next"?')


class Written(Enum):
    """What became of a write."""

    DONE = "done"
    GONE = "gone"  # 404 or 410: what it was about is not there any more
    NOT_SENT = "not sent"  # a limit stood in the way, and was waited for
    UNKNOWN = "unknown"  # no answer, or an error of the server's own: it may have taken effect, or still do


class Api:
    """An API that a token opens."""

    def __init__(
        self, transport: Transport, url: str, clock: Clock, *, timeout_s: float, is_gitea: bool, progress: Progress
    ) -> None:
        self._transport = transport
        self._url = url
        self._progress = progress
        self.patience = Patience(clock, timeout_s)
        self.is_gitea = is_gitea

    def read(self, path: str, kind: type[T]) -> T:
        """What lies at this path, such as `/user`.

        Raises:
            ToolError: see api_errors.py. A 403 that is not a rate limit is its `Forbidden`.
        """
        return decode(self._ask("GET", self._url + path, None, path), kind, path)

    def find(self, path: str, kind: type[T], missing: Collection[int] = (404, 410)) -> T | None:
        """What lies at this path; None where the answer has one of the statuses `missing`."""
        answer = self._ask("GET", self._url + path, None, path, accepted=missing)
        return None if answer.status in missing else decode(answer, kind, path)

    def query(self, url: str, question: str, kind: type[T], missing: Collection[int] = ()) -> T | None:
        """The answer to a GraphQL question; None where it has one of the statuses `missing`, or is an error."""
        path = urlsplit(url).path
        answer = self._ask("POST", url, msgspec.json.encode({"query": question}), path, accepted=missing)
        if answer.status in missing:
            return None
        try:
            return decode(answer, kind, path)
        except ToolError:
            return None  # GraphQL answers 200 with `errors` instead of data

    def pages(self, path: str, kind: type[T], missing: Collection[int] = ()) -> list[T]:
        """All items of a list, over all its pages; none where its first page has one of the statuses `missing`."""
        size = "limit=50" if self.is_gitea else "per_page=100"
        url: str | None = f"{self._url}{path}{'&' if '?' in path else '?'}{size}"
        items: list[T] = []
        seen: set[str] = set()
        while url is not None:
            if url in seen or len(seen) >= _MOST_PAGES:
                raise api_errors.unexpected("its pages never end", path)
            seen.add(url)
            answer = self._ask("GET", url, None, path, accepted=missing if not items else ())
            if answer.status in missing and not items:
                return []
            items += decode(answer, list[kind], path)  # type: ignore[valid-type]  # a type made at run time
            found = _NEXT.search(answer.headers.get("link", ""))
            url = self._inside(url, found[1], path) if found else None
        return items

    def write(self, method: str, path: str, payload: dict[str, Any] | None) -> tuple[Written, Answer | None]:
        """Send a write, once.

        Raises:
            ToolError: it was refused, and would be again.
        """
        body = None if payload is None else msgspec.json.encode(payload)
        url = self._url + path
        try:
            for _ in range(_MOST_REDIRECTS):
                answer = self._transport.send(method, url, body, self._time_s(path))
                if answer.status not in {307, 308}:  # these keep method and body; the others do not
                    break
                url = self._inside(url, answer.headers.get("location", ""), path)
        except Unanswered as error:
            self._progress(f"{method} {path}: {error.reason}")
            return Written.UNKNOWN, None
        except Oversized:
            return Written.UNKNOWN, None
        if is_limited(answer):
            self._wait_for_limit(answer, path)
            return Written.NOT_SENT, answer
        if answer.status >= 500:
            self._progress(f"{method} {path}: status {answer.status}")
            return Written.UNKNOWN, answer
        if answer.status in {404, 410}:
            return Written.GONE, answer
        if answer.status >= 300:
            raise api_errors.refused(answer, path)
        return Written.DONE, answer

    def _ask(self, method: str, url: str, payload: bytes | None, path: str, accepted: Collection[int] = ()) -> Answer:
        """Send what changes nothing, until there is an answer."""
        failures = redirects = 0
        while True:
            try:
                answer = self._transport.send(method, url, payload, self._time_s(path))
                reason = f"status {answer.status}"
            except Unanswered as error:
                answer, reason = None, error.reason
            except Oversized:
                raise api_errors.unexpected("it is too large", path) from None
            if answer is None or answer.status >= 500:
                failures += 1
                if failures >= TRIES:
                    raise api_errors.unreachable(f"{reason}, {failures} times", path)
                self._progress(f"{path}: {reason}; try {failures + 1} of {TRIES}")
                self.patience.wait(backoff_s(failures), api_errors.unreachable(reason, path))
            elif is_limited(answer):
                self._wait_for_limit(answer, path)
            elif answer.status in _REDIRECTS and method == "GET":
                redirects += 1
                if redirects > _MOST_REDIRECTS:
                    raise api_errors.redirected(path)
                url = self._inside(url, answer.headers.get("location", ""), path)
            elif answer.status < 300 or answer.status in accepted:
                return answer
            else:
                raise api_errors.refused(answer, path)

    def _wait_for_limit(self, answer: Answer, path: str) -> None:
        wait_s = self.patience.limit_s(answer)
        self._progress(f"rate limit: waiting for {wait_s:.0f} s")
        self.patience.wait(wait_s, api_errors.limited(wait_s, path))

    def _inside(self, url: str, link: str, path: str) -> str:
        """A link that the API gave, if it stays at the API: the token goes nowhere else."""
        target = urljoin(url, link)
        try:
            stays = bool(link) and origin_of(target) == origin_of(self._url)
        except ValueError:
            stays = False
        if not stays:
            raise api_errors.redirected(path)
        return target

    def _time_s(self, path: str) -> float:
        left_s = self.patience.left_s()
        if left_s <= 0:
            raise api_errors.out_of_time(path)
        return min(REQUEST_S, left_s)


def decode(answer: Answer, kind: type[T], path: str) -> T:
    """What the answer's JSON says.

    Raises:
        ToolError: `api-not-json` or `api-answer`.
    """
    if not api_errors.is_json(answer):
        raise api_errors.not_json(answer, path)
    try:
        return msgspec.json.decode(answer.body, type=kind)
    except msgspec.ValidationError as error:
        raise api_errors.unexpected(str(error), path) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise api_errors.not_json(answer, path) from None
