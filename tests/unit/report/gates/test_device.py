"""Gates on what a device did, with numbers worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from tests.golden import example_bench_record, example_config, example_report, wrong_outputs

from quantci.bench.latency import compare_latency, summarize_latency
from quantci.records.bench import BenchResult, DeviceKind, DeviceNoise, LatencyWindow
from quantci.records.gates_config import GatesConfig
from quantci.report.gates.device import drop_gate, identical_gate, latency_growth_gate
from quantci.report.latency import latency_gate


def result(kind: DeviceKind = "board", **changes: Any) -> BenchResult:
    found = example_bench_record(None, kind, **changes).result
    assert found is not None
    return found


def wrong(kind: DeviceKind = "board") -> BenchResult:
    found = result(kind)
    return replace(found, outputs=wrong_outputs(found.outputs))


def against(base_us: int, candidate_us: int, *, noise: float = 0.001, spread: int = 0) -> BenchResult:
    """A base and a candidate of these medians; the noise of a pair of windows; how far apart each one's times are."""
    sides = [
        [LatencyWindow(latency_us=[middle - spread, middle, middle + spread], cycles=[])] * 5
        for middle in (base_us, candidate_us)
    ]
    base, candidate = (summarize_latency(side, warm_up=10, clock_hz=None, timer_hz=None) for side in sides)
    found = DeviceNoise(noise_ratio=noise, pairs=5, source="stored")
    compared = compare_latency(base, candidate, found, base_sha256="a" * 64, min_change=0.01)
    return result(latency=candidate, against_base=compared)


def test_identical_outputs_pass_on_every_kind_of_device_and_say_which() -> None:
    found = {kind: identical_gate(result(kind)) for kind in ("board", "emulated", "virtual")}
    assert {gate.verdict for gate in found.values()} == {"pass"}
    assert {kind: gate.kind for kind, gate in found.items()} == {
        "board": "on_device",
        "emulated": "emulated",
        "virtual": "virtual",
    }
    assert found["emulated"].reason == "All 400 outputs on the emulated chip are those of the host, bit for bit."


def test_one_output_that_differs_fails_and_names_the_op() -> None:
    gate = identical_gate(wrong())
    assert (gate.verdict, gate.value, gate.limit) == ("fail", 262, 0)  # 400 - 138
    assert gate.reason == (
        "262 of 400 outputs on the board are not those of the host; the largest difference is 46 LSB, and 7 answers "
        "flip. The first op that differs is op 1, DEPTHWISE_CONV_2D (model/depthwise2/Relu)."
    )


@pytest.mark.parametrize(("limit", "verdict"), [(0.005, "fail"), (0.01, "inconclusive"), (0.05, "pass")])
def test_what_the_metric_may_lose_on_the_device(limit: float, verdict: str) -> None:
    """Four of 400 break, none is fixed: 1 point, with an interval that ends above 1 point but below 5."""
    assert drop_gate(limit, wrong(), "no device took part").verdict == verdict


def test_without_a_device_nothing_is_decided() -> None:
    gate = drop_gate(0.01, None, "no device took part")
    assert (gate.verdict, gate.kind) == ("inconclusive", "not_measured")
    assert gate.reason == "max_device_drop cannot be judged: no device took part."


@pytest.mark.parametrize(("limit", "verdict"), [(7_302, "pass"), (7_301, "fail")])
def test_a_measured_latency_takes_the_estimates_place(limit: float, verdict: str) -> None:
    gate = latency_gate(limit, None, "", result().latency)
    assert (gate.verdict, gate.value, gate.kind) == (verdict, 7_302, "on_device")


def test_an_unstable_latency_decides_nothing() -> None:
    windows = [LatencyWindow(latency_us=[middle] * 3, cycles=[]) for middle in (7_000, 7_000, 7_500)]
    latency = summarize_latency(windows, warm_up=0, clock_hz=None, timer_hz=None)
    gate = latency_gate(8_000, None, "", latency)  # 500 / 7,000 is 7 %
    assert gate.verdict == "inconclusive"
    assert "7 % apart" in gate.reason


@pytest.mark.parametrize(
    ("candidate_us", "allowed", "verdict"),
    [
        (10_400, "5%", "pass"),  # 4 %
        (10_600, "5%", "fail"),  # 6 %
        (10_600, 600, "pass"),
        (9_000, "0%", "pass"),  # faster
        (10_050, "0%", "inconclusive"),  # half a percent: a change counts from 1 % on
    ],
)
def test_growth_is_judged_between_limit_and_noise(candidate_us: int, allowed: int | str, verdict: str) -> None:
    gate = latency_growth_gate(allowed, 10_000, candidate_us, against(10_000, candidate_us))
    assert (gate.verdict, gate.kind) == (verdict, "on_device")


def test_a_noisy_board_needs_a_larger_change() -> None:
    """3.5 times 2 % is 7 %: 6 % more may be noise."""
    assert latency_growth_gate("5%", 10_000, 10_600, against(10_000, 10_600, noise=0.02)).verdict == "inconclusive"


def test_unstable_times_decide_no_growth() -> None:
    assert latency_growth_gate("5%", 10_000, 20_000, against(10_000, 20_000, spread=2_000)).verdict == "inconclusive"


def test_a_wrong_output_is_the_verdict_of_the_report() -> None:
    bench = example_bench_record()
    assert bench.result is not None
    report = example_report(bench=replace(bench, result=wrong()))
    assert (report.status, report.verdict) == ("regression", "fail")
    assert report.verdict_reason.startswith("262 of 400 outputs on the board are not those of the host")


def test_a_gate_that_is_off_lets_it_pass() -> None:
    bench = replace(example_bench_record(), result=wrong())
    report = example_report(config=example_config(GatesConfig(identical_on_device=False)), bench=bench)
    assert report.verdict == "pass"
    assert not [gate for gate in report.gates if gate.name == "identical_on_device"]
