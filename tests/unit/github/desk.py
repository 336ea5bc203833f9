"""A client's surroundings without a network: a clock that never waits and a transport into the model of GitHub."""

from __future__ import annotations

from tests.github_model import TOKEN, GitHub

from quantci.github.client.transport import Answer, Unanswered
from quantci.github.comment.marker import Marker, line_of


class FakeClock:
    """Time that passes when somebody sleeps."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.slept: list[float] = []

    def monotonic_s(self) -> float:
        return self.now_s

    def epoch_s(self) -> float:
        return 1_790_000_000.0 + self.now_s

    def sleep(self, duration_s: float) -> None:
        self.slept.append(duration_s)
        self.now_s += duration_s


class Direct:
    """A transport whose requests take effect at once. `lose` says which lose their answer after that."""

    def __init__(self, github: GitHub, clock: FakeClock, *, takes_s: float = 0.1) -> None:
        self.github = github
        self.clock = clock
        self.takes_s = takes_s
        self.lost: list[str] = []
        """Methods whose next request takes effect and gets no answer."""
        self.refused: list[str] = []
        """Methods whose next request does not arrive."""

    def send(self, method: str, url: str, payload: bytes | None, timeout_s: float) -> Answer:
        self.clock.now_s += self.takes_s
        if method in self.refused:
            self.refused.remove(method)
            raise Unanswered("the connection failed (ConnectionError)")
        answer = self.github.handle(method, url, {"authorization": f"Bearer {TOKEN}"}, payload)
        if method in self.lost:
            self.lost.remove(method)
            raise Unanswered("no answer in time")
        return Answer(*answer)


def body(sha: str, run: int = 1, text: str = "report", key: str = "quantci", attempt: int = 1) -> str:
    """A comment of ours."""
    return f"{line_of(Marker(key, sha, run, attempt))}\n{text}"
