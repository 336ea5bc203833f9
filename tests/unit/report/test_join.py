from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from tests.golden import (
    example_config,
    example_embed_record,
    example_evaluate_record,
    example_hit,
    example_provenance,
    example_quantize_record,
    example_report,
    failed_quantize_record,
    more_layers,
)

from quantci.errors import ConfigError
from quantci.records.base import decode, encode
from quantci.records.config import Config, Task, TaskConfig
from quantci.records.doubt import Doubt
from quantci.records.gates_config import GatesConfig
from quantci.records.report import Report
from quantci.records.stage import Failure, Status
from quantci.report.comment import render
from quantci.report.join import build_report

if TYPE_CHECKING:
    from quantci.records.embed import EmbedRecord
    from quantci.records.evaluate import EvaluateRecord
    from quantci.records.quantize import QuantizeRecord

FAULT = Failure(code="disk-full", cause="The disk is full.", where="/tmp", remedy="Free it.")


def report_of(
    quantize: QuantizeRecord | None = None,
    evaluate: EvaluateRecord | None = None,
    embed: EmbedRecord | None = None,
    *,
    config: Config | None = None,
) -> Report:
    report = build_report(
        config=config,
        records={"quantize": quantize, "evaluate": evaluate, "embed": embed},
        baseline=None,
        provenance=example_provenance(),
        title="m.keras",
    )
    assert decode(encode(report), Report) == report
    return report


def test_everything_well_passes() -> None:
    report = example_report()
    assert (report.status, report.verdict, report.failure) == ("ok", "pass", None)
    assert report.verdict_reason == "All 6 gates hold."
    assert [outcome.status for outcome in report.stages] == ["ok", "ok", "ok", "not_run"]
    assert report.device_latency_us is None


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("classification", "INT8 accuracy"),
        ("multi-label", "INT8 exact match"),
        ("regression", "INT8 R²"),
        ("anomaly", "INT8 ROC AUC"),
    ],
)
def test_what_was_never_evaluated_is_called_as_its_task_calls_it(kind: Task, name: str) -> None:
    report = report_of(config=replace(example_config(), task=TaskConfig(kind=kind)))
    assert f"**{name}** | not measured | evaluate: not run |" in render(report)
    unknown = report_of(example_quantize_record())
    assert "| **The task's metric** | not measured | evaluate: not run |" in render(unknown)


def test_a_pass_says_that_the_model_fits_nowhere_or_meets_a_known_fault() -> None:
    record = example_embed_record()
    assert record.result is not None
    assert record.result.arena is not None
    fault = example_hit()
    large = replace(record.result.arena, memory="none")
    for changes, words in (
        ({"arena": large}, " But its tensor arena fits into no memory of the chip."),
        ({"kernel_hits": [fault]}, " But a kernel on the chip has a known fault for one of its ops."),
        ({"kernel_hits": [replace(fault, severity="slow"), replace(fault, evidence="reported")]}, ""),
    ):
        report = report_of(
            example_quantize_record(),
            example_evaluate_record(),
            replace(record, result=replace(record.result, **changes)),
            config=example_config(),
        )
        assert (report.verdict, report.verdict_reason) == ("pass", f"All 6 gates hold.{words}")
        (row,) = (line for line in render(report).splitlines() if "**Tensor arena**" in line)
        assert ("⚠️" in row) is ("arena" in changes)


def test_failed_gate_is_a_regression_even_beside_an_inconclusive_one() -> None:
    report = example_report(config=example_config(GatesConfig(max_model_bytes=1000, max_latency_us=5)))
    assert (report.status, report.verdict) == ("regression", "fail")
    assert "3,016 over" in report.verdict_reason


def doubted(*doubts: Doubt, gates: GatesConfig | None = None) -> Report:
    evaluate = example_evaluate_record()
    assert evaluate.result is not None
    result = replace(evaluate.result, reference=list(doubts))
    config = example_config(gates)
    return report_of(example_quantize_record(), replace(evaluate, result=result), example_embed_record(), config=config)


GUESSING = Doubt(code="guessing", text="It is no better than guessing.", forbids_pass=True)
CLIPPED = Doubt(code="clipped-input", text="A third is clipped.", forbids_pass=False)


def test_a_float_model_that_is_not_to_be_trusted_never_passes() -> None:
    report = doubted(CLIPPED, GUESSING)
    assert (report.status, report.verdict, report.verdict_reason) == ("ok", "inconclusive", GUESSING.text)
    assert report.evaluate is not None
    assert report.evaluate.reference == [CLIPPED, GUESSING]


def test_a_doubt_that_forbids_nothing_lets_it_pass() -> None:
    assert doubted(CLIPPED).verdict == "pass"


