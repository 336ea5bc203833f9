"""How long to wait, and when not to."""

from __future__ import annotations

import pytest
from tests.github_model import reply
from tests.unit.github.desk import FakeClock

from quantci.errors import ToolError
from quantci.github.client.api_errors import limited
from quantci.github.client.retry import Patience, backoff_s, is_limited
from quantci.github.client.transport import Answer


def answer(status: int, message: str = "", **headers: str) -> Answer:
    return Answer(*reply(status, {"message": message}, **headers))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (answer(429), True),
        (answer(403, retry_after="1"), True),
        (answer(403, x_ratelimit_remaining="0"), True),
        (answer(403, "You have exceeded a secondary rate limit. Wait."), True),
        (answer(403, "Resource not accessible by integration"), False),
        (answer(403, x_ratelimit_remaining="10"), False),
        (answer(404, "rate limit"), False),
        (answer(200, retry_after="1"), False),
    ],
    ids=range(8),
)
def test_403_is_a_limit_only_if_it_says_so(given: Answer, expected: bool) -> None:
    assert is_limited(given) is expected


def test_retry_after_comes_before_the_reset() -> None:
    clock = FakeClock()
    patience = Patience(clock, 1000)
    reset = str(int(clock.epoch_s()) + 40)
    assert patience.limit_s(answer(429, retry_after="7", x_ratelimit_remaining="0", x_ratelimit_reset=reset)) == 7
    assert patience.limit_s(answer(429, retry_after="0")) == 1
    assert patience.limit_s(answer(429, x_ratelimit_remaining="0", x_ratelimit_reset=reset)) == 41
    assert patience.limit_s(answer(429, x_ratelimit_remaining="0", x_ratelimit_reset="5")) == 1


def test_a_limit_that_says_no_time_is_waited_for_twice_as_long_each_time() -> None:
    patience = Patience(FakeClock(), 1000)
    # The reset of the primary limit is always there; it counts only when nothing remains.
    waits = [patience.limit_s(answer(429, retry_after=text)) for text in ("", "soon", "-1")]
    assert waits == [60, 120, 240]


def test_a_wait_beyond_the_end_is_not_begun() -> None:
    clock = FakeClock()
    patience = Patience(clock, 100)
    patience.wait(60, limited(60, "/x"))
    with pytest.raises(ToolError) as caught:
        patience.wait(41, limited(41, "/x"))
    assert caught.value.code == "rate-limited"
    assert clock.slept == [60]
    assert patience.left_s() == 40


def test_backoff_doubles() -> None:
    assert [backoff_s(failures) for failures in (1, 2, 3, 4)] == [1, 2, 4, 8]
