"""How good INT8 has to be, worked by hand. The example's INT8 is right in 381 of 400: 95.25 %."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from tests.golden import classification_metrics, example_evaluate_record, example_parts

from quantci.records.gates_config import GatesConfig
from quantci.report.gates.judge import Judged, judge

if TYPE_CHECKING:
    from quantci.records.evaluate import EvaluateResult

EVALUATE = example_evaluate_record().result
NOTHING = GatesConfig(int_only=False, fits_flash=False, fail_on_loss=())


def judged(gates: GatesConfig, evaluate: EvaluateResult | None = EVALUATE) -> Judged:
    return judge(gates, example_parts(evaluate=evaluate))


def of(*rows: list[int]) -> EvaluateResult:
    """An evaluation whose INT8 has this confusion matrix."""
    assert EVALUATE is not None
    labels = ("green", "off", "red", "yellow")[: len(rows)]
    metrics = classification_metrics(list(rows), labels)
    steps = [replace(step, metrics=metrics) for step in EVALUATE.steps]
    return replace(EVALUATE, steps=steps, dataset=replace(EVALUATE.dataset, used=sum(map(sum, rows))))


@pytest.mark.parametrize(
    ("floor", "verdict", "said"),
    [
        (0.96, "fail", "INT8 accuracy is 95.2 %, below the 96.0 % of the gate."),
        (0.95, "inconclusive", "its interval begins at 92.7 %, and the gate asks for 95.0 %"),
        (0.93, "inconclusive", "add evaluation samples or lower the gate"),
        (0.92, "pass", "INT8 accuracy is 95.2 %; the gate asks for 92.0 %."),
    ],
)
def test_metric_against_its_floor(floor: float, verdict: str, said: str) -> None:
    """Wilson's interval of 381 of 400 begins at 0.9271 (worked with the closed form)."""
    (result,) = judged(replace(NOTHING, min_metric=floor)).results
    assert (result.name, result.family, result.verdict) == ("min_metric", "absolute", verdict)
    assert result.value == 381 / 400
    assert said in result.reason


def test_a_floor_that_not_even_a_faultless_set_reaches_is_refused_with_the_samples_it_needs() -> None:
    """20 of 20 begin at 20 / (20 + 3.8415) = 0.8389; a floor of 0.95 needs 3.8415 * 0.95 / 0.05 = 72.99 samples."""
    evaluate = of([10, 0], [0, 10])
    found = judged(replace(NOTHING, min_metric=0.95), evaluate)
    assert not found.results
    (refusal,) = found.refusals
    assert (refusal.code, refusal.where) == ("gate-too-fine", "gates.min_metric")
    assert refusal.cause.endswith("with 20 evaluation samples, all of them right, the interval would begin at 83.9 %.")
    assert refusal.remedy == "Evaluate 73 samples or more, or set it to 0.8388 or less."
    (passed,) = judged(replace(NOTHING, min_metric=0.8388), evaluate).results
    assert passed.verdict == "pass"


def test_a_floor_of_one_is_refused_and_one_that_is_missed_fails_however_few_the_samples() -> None:
    (refusal,) = judged(replace(NOTHING, min_metric=1.0), of([10, 0], [0, 10])).refusals
    assert "no number of samples proves that all are right" in refusal.remedy
    (result,) = judged(replace(NOTHING, min_metric=0.95), of([5, 5], [0, 10])).results
    assert result.verdict == "fail"


@pytest.mark.parametrize(
    ("rows", "floor", "verdict", "said"),
    [
        (([97, 3], [20, 80]), 0.85, "fail", "INT8 finds 80.0 % of class off (100 samples), below the 85.0 %"),
        (([97, 3], [20, 80]), 0.80, "pass", "INT8 finds 80.0 % of class off (100 samples), the least of all classes"),
        (([97, 3], [1, 3]), 0.80, "inconclusive", "evaluate 5 of this class or more, or lower the gate"),
        (([97, 3], [1, 4]), 0.80, "pass", "INT8 finds 80.0 % of class off (5 samples)"),
        (([50, 50], [1, 3]), 0.80, "fail", "INT8 finds 50.0 % of class green"),  # the small one hides nothing
        (([100, 0], [1, 3]), 1.0, "inconclusive", "lower the gate"),
    ],
)
def test_worst_class_against_its_floor(
    rows: tuple[list[int], list[int]], floor: float, verdict: str, said: str
) -> None:
    (result,) = judged(replace(NOTHING, min_worst_class_recall=floor), of(*rows)).results
    assert result.verdict == verdict
    assert said in result.reason


def test_all_failing_classes_are_counted() -> None:
    evaluate = of([50, 50, 0], [0, 60, 40], [0, 0, 100])
    (result,) = judged(replace(NOTHING, min_worst_class_recall=0.9), evaluate).results
    assert result.reason.endswith("below the 90.0 % of the gate. 1 other class is below it as well.")
