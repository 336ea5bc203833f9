"""Gates, worked by hand. The example loses 0.75 pp (interval -2.0 to +0.5), its worst class 3 of 100 samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest
from msgspec.structs import replace
from tests.golden import example_evaluate_record, example_parts
from tests.known import known

from quantci.records.evaluate import EvaluateResult, Step
from quantci.records.gates_config import GatesConfig
from quantci.records.metrics import ClassificationMetrics, ClassMetrics
from quantci.records.paired import Interval
from quantci.report.gates.judge import judge
from quantci.report.sections.quality import gate_number

if TYPE_CHECKING:
    from quantci.errors import ConfigError
    from quantci.records.report import GateResult

EVALUATE = example_evaluate_record().result


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
    scored = [replace(step, metrics=replace(step.metrics, roc_auc=0.95)) for step in EVALUATE.steps]
    paired = replace(known(EVALUATE.paired), delta=delta, interval=interval, smallest_detectable_drop=detectable)
    if metric == "roc_auc":
        paired = replace(paired, metric=metric, mcnemar_p=None)
    return replace(EVALUATE, steps=scored, paired=paired)


def asked(gates: GatesConfig, evaluate: EvaluateResult | None = EVALUATE) -> tuple[list[GateResult], list[ConfigError]]:
    judged = judge(replace(gates, int_only=False, fail_on_loss=()), example_parts(evaluate=evaluate))
    return judged.results, judged.refusals


def only(gates: GatesConfig, evaluate: EvaluateResult | None = EVALUATE) -> GateResult:
    ((result,), refusals) = asked(gates, evaluate)
    assert not refusals
    return result


def refused(gates: GatesConfig, evaluate: EvaluateResult | None = EVALUATE) -> ConfigError:
    (results, (refusal,)) = asked(gates, evaluate)
    assert not results
    assert refusal.code == "gate-too-fine"
    return refusal


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
    assert "reaches 3.1 points" in result.reason
    assert "allows 2.0:" in result.reason


def test_close_numbers_get_the_decimals_that_tell_them_apart() -> None:
    result = only(GatesConfig(max_metric_drop=0.02), evaluated(-0.0203, -0.05))
    assert "2.03 points below FP32, from 96.0 % to 95.2 %. The gate allows a loss of 2.00 points." in result.reason


def test_no_loss_has_no_sign() -> None:
    result = only(GatesConfig(max_metric_drop=0.02), evaluated(0.0, -0.01))
    assert str(result.value) == "0.0"
    assert "INT8 accuracy is that of FP32" in result.reason


def test_a_gain_is_called_one() -> None:
    result = only(GatesConfig(max_metric_drop=0.02), evaluated(0.005, -0.01))
    assert "INT8 accuracy is 0.5 points above FP32" in result.reason
    assert str(gate_number(result, result.value)) == "\N{MINUS SIGN}0.5\N{NO-BREAK SPACE}pp"


def test_gate_finer_than_the_set_can_detect_is_refused() -> None:
    refusal = refused(GatesConfig(max_metric_drop=0.01))
    assert refusal.where == "gates.max_metric_drop"
    assert "0.0225" in refusal.remedy
    assert "1,470 samples" in refusal.remedy
    assert "2.2 points" in refusal.cause


def test_samples_that_an_auc_needs_grow_with_the_square() -> None:
    evaluate = evaluated(-0.01, -0.02, detectable=0.02, metric="roc_auc")
    assert "1,600 samples" in refused(GatesConfig(max_metric_drop=0.01), evaluate).remedy  # 400 * (0.02 / 0.01)²


def test_gate_of_zero_is_refused_without_dividing_by_it() -> None:
    assert "no realistic number of samples" in refused(GatesConfig(max_metric_drop=0.0)).remedy


def test_limit_that_the_remedy_names_is_accepted() -> None:
    evaluate = evaluated(-0.001, -0.002, detectable=0.012341, metric="roc_auc")
    assert "0.0124 or more" in refused(GatesConfig(max_metric_drop=0.01), evaluate).remedy
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
        "Class green loses 20.0 points of recall from FP32 to INT8 (200 samples); the gate allows 5.0. "
        "2 other classes lose more than that as well."
    )


def test_a_class_that_is_too_small_does_not_pass_beside_one_that_holds() -> None:
    evaluate = with_classes(red=(100, 90, 88), tiny=(4, 4, 3), small=(3, 3, 2))
    result = only(GatesConfig(max_worst_class_drop=0.05), evaluate)
    assert result.verdict == "inconclusive"
    assert "small has 3 samples, so one of them is 33.3 points" in result.reason
    assert "evaluate 20 of this class or more, or widen the gate" in result.reason
    assert "1 other class is too small as well" in result.reason


def test_a_drop_that_no_set_can_find_is_refused_whatever_judges_it() -> None:
    for limit in (1e-20, 5e-324):
        assert "no realistic number of samples" in refused(GatesConfig(max_metric_drop=limit)).remedy


def test_a_loss_beyond_doubt_fails_even_a_gate_that_is_too_fine() -> None:
    """A set that finds no drop of one point still sees one of thirty."""
    evaluate = evaluated(-0.30, -0.35, high=-0.25)
    result = only(GatesConfig(max_metric_drop=0.01), evaluate)
    assert result.verdict == "fail"


def test_how_much_two_models_differ_does_not_refuse_a_sound_gate() -> None:
    """The set has as many samples as the gate needs: the interval decides, whatever was detectable afterwards."""
    evaluate = evaluated(-0.01, -0.06, detectable=0.03)
    result = only(GatesConfig(max_metric_drop=0.02), evaluate)
    assert result.verdict == "inconclusive"
