"""A line carries as many bytes a second as it shall, however often somebody looks."""

import pytest

from quantci.device.virtual.pace import Pace


@pytest.mark.parametrize("late_s", [0.0001, 0.001, 0.05])
def test_a_busy_line_carries_its_rate(late_s: float) -> None:
    now = [0.0]
    pace = Pace(20_000, lambda: now[0])
    carried = 0
    while now[0] < 10:
        while most := pace.may_pass():
            pace.passed(most, most)
            carried += most
        now[0] += late_s
    assert carried == pytest.approx(200_000, rel=0.01)


def test_an_idle_line_saves_three_milliseconds() -> None:
    now = [0.0]
    pace = Pace(1000, lambda: now[0])
    pace.passed(10, 64)
    now[0] = 100.0
    assert pace.may_pass() == 64
    pace.passed(10, 64)
    now[0] = 100.0069
    assert pace.may_pass() == 0
    now[0] = 100.0071
    assert pace.may_pass() == 64


def test_without_a_rate_all_passes() -> None:
    pace = Pace(None, lambda: 0.0)
    pace.passed(65_536, 65_536)
    assert pace.may_pass() == 65_536
