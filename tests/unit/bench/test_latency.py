"""From windows to a latency, and which times are not believed."""

from __future__ import annotations

import pytest

from quantci.bench.latency import (
    check_times,
    compare_latency,
    noise_of,
    noise_within,
    summarize_latency,
)
from quantci.errors import BoardError
from quantci.records.bench import DeviceNoise, LatencyWindow, MeasuredLatency

HZ = 240_000_000


def window(*times_us: int, cycles: list[int] | None = None) -> LatencyWindow:
    return LatencyWindow(
        latency_us=list(times_us), cycles=[240 * time for time in times_us] if cycles is None else cycles
    )


def latency(*windows: LatencyWindow) -> MeasuredLatency:
    return summarize_latency(windows, warm_up=10, clock_hz=HZ, timer_hz=HZ)


def test_a_latency_is_that_of_all_windows_together() -> None:
    found = latency(window(100, 101, 102), window(101, 101, 103))
    # 100 101 101 101 102 103: the middle is 101, deviations 1 0 0 0 1 2: the middle is 0.5.
    assert (found.median_us, found.mad_us, found.min_us) == (101, 0.5, 100)
    assert found.p90_us == 102.5
    assert found.median_cycles == 101 * 240
    assert (found.iterations, found.warm_up, len(found.windows)) == (3, 10, 2)
    assert found.is_stable


def test_without_a_cycle_counter_there_are_no_cycles() -> None:
    found = summarize_latency([window(100, 100, cycles=[])], warm_up=0, clock_hz=None, timer_hz=None)
    assert (found.median_cycles, found.timer_hz) == (None, None)


@pytest.mark.parametrize(
    ("windows", "is_stable"),
    [
        ([window(100, 100), window(104, 104)], True),  # 4 %
        ([window(100, 100), window(106, 106)], False),  # drift: 6 of 103
        ([window(100, 120), window(100, 120)], False),  # two modes: 1.4826 x 10 of 110
    ],
)
def test_times_that_are_apart_are_no_verdict(windows: list[LatencyWindow], is_stable: bool) -> None:
    assert latency(*windows).is_stable is is_stable


@pytest.mark.parametrize(
    "bad",
    [
        window(0, cycles=[240]),  # stands still
        window(10_000, cycles=[0]),
        window(10_000, cycles=[2**64 - 5]),  # wrapped
        window(2**63, cycles=[2**63 * 240]),
        window(10_000, cycles=[240 * 10_150]),  # 1.5 % apart
    ],
)
def test_times_that_cannot_be_are_a_board_error(bad: LatencyWindow) -> None:
    with pytest.raises(BoardError) as caught:
        check_times([window(100), bad], HZ, "/dev/ttyACM0")
    assert caught.value.code == "timer"
    assert caught.value.where == "/dev/ttyACM0"


def test_times_within_one_percent_are_believed() -> None:
    check_times([window(10_000, cycles=[240 * 10_090]), window(3, cycles=[240 * 4])], HZ, "")
    check_times([window(10_000, cycles=[])], None, "")


def test_noise_is_that_of_pairs_of_the_same_model() -> None:
    first = [window(100), window(100), window(100)]
    second = [window(100), window(101), window(102)]
    found = noise_of(first, second)
    assert found.noise_ratio == pytest.approx(1.4826 * 0.01)
    assert found.pairs == 3


def test_noise_of_this_run_is_that_of_each_models_own_windows() -> None:
    found = noise_within([window(100), window(101)], [window(200), window(204)])
    assert found.noise_ratio == pytest.approx(1.4826 * 0.015)  # the middle of 1 % and 2 %
    assert (found.pairs, found.source) == (2, "this-run")


@pytest.mark.parametrize(
    ("candidate_us", "noise", "verdict"),
    [
        (1_009, 0.0, "same"),
        (1_010, 0.0, "slower"),
        (990, 0.0, "faster"),
        (1_030, 0.01, "same"),  # 3.5 % may be noise
        (1_036, 0.01, "slower"),
    ],
)
def test_a_change_counts_from_the_noise_or_the_wish_on(candidate_us: int, noise: float, verdict: str) -> None:
    found = compare_latency(
        latency(window(1_000)),
        latency(window(candidate_us)),
        DeviceNoise(noise_ratio=noise, pairs=5, source="stored"),
        base_sha256="a" * 64,
        min_change=0.01,
    )
    assert found.verdict == verdict
    assert found.change == pytest.approx(candidate_us / 1_000 - 1)


def test_nothing_is_said_of_unstable_times() -> None:
    unstable = latency(window(100, 100), window(200, 200))
    found = compare_latency(
        latency(window(1_000)),
        unstable,
        DeviceNoise(noise_ratio=0, pairs=5, source="stored"),
        base_sha256="a" * 64,
        min_change=0.01,
    )
    assert found.verdict == "unstable"
