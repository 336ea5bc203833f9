"""A report of an INT8 model that was given: what needs the float model is said to be absent, and passes no gate."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.golden import (
    example_config,
    example_evaluate_record,
    example_report,
    failed_quantize_record,
    given_records,
    given_report,
)
from tests.known import known

from quantci.records.base import decode, encode
from quantci.records.evaluate import AbsentStep
from quantci.records.gates_config import GatesConfig
from quantci.records.report import Report
from quantci.render.markdown import render as to_markdown
from quantci.report.comment import render
from quantci.report.gates.judge import Judged, quantization_gates
from quantci.report.join import build_report
from quantci.report.loss import is_metric_lost
from quantci.report.sections.quality import waterfall

NO_FLOAT = "No float model was given (`model.source`)."


def test_it_passes_by_what_can_be_judged_and_says_what_cannot() -> None:
    report = given_report(GatesConfig(min_metric=0.9, min_worst_class_recall=0.85, max_model_bytes=16_384))
    assert (report.verdict, report.verdict_reason) == ("pass", "All 5 gates hold.")
    assert report.not_judged == ["Not judged: a loss from FP32 to INT8. No float model was given (model.source)."]
    assert decode(encode(report), Report) == report


@pytest.mark.parametrize(
    ("gate", "gates"),
    [
        ("max_metric_drop", GatesConfig(max_metric_drop=0.1)),
        ("max_worst_class_drop", GatesConfig(max_worst_class_drop=0.1)),
    ],
)
def test_a_gate_on_quantization_is_never_passed_without_a_float_model(gate: str, gates: GatesConfig) -> None:
    report = given_report(gates)
    assert report.verdict == "inconclusive"
    assert report.verdict_reason == f"{gate} cannot be judged: no float model was given (model.source)."


def test_the_comment_has_no_column_against_fp32() -> None:
    text = render(given_report())
    table = text[text.index("| Metric") : text.index("Nothing is compared")].splitlines()
    assert table[0] == "| Metric | This change |"
    assert "| **INT8 accuracy**<br>measured on host | 95.2 % |".replace(" %", "\N{NO-BREAK SPACE}%") in table
    assert "| **Lost to quantization** | not known<br>no float model |" in table
    # By hand from the confusion matrix: yellow is found least, 91 of 100.
    assert any("recall of `yellow`" in row and "91.0\N{NO-BREAK SPACE}%" in row for row in table)
    assert "FP32 →" not in text
    assert f"- No FP32: {NO_FLOAT}" in text
    assert "| Given as | `models/own.tflite` " in text
    assert "| Float model | No float model was given" in text
    assert "Calibration set" not in text


def test_where_it_was_refused_nothing_is_shown_against_fp32_either() -> None:
    config, _ = given_records()
    refused = failed_quantize_record("model_rejected", "not-quantized")
    report = build_report(
        config=config,
        records={"quantize": refused},
        baseline=None,
        provenance=refused.provenance,
        title="own.tflite",
    )
    assert (report.verdict, "| Metric | This change |\n" in render(report)) == ("fail", True)


def test_against_a_base_int8_leads_as_ever_and_fp32_has_no_figure() -> None:
    base = example_report(config=example_config())
    whole = example_report(config=example_config(), baseline=base)
    config, records = given_records()
    against = known(known(whole.evaluate).against_base)
    result = replace(known(records["evaluate"].result), against_base=against)

    report = build_report(
        config=config,
        records=records | {"evaluate": replace(records["evaluate"], result=result)},
        baseline=base,
        provenance=whole.provenance,
        title="own.tflite",
    )
    assert known(report.baseline).float_metric_delta is None
    assert known(report.baseline).metric_delta == against.paired.delta
    text = render(report)
    assert "| Metric | Base | This change | Difference |" in text
    assert "| **Lost to quantization** | \N{EN DASH} | not known | no float model |" in text


def test_nobody_knows_whether_accuracy_is_lost_so_diagnose_is_not_called_for() -> None:
    _, records = given_records()
    evaluate = known(records["evaluate"].result)
    assert not is_metric_lost(GatesConfig(max_metric_drop=0.0001), evaluate)
    judged = Judged([], [], [])
    quantization_gates(GatesConfig(fail_on_loss=("base",)), evaluate, judged)
    assert (judged.results, judged.not_judged) == ([], [])


def test_where_tflm_could_not_run_it_the_waterfall_says_why() -> None:

    evaluate = known(example_evaluate_record().result)
    absent = [AbsentStep(name="int8-oracle", reason="TFLM cannot run CONV_2D.")]
    text = to_markdown([waterfall(replace(evaluate, oracle="litert", steps=evaluate.steps[:2], absent_steps=absent))])
    assert "- No INT8 in TFLM: TFLM cannot run `CONV_2D`." in text
    assert "INT8 is judged by `litert`" in text
