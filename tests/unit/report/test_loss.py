"""The pipeline asks where accuracy goes only where it is lost."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.golden import example_evaluate_record
from tests.known import known

from quantci.records.evaluate import EvaluateResult
from quantci.records.gates_config import GatesConfig
from quantci.records.paired import Interval
from quantci.report.loss import is_metric_lost

NO_GATES = GatesConfig()


def evaluated(*, low: float = -0.02, high: float = 0.005, flips: int = 1) -> EvaluateResult:
    result = example_evaluate_record().result
    assert result is not None
    paired = replace(known(result.paired), interval=Interval(low=low, high=high, level=0.95))
    last = result.steps[-1]
    assert last.agreement is not None
    steps = [*result.steps[:-1], replace(last, agreement=replace(last.agreement, flips=flips))]
    return replace(result, paired=paired, steps=steps)


def test_a_difference_within_chance_is_no_loss() -> None:
    assert not is_metric_lost(NO_GATES, evaluated())
    assert not is_metric_lost(NO_GATES, evaluated(low=0.001, high=0.01)), "INT8 is better"


def test_an_interval_below_zero_is_a_loss() -> None:
    assert is_metric_lost(NO_GATES, evaluated(high=-0.001))


@pytest.mark.parametrize(("flips", "lost"), [(8, False), (9, True)])
def test_more_than_two_percent_of_flips_in_any_step(flips: int, lost: bool) -> None:
    assert is_metric_lost(NO_GATES, evaluated(flips=flips)) == lost  # of 400


@pytest.mark.parametrize(
    ("gates", "lost"),
    [
        (GatesConfig(max_metric_drop=0.03, max_worst_class_drop=0.05), False),
        (GatesConfig(max_metric_drop=0.019), True),  # inconclusive: the interval reaches 0.02
        (GatesConfig(max_metric_drop=0.005), True),  # refused: 400 samples cannot tell
        (GatesConfig(max_metric_drop=0.03, max_worst_class_drop=0.02), True),  # yellow loses 0.03
        (GatesConfig(max_model_bytes=1, max_latency_us=1), False),  # not about accuracy
    ],
)
def test_a_gate_on_accuracy_that_does_not_pass(gates: GatesConfig, lost: bool) -> None:
    assert is_metric_lost(gates, evaluated()) == lost
