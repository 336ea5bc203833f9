"""Against the base, and beyond doubt: hand-worked, with the sentence that everybody reads."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from tests.golden import example_evaluate_record, example_parts, example_report, sha

from quantci.records.against_base import AgainstBase, BaseModel, ClassChange
from quantci.records.evaluate import EvaluateResult
from quantci.records.gates_config import GatesConfig
from quantci.records.paired import ClassDelta, Interval, Paired
from quantci.records.report import GateResult
from quantci.records.stage import Failure
from quantci.report.baseline import compare
from quantci.report.gates.doubt import is_beyond_doubt
from quantci.report.gates.judge import Base, Judged, judge

NOTHING = GatesConfig(int_only=False, fits_flash=False, fail_on_loss=())


def between(
    before: float, after: float, *, half: float = 0.02, p: float | None = 0.5, samples: int = 400
) -> AgainstBase:
    """The base at `before` and this change at `after`; `half` is half the width of the interval of the difference."""
    delta = round(after - before, 9)
    changed = round(abs(delta) * samples)
    broken, fixed = (changed, 0) if delta < 0 else (0, changed)
    return AgainstBase(
        base=BaseModel(quantci_version="0.1.0", branch="main", git_commit=None, quantized_sha256=sha("base")),
        reused=samples,
        run_again=0,
        reasons=[],
        base_metric=before,
        candidate_metric=after,
        paired=Paired(
            metric="top1_accuracy",
            delta=delta,
            interval=Interval(low=round(delta - half, 9), high=round(delta + half, 9), level=0.95),
            bootstrap_resamples=2000,
            mcnemar_p=p,
            broken=[f"{index}.png" for index in range(broken)],
            fixed=[f"{index}.png" for index in range(fixed)],
            worst_class=ClassDelta(label="red", recall_delta=delta, support=100),
            smallest_detectable_drop=0.02,
        ),
        per_class=[ClassChange(label="red", support=100, base_recall=before, candidate_recall=after)],
        tags=[],
        not_comparable=[],
    )


def compared(before: float, after: float, **changes: Any) -> EvaluateResult:
    result = example_evaluate_record().result
    assert result is not None
    return replace(result, against_base=between(before, after, **changes))


def against(gates: GatesConfig, evaluate: EvaluateResult, float_delta: float | None = None) -> Judged:
    parts, report = example_parts(evaluate=evaluate), example_report()
    changes = replace(compare(parts, report), float_metric_delta=float_delta, quantized_sha256=sha("base"))
    return judge(gates, parts, None, Base(report, changes))


def only(gates: GatesConfig, evaluate: EvaluateResult, float_delta: float | None = None) -> GateResult:
    ((result,), refusals, not_judged) = against(gates, evaluate, float_delta)
    assert not refusals
    assert not not_judged
    return result


@pytest.mark.parametrize(
    ("float_delta", "cause"),
    [
        (-0.32, "; FP32 fell as much: the model, not quantization"),
        (-0.30, "; FP32 fell as much: the model, not quantization"),  # 94 % of it
        (-0.40, "; FP32 fell by 40.0: the model, not quantization"),
        (-0.16, "; FP32 fell by 16.0: the model and quantization"),
        (-0.01, "; FP32 did not fall: quantization, not the model"),
        (0.05, "; FP32 did not fall: quantization, not the model"),
        (None, ""),
    ],
)
def test_a_loss_against_the_base_says_what_lost_it(float_delta: float | None, cause: str) -> None:
    evaluate = compared(0.935, 0.615, half=0.065, p=1e-9)
    result = only(replace(NOTHING, max_metric_regression=0.02), evaluate, float_delta)
    assert (result.family, result.verdict, result.value) == ("base", "fail", 0.32)
    told = f"INT8 accuracy fell by 32.0 points, from 93.5 % to 61.5 %{cause}."
    assert result.reason == f"{told} The gate allows a loss of 2.0 points."
    result = only(replace(NOTHING, fail_on_loss=("base",)), evaluate, float_delta)
    assert (result.name, result.family, result.verdict) == ("fail_on_loss", "base", "fail")
    assert result.reason == (
        f"{told} That is beyond doubt (95 % interval -38.5 to -25.5 points), and no gate allows it: "
        "see gates.max_metric_regression."
    )


@pytest.mark.parametrize(
    ("after", "half", "verdict"),
    [
        (0.93, 0.03, "fail"),  # 3 points lost, 2 allowed
        (0.95, 0.015, "inconclusive"),  # 1 lost, the interval reaches 2.5
        (0.95, 0.01, "pass"),
        (0.97, 0.02, "pass"),
    ],
)
def test_regression_of_the_metric(after: float, half: float, verdict: str) -> None:
    result = only(replace(NOTHING, max_metric_regression=0.02), compared(0.96, after, half=half))
    assert result.verdict == verdict


def test_a_regression_finer_than_the_set_is_refused_with_the_samples_it_needs() -> None:
    """docs/statistics.md: 2 points need 394 samples, so of 393 no model could be judged."""
    evaluate = compared(0.96, 0.96, samples=393)
    (refusal,) = against(replace(NOTHING, max_metric_regression=0.02), evaluate).refusals
    assert (refusal.code, refusal.where) == ("gate-too-fine", "gates.max_metric_regression")
    assert "Evaluate about 394 samples" in refusal.remedy
    assert not against(replace(NOTHING, max_metric_regression=0.02), compared(0.96, 0.96, samples=394)).refusals


@pytest.mark.parametrize(("limit", "verdict"), [(0.05, "pass"), (0.04, "fail")])
def test_regression_of_the_worst_class(limit: float, verdict: str) -> None:
    result = only(replace(NOTHING, max_worst_class_regression=limit), compared(0.96, 0.91))
    assert (result.family, result.verdict) == ("base", verdict)
    assert "5.0 points of recall" in result.reason
    assert "against the base" in result.reason


@pytest.mark.parametrize(
    ("delta", "high", "p", "beyond"),
    [
        (-0.05, -0.001, 0.009, True),
        (-0.05, 0.0, 0.001, False),  # the interval touches zero
        (-0.05, -0.001, 0.01, False),
        # No McNemar: 99 % is 2.5758 / 1.9600 = 1.3142 times as wide, so half of 0.038 becomes 0.0499, of 0.0381 0.0501.
        (-0.05, -0.012, None, True),
        (-0.05, -0.0119, None, False),
        (-0.01, -0.005, None, True),
        (-0.0099, -0.005, None, False),  # less than a point
    ],
)
def test_beyond_doubt(delta: float, high: float, p: float | None, beyond: bool) -> None:
    paired = replace(
        between(0.9, 0.9).paired,
        delta=delta,
        mcnemar_p=p,
        interval=Interval(low=2 * delta - high, high=high, level=0.95),
    )
    assert is_beyond_doubt(paired) is beyond


def test_it_is_asked_of_both_comparisons_unless_one_is_turned_off_by_name() -> None:
    evaluate = compared(0.96, 0.60, p=1e-9)
    found = against(replace(NOTHING, fail_on_loss=GatesConfig().fail_on_loss), evaluate).results
    assert [(gate.name, gate.family, gate.verdict) for gate in found] == [
        ("fail_on_loss", "quantization", "pass"),
        ("fail_on_loss", "base", "fail"),
    ]
    assert only(replace(NOTHING, fail_on_loss=("quantization",)), evaluate).verdict == "pass"
    assert not against(NOTHING, evaluate).results


def test_a_gate_on_the_metric_says_what_may_be_lost_so_nothing_else_does() -> None:
    """A loss of 36 points is beyond doubt, and somebody allowed 40."""
    gates = replace(NOTHING, max_metric_regression=0.4, fail_on_loss=("base",))
    result = only(gates, compared(0.96, 0.60, p=1e-9))
    assert (result.name, result.verdict) == ("max_metric_regression", "pass")


def test_where_evaluate_had_no_baseline_a_line_says_so() -> None:
    evaluate = example_evaluate_record().result
    assert evaluate is not None
    gates = replace(NOTHING, max_metric_regression=0.02, fail_on_loss=("base",))
    assert against(gates, evaluate).not_judged == [
        "Not judged: max_metric_regression. evaluate was not given the baseline."
    ]
    other = replace(compare(example_parts(), example_report()), quantized_sha256=sha("other"))
    found = judge(gates, example_parts(evaluate=compared(0.9, 0.9)), None, Base(example_report(), other))
    assert found.not_judged == [
        "Not judged: max_metric_regression. evaluate was given another baseline than the report."
    ]
    refused = Failure(code="base-model", cause="The base has another task.", where="base", remedy="Make it again.")
    found = against(replace(NOTHING, fail_on_loss=("base",)), replace(evaluate, base_failure=refused))
    assert found == Judged([], [], ["Not judged: a loss against the base. The base has another task."])