def test_a_failed_gate_is_a_fail_whatever_is_doubted() -> None:
    report = doubted(GUESSING, gates=GatesConfig(max_model_bytes=1000))
    assert (report.status, report.verdict) == ("regression", "fail")
    assert "over" in report.verdict_reason


def test_open_gate_is_inconclusive_and_ok() -> None:
    report = example_report(config=example_config(GatesConfig(max_latency_us=5)))
    assert (report.status, report.verdict) == ("ok", "inconclusive")
    assert "no device took part" in report.verdict_reason


def test_refused_gate_rejects_the_configuration_and_keeps_the_rest() -> None:
    report = example_report(config=example_config(GatesConfig(max_metric_drop=0.001, max_model_bytes=9_999)))
    assert (report.status, report.verdict) == ("config_rejected", "inconclusive")
    assert report.failure is not None
    assert report.failure.code == "gate-too-fine"
    assert [gate.name for gate in report.gates] == ["max_model_bytes", "fits_flash", "int_only"]
    assert report.evaluate is not None


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ("model_rejected", "fail"),
        ("data_rejected", "inconclusive"),
        ("config_rejected", "inconclusive"),
        ("tool_error", "inconclusive"),
        ("cancelled", "inconclusive"),
    ],
)
def test_stage_that_failed_gives_its_status(status: Status, verdict: str) -> None:
    report = report_of(failed_quantize_record(status, "some-code"), config=example_config())
    assert (report.status, report.verdict) == (status, verdict)
    assert report.failure is not None
    assert report.failure.code == "some-code"
    assert [outcome.status for outcome in report.stages] == [status, "not_run", "not_run", "not_run"]


def test_infrastructure_fault_never_reads_as_a_worse_model() -> None:
    report = report_of(failed_quantize_record("tool_error", "disk-full"), config=example_config())
    assert "says nothing about the model" in report.verdict_reason
    assert not any(gate.verdict == "fail" for gate in report.gates)


def test_failed_gate_stays_a_fail_beside_a_tool_error() -> None:
    quantize = example_quantize_record()
    embed = replace(example_embed_record(quantize), status="tool_error", failure=FAULT, result=None)
    config = example_config(GatesConfig(max_model_bytes=1000))
    report = report_of(quantize, example_evaluate_record(quantize), embed, config=config)
    assert (report.status, report.verdict) == ("tool_error", "fail")
    assert "3,016 over" in report.verdict_reason


def test_nothing_ran() -> None:
    report = report_of()
    assert (report.status, report.verdict, report.gates) == ("not_run", "inconclusive", [])


def test_part_of_the_stages_is_not_a_pass() -> None:
    report = report_of(example_quantize_record())
    assert (report.status, report.verdict) == ("ok", "inconclusive")
    assert "evaluate and embed" in report.verdict_reason


def test_fault_outside_of_the_stages_comes_first() -> None:
    report = build_report(
        config=None,
        records={"quantize": failed_quantize_record("tool_error", "no-space")},
        baseline=None,
        provenance=example_provenance(),
        title="quantci",
        failure=FAULT,
        status="tool_error",
    )
    assert report.failure == FAULT
    assert [advice.code for advice in report.advice] == ["no-space"]


def test_missing_baseline_costs_the_candidate_nothing() -> None:
    quantize = example_quantize_record()
    report = build_report(
        config=example_config(),
        records={
            "quantize": quantize,
            "evaluate": example_evaluate_record(quantize),
            "embed": example_embed_record(quantize),
        },
        baseline=None,
        baseline_failure=replace(FAULT, code="schema"),
        provenance=example_provenance(),
        title="m.keras",
    )
    assert (report.verdict, report.baseline) == ("pass", None)
    assert [advice.code for advice in report.advice] == ["schema"]


def test_records_of_two_models_are_refused() -> None:
    old, new = example_quantize_record(), example_quantize_record(more_layers(1))
    with pytest.raises(ConfigError, match=r"quantci evaluate.*mixed-records") as caught:
        report_of(new, example_evaluate_record(old))
    assert old.result is not None
    assert new.result is not None
    assert old.result.quantized_model.sha256[:12] in caught.value.cause
    assert new.result.quantized_model.sha256[:12] in caught.value.cause
    with pytest.raises(ConfigError, match="quantci embed"):
        report_of(new, example_evaluate_record(new), example_embed_record(old))
    with pytest.raises(ConfigError, match="quantci embed"):
        report_of(None, example_evaluate_record(new), example_embed_record(old))


def test_evaluation_of_another_float_model_is_refused() -> None:
    quantize = example_quantize_record()
    evaluate = example_evaluate_record(quantize)
    assert evaluate.result is not None
    stale = replace(evaluate, result=replace(evaluate.result, float_sha256="0" * 64))
    with pytest.raises(ConfigError, match="mixed-records"):
        report_of(quantize, stale)
