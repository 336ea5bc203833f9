"""What a report says of a device: never more than it was."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.golden import example_bench_record, example_config, example_provenance, example_report, wrong_outputs

from quantci.records.bench import BenchRecord, DeviceKind
from quantci.records.gates_config import GatesConfig
from quantci.records.report import Report
from quantci.records.stage import Failure
from quantci.render.terminal import render as terminal
from quantci.report.comment import opening, render
from quantci.report.device_job import DeviceJob

NBSP = "\N{NO-BREAK SPACE}"


def report_of(kind: DeviceKind) -> Report:
    return example_report(bench=example_bench_record(None, kind))


def failed(status: str, code: str) -> BenchRecord:
    return BenchRecord(
        schema_version=1,
        stage="bench",
        status=status,  # type: ignore[arg-type]
        failure=Failure(code=code, cause="It did not answer.", where="/dev/ttyACM0", remedy="Reset it."),
        provenance=example_provenance(),
        result=None,
    )


def row(text: str, start: str) -> str:
    return next(line for line in text.replace(NBSP, " ").splitlines() if start in line)


def test_a_device_is_the_last_step_of_the_waterfall() -> None:
    text = render(report_of("board"))
    assert row(text, "| INT8 on the board |") == "| INT8 on the board | 95.2 % | 400 of 400 | 0 | 0.0 |"  # 381 of 400
    assert "- INT8 on the board: esp32s3, TFLM" in text


@pytest.mark.parametrize("kind", ["emulated", "virtual"])
def test_what_is_no_board_has_no_latency(kind: DeviceKind) -> None:
    report = report_of(kind)
    assert report.device_latency_us is None
    for text in (render(report), terminal(opening(report))):
        assert "measured on the board" not in text
    text = render(report)
    assert "estimated, not measured" in row(text, "**Device latency**")
    assert "Time on the chip (measured)" not in text
    assert f"INT8 on the {'emulated chip' if kind == 'emulated' else 'virtual device'}" in text


def test_only_a_board_and_the_base_in_one_session_are_compared() -> None:
    base = example_report(bench=example_bench_record())
    report = example_report(baseline=base, bench=example_bench_record())
    assert report.baseline is not None
    assert report.baseline.device_latency_us == 7_302
    assert row(render(report), "**Device latency**").endswith("| 7,302 µs | 7,302 µs | 0.0 % |")


def test_another_build_is_not_comparable() -> None:
    old = example_bench_record()
    assert old.result is not None
    slower = {**old.result.device.fingerprint, "clock_hz": "160000000"}
    device = replace(old.result.device, fingerprint=slower)
    base = example_report(bench=example_bench_record(device=device))
    report = example_report(baseline=base, bench=example_bench_record())
    assert report.baseline is not None
    assert report.baseline.device_latency_us is None
    assert (
        "The latency on the device is not comparable: clock_hz was 160000000 and is 240000000."
        in report.baseline.not_comparable
    )


def test_an_emulator_shows_no_latency_of_the_base() -> None:
    base = example_report(bench=example_bench_record())
    report = example_report(baseline=base, bench=example_bench_record(None, "emulated"))
    assert report.baseline is not None
    assert report.baseline.device_latency_us is None


def test_the_time_of_wrong_outputs_says_so() -> None:
    found = example_bench_record()
    assert found.result is not None
    bench = replace(found, result=replace(found.result, outputs=wrong_outputs(found.result.outputs)))
    assert "its outputs are not the host's" in row(render(example_report(bench=bench)), "**Device latency**")


def test_a_board_that_fails_says_nothing_about_the_model() -> None:
    gates = GatesConfig(max_latency_us=8_000)
    report = example_report(config=example_config(gates), bench=failed("board_error", "timeout"))
    assert (report.status, report.verdict) == ("ok", "inconclusive")  # the gate on latency cannot be judged
    assert report.device_latency_reason == "bench did not finish (timeout)"
    assert report.stages[-1].status == "board_error"
    assert "`timeout`" in render(report)
    without = example_report(config=example_config(), bench=failed("board_error", "timeout"))
    assert without.verdict == "pass"


def test_a_model_that_the_device_cannot_run_fails() -> None:
    report = example_report(bench=failed("model_rejected", "arena"))
    assert (report.status, report.verdict) == ("model_rejected", "fail")


def test_a_report_without_a_device_says_so() -> None:
    report = example_report()
    assert report.stages[-1].stage == "bench"
    assert report.stages[-1].failure is not None
    assert report.stages[-1].failure.code == "no-device"


@pytest.mark.parametrize(
    ("job", "words"),
    [
        ("waiting", "its job has been waiting since `2026-10-24T09:30:00Z`"),
        ("failure", "its job failed, or no runner took it"),
        ("cancelled", "its job was cancelled"),
        ("skipped", "its job was skipped"),
        ("success", "left no `bench.json`"),
    ],
)
def test_a_device_whose_job_does_not_come_spoils_nothing_and_is_told(job: DeviceJob, words: str) -> None:
    """H22."""
    plain, report = example_report(), example_report(device_job=job)
    assert (report.status, report.verdict, report.gates) == (plain.status, plain.verdict, plain.gates)
    outcome = report.stages[-1]
    assert (outcome.stage, outcome.status) == ("bench", "not_run")
    assert outcome.failure is not None
    assert outcome.failure.code == "device-job"
    text = render(report)
    assert "The device was not measured" in text
    assert words in text


def test_a_device_that_came_is_told_and_not_its_job() -> None:
    text = render(example_report(bench=example_bench_record(), device_job="success"))
    assert text == render(example_report(bench=example_bench_record()))


def test_the_gate_on_its_outputs_says_in_words_what_it_asks_for() -> None:
    assert "`identical_on_device`<br>every output as on the host |" in row(render(report_of("board")), "identical_on_")
