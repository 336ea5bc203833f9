"""A change that moves its own gates says so, and does not pass by that alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace
from tests.golden import (
    example_config,
    example_embed_record,
    example_evaluate_record,
    example_quantize_record,
    example_report,
)
from tests.known import known

from quantci.records.gates_config import GatesConfig
from quantci.records.paired import Interval
from quantci.records.target_config import TargetConfig
from quantci.report.comment import render
from quantci.report.gates.moved import gate_changes, sentence
from quantci.report.join import build_report

if TYPE_CHECKING:
    from quantci.records.config import Config
    from quantci.records.report import Report


def with_gates(target: TargetConfig | None = None, **gates: Any) -> Config:
    return replace(example_config(GatesConfig(**gates)), target=target or TargetConfig())


def changed(base: Config, candidate: Config, delta: float = -0.0075) -> Report:
    """The example against itself with other gates; its INT8 loses 0.75 points, if nothing else is said."""
    evaluate = example_evaluate_record()
    assert evaluate.result is not None
    paired = replace(
        known(evaluate.result.paired),
        delta=delta,
        interval=Interval(low=delta - 0.0125, high=delta + 0.0125, level=0.95),
        mcnemar_p=0.0001 if delta < -0.02 else 0.5,
    )
    return build_report(
        config=candidate,
        records={
            "quantize": example_quantize_record(),
            "evaluate": replace(evaluate, result=replace(evaluate.result, paired=paired)),
            "embed": example_embed_record(),
        },
        baseline=replace(example_report(config=base), config=base),
        provenance=evaluate.provenance,
        title="m.keras",
    )


@pytest.mark.parametrize(
    ("base", "candidate", "said", "looser"),
    [
        (
            {"max_metric_drop": 0.05},
            {"max_metric_drop": 0.9},
            "This change moves gates.max_metric_drop from 0.05 to 0.9.",
            True,
        ),
        ({"max_metric_drop": 0.9}, {"max_metric_drop": 0.05}, "from 0.9 to 0.05.", False),
        ({"min_metric": 0.9}, {"min_metric": 0.5}, "moves gates.min_metric from 0.9 to 0.5.", True),
        ({"min_metric": 0.5}, {"min_metric": 0.9}, "from 0.5 to 0.9.", False),
        ({"max_model_bytes": 4096}, {}, "removes gates.max_model_bytes, which is 4,096 on the base branch.", True),
        ({}, {"max_model_bytes": 4096}, "This change sets gates.max_model_bytes to 4,096.", False),
        ({}, {"int_only": False}, "moves gates.int_only from true to false.", True),
        ({"int_only": False}, {}, "moves gates.int_only from false to true.", False),
        ({}, {"fail_on_loss": ()}, "moves gates.fail_on_loss from [base, quantization] to [].", True),
        ({"fail_on_loss": ("base",)}, {}, "from [base] to [base, quantization].", False),
        ({"max_model_growth": "5%"}, {"max_model_growth": "10%"}, "from 5% to 10%.", True),
        ({"max_model_growth": "5%"}, {"max_model_growth": 4096}, "from 5% to 4,096.", True),
        ({"max_model_growth": 4096}, {"max_model_growth": "4095"}, "from 4,096 to 4095.", False),
        (
            {"target": TargetConfig()},
            {"target": TargetConfig(model_partition_bytes=6_000_000)},
            "sets target.model_partition_bytes to 6,000,000.",
            True,
        ),
    ],
)
def test_each_gate_that_moves_is_told(base: dict[str, Any], candidate: dict[str, Any], said: str, looser: bool) -> None:
    (change,) = gate_changes(with_gates(**base), with_gates(**candidate))
    assert sentence(change).endswith(said)
    assert change.is_looser is looser


def test_what_passes_only_by_a_looser_gate_is_no_pass() -> None:
    report = changed(with_gates(max_metric_drop=0.05), with_gates(max_metric_drop=0.9), delta=-0.1)
    assert (report.status, report.verdict) == ("ok", "inconclusive")
    assert report.verdict_reason.startswith(
        "It passes only by gates that it loosened. This change moves gates.max_metric_drop from 0.05 to 0.9. "
        "By the gates of the base branch it would fail: INT8 accuracy is 10.0 points below FP32"
    )
    assert "- This change moves `gates.max_metric_drop` from 0.05 to 0.9.\n" in render(report)


def test_a_gate_that_moves_and_would_hold_anyway_leaves_a_pass() -> None:
    report = changed(with_gates(max_metric_drop=0.05), with_gates(max_metric_drop=0.9))
    assert report.verdict == "pass"
    assert [change.name for change in report.gate_changes] == ["gates.max_metric_drop"]


def test_a_gate_of_the_base_that_the_set_cannot_decide_does_not_pass_either() -> None:
    """400 samples cannot tell a drop of 0.5 points: who widens such a gate does not get a pass for it."""
    report = changed(with_gates(max_metric_drop=0.005), with_gates(max_metric_drop=0.9), delta=-0.004)
    assert report.verdict == "inconclusive"
    assert "it would not pass: max_metric_drop is 0.5 points" in report.verdict_reason


def test_allowing_a_loss_beyond_doubt_is_a_looser_gate() -> None:
    """The base sets nothing, so a loss beyond doubt fails there; this change allows 90 points."""
    report = changed(with_gates(), with_gates(max_metric_drop=0.9), delta=-0.3)
    assert report.verdict == "inconclusive"
    assert "This change sets gates.max_metric_drop to 0.9. By the gates of the base branch it would fail" in (
        report.verdict_reason
    )


@pytest.mark.parametrize(
    ("base", "candidate", "said", "looser"),
    [
        (None, "It is small.", 'This change sets evaluation.leak_accepted to "It is small.".', True),
        ("It is small.", "It is old.", 'moves evaluation.leak_accepted from "It is small." to "It is old.".', False),
        ("It is small.", None, 'removes evaluation.leak_accepted, which is "It is small." on the base branch.', False),
    ],
)
def test_accepting_a_leak_is_told(base: str | None, candidate: str | None, said: str, looser: bool) -> None:
    configs = [
        replace(config, evaluation=replace(config.evaluation, leak_accepted=reason))
        for config, reason in zip([with_gates()] * 2, (base, candidate), strict=True)
    ]
    (change,) = gate_changes(*configs)
    assert (said in sentence(change), change.is_looser) == (True, looser)


def test_another_chip_is_no_looser_gate() -> None:
    base, candidate = with_gates(TargetConfig(model_partition_bytes=1_000)), with_gates(TargetConfig(chip="esp32c3"))
    assert changed(base, candidate).verdict == "pass"
    assert changed(base, with_gates()).verdict == "inconclusive"


def test_a_stricter_gate_that_fails_fails() -> None:
    report = changed(with_gates(max_model_bytes=5_000), with_gates(max_model_bytes=4_000))
    assert report.verdict == "fail"
    assert "16 over" in report.verdict_reason


def test_a_base_without_a_configuration_says_nothing() -> None:
    whole = example_report()
    report = example_report(baseline=replace(whole, config=None))
    assert (report.verdict, report.gate_changes, report.base_gates) == ("pass", [], [])
