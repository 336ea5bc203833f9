"""One HTTP request and its answer: the only place that knows the token's text and the only one that uses requests."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol
from urllib.parse import urlsplit

from quantci import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantci.github.client.credential import Token

REQUEST_S: Final = 10.0  # GitHub itself ends a request that takes longer
_CONNECT_S: Final = 5.0
_ANSWER_LIMIT: Final = 10_000_000  # bytes; a page of 100 comments of 65,536 characters is 6.5 MB
_PIECE: Final = 65_536


class Answer(NamedTuple):
    """What a server said. Header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Unanswered(Exception):
    """No answer came, or not all of it: whether the request took effect is not known.

    Attributes:
        reason: a few words; never the address, a header or anything else that was sent.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Oversized(Exception):
    """The answer is larger than any true one."""


class Transport(Protocol):
    """Sends one request and follows no redirect."""

    def send(self, method: str, url: str, payload: bytes | None, timeout_s: float) -> Answer:
        """The answer.

        Raises:
            Unanswered: none came within `timeout_s` seconds.
            Oversized: it is too large.
        """
        ...


class HttpTransport:
    """Requests to one API, and to no other host."""

    def __init__(self, api_url: str, token: Token) -> None:
        import requests

        self._origin = origin_of(api_url)
        self._token = token
        self._session = requests.Session()
        self._session.headers.update(
            {
                "Accept": "application/vnd.github+json, application/json;q=0.9",
                "User-Agent": f"quantci/{__version__}",
                "X-GitHub-Api-Version": "2022-11-28",
            }
        )
        # As `auth`, not as a header of the session: else a line in ~/.netrc would replace it.
        self._session.auth = self._authorize

    def send(self, method: str, url: str, payload: bytes | None, timeout_s: float) -> Answer:
        """See Transport."""
        import requests

        if origin_of(url) != self._origin:
            msg = "a request to another host than the API's"
            raise ValueError(msg)
        started_s = time.monotonic()
        try:
            with self._session.request(
                method,
                url,
                data=payload,
                headers={"Content-Type": "application/json"} if payload is not None else None,
                timeout=(min(_CONNECT_S, timeout_s), timeout_s),
                allow_redirects=False,
                stream=True,
            ) as response:
                body = self._read(response, started_s + timeout_s)
                headers = {name.lower(): self._token.hide(value) for name, value in response.headers.items()}
                return Answer(response.status_code, headers, body)
        except requests.Timeout:
            raise Unanswered("no answer in time") from None
        except (requests.RequestException, OSError) as error:
            # Only its kind: its text may hold the address of a proxy with a password.
            raise Unanswered(f"the connection failed ({type(error).__name__})") from None

    def _read(self, response: Any, end_s: float) -> bytes:
        """The body, in pieces as they come: a server that sends a byte now and then must not hold us for ever."""
        from urllib3.exceptions import HTTPError
        from urllib3.exceptions import TimeoutError as Urllib3TimeoutError

        pieces = bytearray()
        try:
            while piece := response.raw.read1(_PIECE, decode_content=True):
                pieces += piece
                if len(pieces) > _ANSWER_LIMIT:
                    raise Oversized
                if time.monotonic() > end_s:
                    raise Unanswered("no whole answer in time")
        except Urllib3TimeoutError:
            raise Unanswered("no answer in time") from None
        except HTTPError as error:
            raise Unanswered(f"the answer broke off ({type(error).__name__})") from None
        secret = self._token.reveal().encode()
        return bytes(pieces).replace(secret, b"***")

    def _authorize(self, request: Any) -> Any:
        request.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        return request


def origin_of(url: str) -> tuple[str, str, int]:
    """Scheme, host and port: what a token may be sent to."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
