"""Gates on size, by themselves and against the base: to the byte."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.golden import example_config, example_parts, example_report

from quantci.records.gates_config import GatesConfig
from quantci.records.report import GateResult
from quantci.records.target_config import TargetConfig
from quantci.report.baseline import Parts, compare
from quantci.report.gates.judge import Base, judge

PARTS = example_parts()
NOTHING = GatesConfig(int_only=False, fits_flash=False, fail_on_loss=())


def only(gates: GatesConfig, parts: Parts = PARTS, target: TargetConfig | None = None) -> GateResult:
    (result,) = judge(gates, parts, target).results
    return result


def sized(file_bytes: int) -> Parts:
    assert PARTS.quantize is not None
    model = replace(PARTS.quantize.quantized_model, file_bytes=file_bytes)
    return example_parts(quantize=replace(PARTS.quantize, quantized_model=model))


def grown(gates: GatesConfig, parts: Parts) -> GateResult:
    """Against the example, whose model has 4,016 bytes, its arena 61,440."""
    report = example_report()
    (result,) = judge(gates, parts, None, Base(report, compare(parts, report))).results
    assert result.family == "base"
    return result


def test_sizes_fail_by_one_byte() -> None:
    assert PARTS.quantize is not None
    found = PARTS.quantize.quantized_model.file_bytes
    assert only(replace(NOTHING, max_model_bytes=found)).verdict == "pass"
    result = only(replace(NOTHING, max_model_bytes=found - 1))
    assert (result.verdict, result.kind, result.family) == ("fail", "measured", "absolute")
    assert only(replace(NOTHING, max_arena_bytes=61_440)).verdict == "pass"
    result = only(replace(NOTHING, max_arena_bytes=61_439))
    assert (result.verdict, result.kind) == ("fail", "estimated")
    assert "61,440 bytes, 1 over the 61,439 allowed" in result.reason


def test_latency_is_inconclusive_because_no_device_took_part() -> None:
    assert PARTS.embed is not None
    result = only(replace(NOTHING, max_latency_us=1000), example_parts(embed=replace(PARTS.embed, latency=None)))
    assert (result.verdict, result.value, result.kind) == ("inconclusive", None, "not_measured")
    assert "no device took part" in result.reason


@pytest.mark.parametrize(
    ("limit", "side"),
    [
        (1, "above the limit even at its lower end"),
        (7_000, "too close to the limit to tell"),
        (1_000_000, "within the limit even at its upper end"),
    ],
)
def test_an_estimate_neither_passes_nor_fails_the_latency_gate(limit: float, side: str) -> None:
    result = only(replace(NOTHING, max_latency_us=limit))
    assert PARTS.embed is not None
    assert PARTS.embed.latency is not None
    assert (result.verdict, result.value, result.kind) == ("inconclusive", PARTS.embed.latency.total_us, "estimated")
    assert side in result.reason
    assert (
        "measured latency only, and no device took part; the estimated latency, about 7.0 ms at 240 MHz (4.2 ms "
        "to 9.7 ms), is" in result.reason
    )


def test_float_ops_are_named() -> None:
    assert PARTS.quantize is not None
    asked = replace(NOTHING, int_only=True)
    assert only(asked).verdict == "pass"
    odd = replace(PARTS.quantize, quantized_model=PARTS.quantize.float_model)
    result = only(asked, example_parts(quantize=odd))
    assert (result.verdict, result.value) == ("fail", 6)
    assert "CONV_2D, DEPTHWISE_CONV_2D" in result.reason


@pytest.mark.parametrize(
    ("chip", "partition", "size", "verdict", "said"),
    [
        ("esp32s3", None, 4_194_304, "pass", "4,194,304 of the flash of ESP32-S3 are left for it"),
        ("esp32s3", None, 4_194_305, "fail", "more than the 4,194,304 assumed to be left for it beside the firmware"),
        ("esp32s3", 6_000_000, 4_194_305, "pass", "6,000,000 of the flash"),
        ("esp32s3", 6_000_000, 6_000_001, "fail", "more than the 6,000,000 of its partition in the flash of ESP32-S3."),
        ("esp32s3", None, 9_437_184, "fail", "more than all of the flash of ESP32-S3: 8,388,608 bytes."),
        ("esp32s3", 99_000_000, 9_437_184, "fail", "more than all of the flash"),
        ("esp32s3-n8r2", None, 9_437_184, "fail", "more than all of the flash"),
        ("esp32s3-n16r8", None, 9_437_184, "pass", "10,485,760 of the flash"),
    ],
)
def test_a_model_that_the_flash_cannot_hold_fails_with_nothing_configured(
    chip: str, partition: int | None, size: int, verdict: str, said: str
) -> None:
    target = TargetConfig(chip=chip, model_partition_bytes=partition)
    gates = replace(NOTHING, fits_flash=GatesConfig().fits_flash)
    result = only(gates, sized(size), target)
    assert (result.name, result.family, result.verdict, result.value) == ("fits_flash", "absolute", verdict, size)
    assert said in result.reason


@pytest.mark.parametrize(
    ("allowed", "size", "verdict", "said"),
    [
        (0, 4_016, "pass", "The model is as on the base branch"),
        (0, 4_017, "fail", "grew by 1 bytes (+0.0 %); the gate allows 0 bytes."),
        ("100", 4_116, "pass", "grew by 100 bytes (+2.5 %)"),
        (100, 4_117, "fail", "grew by 101 bytes"),
        ("2.5%", 4_116, "pass", "grew by 100 bytes"),  # 2.5 % of 4,016 are 100.4
        ("2.5%", 4_117, "fail", "the gate allows 100 bytes, 2.5% of what it was."),
        ("0%", 4_000, "pass", "shrank by 16 bytes (-0.4 %)"),
    ],
)
def test_a_model_may_grow_by_bytes_or_percent(allowed: int | str, size: int, verdict: str, said: str) -> None:
    result = grown(replace(NOTHING, max_model_growth=allowed), sized(size))
    assert (result.verdict, result.value) == (verdict, size - 4_016)
    assert said in result.reason


@pytest.mark.parametrize(("allowed", "verdict"), [("5%", "fail"), (4_096, "pass"), (4_095, "fail")])
def test_an_arena_may_grow(allowed: int | str, verdict: str) -> None:
    assert PARTS.embed is not None
    assert PARTS.embed.arena is not None
    larger = replace(PARTS.embed, arena=replace(PARTS.embed.arena, recommended_bytes=65_536))
    result = grown(replace(NOTHING, max_arena_growth=allowed), example_parts(embed=larger))
    assert (result.verdict, result.value, result.kind) == (verdict, 4_096, "estimated")


def test_an_estimated_latency_passes_only_where_it_is_the_same() -> None:
    assert PARTS.embed is not None
    assert PARTS.embed.latency is not None
    total = PARTS.embed.latency.total_us
    assert total is not None
    gates = replace(NOTHING, max_latency_growth="5%")
    assert grown(gates, PARTS).verdict == "pass"
    slower = replace(PARTS.embed, latency=replace(PARTS.embed.latency, total_us=1.5 * total))
    result = grown(gates, example_parts(embed=slower))
    assert (result.verdict, result.kind) == ("inconclusive", "estimated")
    assert "estimated, it grew (+50.0 %)" in result.reason


def test_what_one_side_lacks_is_inconclusive() -> None:
    for changes in ({"max_model_growth": 1}, {"max_arena_growth": 1}, {"max_latency_growth": 1}):
        result = grown(replace(NOTHING, **changes), example_parts(quantize=None, embed=None))
        assert (result.verdict, result.value) == ("inconclusive", None)


def test_without_a_base_growth_is_not_judged_and_one_line_says_why() -> None:
    judged = judge(replace(NOTHING, max_model_growth=1, max_metric_regression=0.02), PARTS)
    assert not judged.results
    assert judged.not_judged == ["Not judged, because there is no baseline: max_metric_regression, max_model_growth."]


def test_every_gate_without_results_is_inconclusive() -> None:
    gates = GatesConfig(
        min_metric=0.5,
        min_worst_class_recall=0.5,
        max_model_bytes=1,
        max_arena_bytes=1,
        max_latency_us=1,
        max_metric_drop=0.0,
        max_worst_class_drop=0.1,
        max_metric_regression=0.1,
        max_worst_class_regression=0.1,
        max_model_growth=1,
        max_arena_growth="1%",
        max_latency_growth="1%",
    )
    nothing = Parts(None, None, None, "0.1.0")
    report = example_report(config=example_config())
    judged = judge(gates, nothing, TargetConfig(), Base(report, compare(nothing, report)))
    assert len(judged.results) == 14
    assert {(result.verdict, result.value) for result in judged.results} == {("inconclusive", None)}
