"""Where accuracy goes, in the report: the worst ten layers, three pieces of advice, nothing of another model."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.golden import (
    example_config,
    example_diagnose_record,
    example_embed_record,
    example_evaluate_record,
    example_provenance,
    example_quantize_record,
    failed_quantize_record,
    more_layers,
)

from quantci.errors import ConfigError
from quantci.records.base import decode, encode
from quantci.records.diagnose import DiagnoseRecord
from quantci.records.report import Report
from quantci.records.stage import Failure
from quantci.render.markdown import render as markdown
from quantci.report.comment import render
from quantci.report.join import build_report
from quantci.report.sections.diagnosis import cells, decibel, headline, section


def report_of(diagnose: DiagnoseRecord | None, *, quantized: bool = True) -> Report:
    quantize = example_quantize_record() if quantized else failed_quantize_record("tool_error", "bug")
    report = build_report(
        config=example_config(),
        records={
            "quantize": quantize,
            "evaluate": example_evaluate_record(),
            "embed": example_embed_record(),
            "diagnose": diagnose,
        },
        baseline=None,
        provenance=example_provenance(),
        title="m.keras",
    )
    assert decode(encode(report), Report) == report
    return report


def test_the_comment_shows_the_worst_layers_first_and_three_pieces_of_advice() -> None:
    text = render(report_of(example_diagnose_record()))
    part = text.split("<summary>Where accuracy goes</summary>")[1].split("</details>")[0]
    rows = [line for line in part.splitlines() if line.startswith("| `")]
    assert rows[0] == (
        "| `model/depthwise2/Relu`<br>`DEPTHWISE_CONV_2D` | 2.5\N{NO-BREAK SPACE}dB | 2.5\N{NO-BREAK SPACE}dB | 0.9300 "
        "| 3.1\N{NO-BREAK SPACE}% |"
    )
    assert len(rows) == 6
    assert "The first layer below 15\N{NO-BREAK SPACE}dB is `model/depthwise2/Relu`" in part
    assert [f"Advice {number} about" in text for number in range(1, 6)] == [True, True, True, False, False]


def test_of_many_layers_ten_are_shown() -> None:
    record = example_diagnose_record(example_quantize_record(more_layers(20)))
    assert record.result is not None
    base = report_of(None)
    text = render(replace(base, diagnose=record.result))
    part = text.split("<summary>Where accuracy goes</summary>")[1].split("</details>")[0]
    assert len([line for line in part.splitlines() if line.startswith("| `")]) == 10
    assert "16 rows more in report.json" in part


def test_a_report_without_a_diagnosis_has_no_such_part() -> None:
    report = report_of(None)
    assert report.diagnose is None
    assert "Where accuracy goes" not in render(report)
    assert decode(encode(report).replace(b'  "diagnose": null,\n', b""), Report) == report, "as older ones are"


def test_a_diagnosis_that_failed_costs_the_report_one_line() -> None:
    failure = Failure(code="multi-subgraph", cause="The model has 2 subgraphs.", where="m", remedy="Unroll the loop.")
    record = replace(example_diagnose_record(), status="model_rejected", failure=failure, result=None)
    report = report_of(record)
    assert (report.status, report.verdict) == ("ok", "pass")
    assert [advice.code for advice in report.advice] == ["multi-subgraph"]
    assert report.advice[0].text.startswith("quantci diagnose did not finish: The model has 2 subgraphs. Unroll")
    assert "Unroll the loop." in render(report)


def test_a_diagnosis_of_another_model_is_refused() -> None:
    other = example_diagnose_record(example_quantize_record(more_layers(1)))
    with pytest.raises(ConfigError, match=r"diagnose\.json is about the model"):
        report_of(other)


def test_a_diagnosis_of_an_earlier_model_is_left_out_where_there_is_no_new_one() -> None:
    assert report_of(example_diagnose_record(), quantized=False).diagnose is None


def test_how_figures_read() -> None:
    result = example_diagnose_record().result
    assert result is not None
    assert str(decibel(120.0)) == "no error"
    assert cells(replace(result.layers[0], cosine=None))[2] == "none"
    healthy = replace(result, first_below=None, unmatched=["x"])
    assert headline(healthy) == "No layer falls below 15\N{NO-BREAK SPACE}dB; 6 of 7 activations compared."
    assert "only in the oracle" in markdown([section(healthy)])
    assert "only in the oracle" not in markdown([section(result)])
