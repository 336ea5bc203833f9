"""Gates, worked by hand. The example loses 0.75 pp (interval -2.0 to +0.5), its worst class 3 of 100 samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest
from msgspec.structs import replace
from tests.golden import example_embed_record, example_evaluate_record, example_quantize_record

from quantci.errors import ConfigError
from quantci.records.config import GatesConfig
from quantci.records.evaluate import ClassificationMetrics, ClassMetrics, EvaluateResult, Step
from quantci.records.paired import Interval
from quantci.report.gates import judge
from quantci.report.sections.quality import gate_number

if TYPE_CHECKING:
    from quantci.records.report import GateResult

QUANTIZE = example_quantize_record().result
EVALUATE = example_evaluate_record().result
EMBED = example_embed_record().result


def evaluated(
    delta: float,
    low: float,
    *,
    high: float = 0.0,
    detectable: float = 0.001,
    metric: Literal["top1_accuracy", "roc_auc"] = "top1_accuracy",
) -> EvaluateResult:
    assert EVALUATE is not None
    interval = Interval(low=low, high=max(delta, high), level=0.95)
    return replace(
        EVALUATE,
        paired=replace(
            EVALUATE.paired, metric=metric, delta=delta, interval=interval, smallest_detectable_drop=detectable
        ),
    )


def only(gates: GatesConfig, evaluate: EvaluateResult | None = EVALUATE) -> GateResult:
    (result,) = judge(replace(gates, int_only=False), QUANTIZE, evaluate, EMBED)
    return result


@pytest.mark.parametrize(
    ("delta", "low", "verdict"),
    [
        (-0.03, -0.05, "fail"),
        (-0.02, -0.02, "pass"),  # at the limit
        (0.91 - 0.93, 0.91 - 0.93, "pass"),  # at the limit, and -0.020000000000000018 in binary
        (-0.01, -0.03, "inconclusive"),
        (-0.01, -0.015, "pass"),
        (0.02, 0.01, "pass"),
        (0.01, -0.03, "inconclusive"),
    ],
)
def test_accuracy_drop(delta: float, low: float, verdict: str) -> None:
    result = only(GatesConfig(max_metric_drop=0.02), evaluated(delta, low))
    assert result.verdict == verdict
    assert result.value == -delta
    assert result.kind == "measured"


def test_inconclusive_accuracy_names_how_far_the_interval_reaches() -> None:
    result = only(GatesConfig(max_metric_drop=0.02), evaluated(-0.01, -0.031))
    assert "reaches 3.1 pp" in result.reason
    assert "allows 2.0 pp" in result.reason


def test_close_numbers_get_the_decimals_that_tell_them_apart() -> None:
    result = only(GatesConfig(max_metric_drop=0.02), evaluated(-0.0203, -0.05))
    assert "2.03 pp; the gate allows 2.00 pp" in result.reason


def test_no_loss_has_no_sign() -> None:
    result = only(GatesConfig(max_metric_drop=0.02), evaluated(0.0, -0.01))
    assert str(result.value) == "0.0"
    assert "is 0.0 pp" in result.reason


def test_a_gain_is_called_one() -> None:
    result = only(GatesConfig(max_metric_drop=0.02), evaluated(0.005, -0.01))
    assert "INT8 is better than float by 0.5 pp" in result.reason
    assert str(gate_number(result, result.value)) == "\N{MINUS SIGN}0.5\N{NO-BREAK SPACE}pp"


def test_gate_finer_than_the_set_can_detect_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"gate-too-fine") as caught:
        judge(
            GatesConfig(max_metric_drop=0.01),
            QUANTIZE,
            EVALUATE,
            EMBED,
        )
    assert "0.0225" in caught.value.remedy
    assert "1,470 samples" in caught.value.remedy
    assert "2.2 pp" in caught.value.cause


def test_samples_that_an_auc_needs_grow_with_the_square() -> None:
    evaluate = evaluated(-0.01, -0.02, detectable=0.02, metric="roc_auc")
    with pytest.raises(ConfigError) as caught:
        judge(GatesConfig(max_metric_drop=0.01), QUANTIZE, evaluate, EMBED)
    assert "1,600 samples" in caught.value.remedy  # 400 * (0.02 / 0.01)²


def test_gate_of_zero_is_refused_without_dividing_by_it() -> None:
    with pytest.raises(ConfigError, match="no realistic number of samples"):
        judge(GatesConfig(max_metric_drop=0.0), QUANTIZE, EVALUATE, EMBED)


def test_limit_that_the_remedy_names_is_accepted() -> None:
    evaluate = evaluated(-0.001, -0.002, detectable=0.012341, metric="roc_auc")
    with pytest.raises(ConfigError, match=r"0\.0124 or more"):
        judge(GatesConfig(max_metric_drop=0.01), QUANTIZE, evaluate, EMBED)
    assert only(GatesConfig(max_metric_drop=0.0124), evaluate).verdict == "pass"


def test_gate_as_fine_as_the_set_can_detect_is_judged() -> None:
    assert only(GatesConfig(max_metric_drop=0.0225)).verdict == "pass"


def with_classes(**classes: tuple[int, int, int]) -> EvaluateResult:
    """An evaluation with these classes: samples, how many of them float gets right, how many INT8."""
    assert EVALUATE is not None

    def step(which: int, place: int) -> Step:
        per_class = [
            ClassMetrics(
                label=name, support=row[0], recall=row[place] / row[0] if row[0] else None, precision=None, f1=None
            )
            for name, row in classes.items()
        ]
        assert isinstance(EVALUATE.steps[which].metrics, ClassificationMetrics)
        return replace(EVALUATE.steps[which], metrics=replace(EVALUATE.steps[which].metrics, per_class=per_class))

    return replace(EVALUATE, steps=[step(0, 1), EVALUATE.steps[1], step(-1, 2)])


@pytest.mark.parametrize(
    ("lost", "support", "limit", "verdict"),
    [
        (3, 100, 0.05, "pass"),
        (5, 100, 0.05, "pass"),
        (6, 100, 0.05, "fail"),
        (1, 8, 0.1, "inconclusive"),  # one sample is 12.5 %
        (1, 10, 0.1, "pass"),
        (2, 10, 0.1, "fail"),
        (0, 3, 0.1, "pass"),
        (-1, 3, 0.1, "pass"),
        (1, 100, 0.0, "inconclusive"),
    ],
)
def test_worst_class_drop(lost: int, support: int, limit: float, verdict: str) -> None:
    evaluate = with_classes(green=(50, 40, 40), red=(support, support - 1, support - 1 - lost), blue=(0, 0, 0))
    result = only(GatesConfig(max_worst_class_drop=limit), evaluate)
    assert result.verdict == verdict
    assert result.value == pytest.approx(max(lost, 0) / support)
    if verdict == "inconclusive":
        assert f"red has {support} samples" in result.reason


def test_a_class_that_is_too_small_does_not_hide_one_that_fails() -> None:
    evaluate = with_classes(tiny=(2, 2, 1), red=(100, 90, 80), green=(200, 190, 150), blue=(100, 90, 81))
    result = only(GatesConfig(max_worst_class_drop=0.05), evaluate)
    assert result.verdict == "fail"
    assert result.value == pytest.approx(0.2)
    assert result.reason == (
        "Class green loses 20.0 pp of recall (200 samples); the gate allows 5.0 pp. "
        "2 other classes lose more than that as well."
    )


def test_a_class_that_is_too_small_does_not_pass_beside_one_that_holds() -> None:
    evaluate = with_classes(red=(100, 90, 88), tiny=(4, 4, 3), small=(3, 3, 2))
    result = only(GatesConfig(max_worst_class_drop=0.05), evaluate)
    assert result.verdict == "inconclusive"
    assert "small has 3 samples, so one of them is 33.3 pp" in result.reason
    assert "1 other class is too small as well" in result.reason


def test_a_drop_that_no_set_can_find_is_refused_whatever_judges_it() -> None:
    for limit in (1e-20, 5e-324):
        with pytest.raises(ConfigError, match="no realistic number of samples"):
            judge(GatesConfig(max_metric_drop=limit), QUANTIZE, EVALUATE, EMBED)


def test_sizes_fail_by_one_byte() -> None:
    assert QUANTIZE is not None
    found = QUANTIZE.quantized_model.file_bytes
    assert only(GatesConfig(max_model_bytes=found)).verdict == "pass"
    result = only(GatesConfig(max_model_bytes=found - 1))
    assert (result.verdict, result.kind) == ("fail", "measured")
    assert only(GatesConfig(max_arena_bytes=61_440)).verdict == "pass"
    result = only(GatesConfig(max_arena_bytes=61_439))
    assert (result.verdict, result.kind) == ("fail", "estimated")
    assert "61,440 bytes, 1 over the 61,439 allowed" in result.reason


def test_latency_is_inconclusive_because_no_device_took_part() -> None:
    assert EMBED is not None
    (result,) = judge(
        GatesConfig(max_latency_us=1000, int_only=False), QUANTIZE, EVALUATE, replace(EMBED, latency=None)
    )
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
    result = only(GatesConfig(max_latency_us=limit))
    assert EMBED is not None
    assert EMBED.latency is not None
    assert (result.verdict, result.value, result.kind) == ("inconclusive", EMBED.latency.total_us, "estimated")
    assert side in result.reason
    assert (
        "measured latency only, and no device took part; the estimated latency, about 7.0 ms (4.2 ms to 9.7 ms), is"
        in result.reason
    )


def test_float_ops_are_named() -> None:
    assert QUANTIZE is not None
    (result,) = judge(GatesConfig(), QUANTIZE, EVALUATE, EMBED)
    assert result.verdict == "pass"
    odd = replace(QUANTIZE, quantized_model=QUANTIZE.float_model)
    (result,) = judge(GatesConfig(), odd, EVALUATE, EMBED)
    assert (result.verdict, result.value) == ("fail", 6)
    assert "CONV_2D, DEPTHWISE_CONV_2D" in result.reason


def test_every_gate_without_results_is_inconclusive() -> None:
    gates = GatesConfig(
        max_metric_drop=0.0, max_worst_class_drop=0.1, max_model_bytes=1, max_arena_bytes=1, max_latency_us=1
    )
    results = judge(gates, None, None, None)
    assert len(results) == 6
    assert {(result.verdict, result.value) for result in results} == {("inconclusive", None)}


def test_a_loss_beyond_doubt_fails_even_a_gate_that_is_too_fine() -> None:
    """A set that finds no drop of one point still sees one of thirty."""
    evaluate = evaluated(-0.30, -0.35, high=-0.25)
    result = judge(GatesConfig(max_metric_drop=0.01), QUANTIZE, evaluate, EMBED)[0]
    assert result.verdict == "fail"


def test_how_much_two_models_differ_does_not_refuse_a_sound_gate() -> None:
    """The set has as many samples as the gate needs: the interval decides, whatever was detectable afterwards."""
    evaluate = evaluated(-0.01, -0.06, detectable=0.03)
    result = judge(GatesConfig(max_metric_drop=0.02), QUANTIZE, evaluate, EMBED)[0]
    assert result.verdict == "inconclusive"
