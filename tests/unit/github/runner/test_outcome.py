"""What a runner is told of a stage: outputs, a summary without a stranger's Markdown, annotations on the right line."""

from __future__ import annotations

from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from msgspec.structs import replace
from tests.golden import (
    example_config,
    example_diagnose_record,
    example_embed_record,
    example_evaluate_record,
    example_quantize_record,
    example_report,
    failed_quantize_record,
    given_records,
    given_report,
)

from quantci.github.runner.outcome import tell, tell_failure
from quantci.records.gates_config import GatesConfig
from quantci.records.stage import Advice, Failure

EVIL = "@octocat #1 http://x.y <b>|`</details>\n\n# H\n::error::x\n"
OUTPUT = Path("build/quantci")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "quantci.toml"
    file.write_text("[model]\nsource = 'm'\n[gates]\nmax_model_bytes = 1\n")
    return file


def parse(markdown: str) -> set[str]:
    return {token.type for token in MarkdownIt("commonmark").enable("table").parse(markdown)}


def test_quantize(config: Path, tmp_path: Path) -> None:
    record = example_quantize_record()
    assert record.result is not None
    told = tell(record, OUTPUT, config, tmp_path)
    assert told.outputs["status"] == "ok"
    assert told.outputs["quantized-model"] == "build/quantci/model_quant.tflite"
    assert told.outputs["quantized-bytes"] == str(record.result.quantized_model.file_bytes)
    assert "| INT8 model |" in told.summary
    assert "table_open" in parse(told.summary)


def test_evaluate(config: Path, tmp_path: Path) -> None:
    told = tell(example_evaluate_record(), OUTPUT, config, tmp_path)
    # By hand from the confusion matrices: float 97+95+98+94 = 384 of 400, INT8 97+95+98+91 = 381 of 400.
    assert told.outputs["float-metric"] == "0.960000"
    assert told.outputs["quantized-metric"] == "0.952500"
    assert told.outputs["metric-delta"] == "-0.007500"
    assert "FP32 96.0\N{NO-BREAK SPACE}% → INT8 95.2\N{NO-BREAK SPACE}%" in told.summary


def test_a_model_that_was_given_has_empty_outputs_where_there_is_no_float_model(config: Path, tmp_path: Path) -> None:
    _, records = given_records()
    told = tell(records["quantize"], OUTPUT, config, tmp_path)
    assert (told.outputs["float-model"], told.outputs["float-bytes"], told.outputs["engine"]) == ("", "", "")
    assert "| Given as | `models/own.tflite` |" in told.summary
    assert "| Float model | No float model was given" in told.summary
    told = tell(records["evaluate"], OUTPUT, config, tmp_path)
    assert (told.outputs["float-metric"], told.outputs["quantized-metric"]) == ("", "0.952500")
    assert {told.outputs[f"metric-delta{end}"] for end in ("", "-low", "-high")} == {""}
    assert told.outputs["metric"] == "top1_accuracy"
    assert "| INT8 accuracy | 95.2\N{NO-BREAK SPACE}% |" in told.summary
    told = tell(given_report(), OUTPUT, config, tmp_path)
    assert (told.outputs["metric-delta"], told.outputs["quantized-metric"]) == ("", "0.952500")


def test_diagnose(config: Path, tmp_path: Path) -> None:
    record = example_diagnose_record()
    told = tell(record, OUTPUT, config, tmp_path)
    assert told.outputs["first-bad-layer"] == "model/depthwise2/Relu"
    assert told.outputs["compared-layers"] == "6"
    assert record.result is not None
    assert told.outputs["advice-count"] == str(len(record.result.advice))
    assert told.outputs["record"] == "build/quantci/diagnose.json"
    assert "| Worst 1 | `model/depthwise2/Relu` 2.5\N{NO-BREAK SPACE}dB of its own |" in told.summary
    evil = [replace(layer, name=EVIL) for layer in record.result.layers]
    told = tell(replace(record, result=replace(record.result, layers=evil)), OUTPUT, config, tmp_path)
    assert "\n" not in told.outputs["first-bad-layer"]
    assert not parse(told.summary) & {"html_block", "link_open", "image"}
    assert told.summary.count("\n#") == 0


def test_embed(config: Path, tmp_path: Path) -> None:
    record = example_embed_record()
    assert record.result is not None
    told = tell(record, OUTPUT, config, tmp_path)
    assert record.result.arena is not None
    assert told.outputs["arena-bytes"] == str(record.result.arena.recommended_bytes)
    assert "estimated" in told.summary
    without = tell(replace(record, result=replace(record.result, arena=None)), OUTPUT, config, tmp_path)
    assert without.outputs["arena-bytes"] == ""
    assert "not known" in without.summary


def test_report(config: Path, tmp_path: Path) -> None:
    told = tell(example_report(), OUTPUT, config, tmp_path)
    assert told.outputs["verdict"] == "pass"
    assert told.outputs["report"] == "build/quantci/report.json"
    assert told.outputs["latency-us-estimated"] == "6953"
    assert told.summary.startswith("**✅ quantci: pass**")


def test_no_estimate_no_output(config: Path, tmp_path: Path) -> None:
    report = example_report()
    assert report.embed is not None
    assert report.embed.latency is not None
    for latency in (None, replace(report.embed.latency, total_us=None)):
        told = tell(replace(report, embed=replace(report.embed, latency=latency)), OUTPUT, config, tmp_path)
        assert "latency-us-estimated" not in told.outputs


def test_a_failed_gate_is_an_error_on_its_line(config: Path, tmp_path: Path) -> None:
    told = tell(example_report(config=example_config(GatesConfig(max_model_bytes=1))), OUTPUT, config, tmp_path)
    assert told.outputs["verdict"] == "fail"
    errors = [line for line in told.annotations if line.startswith("::error ")]
    assert len(errors) == 1
    assert errors[0].startswith("::error file=quantci.toml,line=4,title=quantci gate max_model_bytes::")


def test_a_failed_gate_that_fails_nothing_is_a_warning_there(config: Path, tmp_path: Path) -> None:
    report = example_report(config=example_config(GatesConfig(max_model_bytes=1)))
    told = tell(report, OUTPUT, config, tmp_path, fails_on_gate=False)
    assert told.outputs["verdict"] == "fail"
    gates = [line for line in told.annotations if "gate" in line]
    assert [line.split("::")[1] for line in gates] == [
        "warning file=quantci.toml,line=4,title=quantci gate max_model_bytes"
    ]


def test_a_gate_that_cannot_be_judged_is_a_warning(config: Path, tmp_path: Path) -> None:
    told = tell(example_report(config=example_config(GatesConfig(max_latency_us=1))), OUTPUT, config, tmp_path)
    assert [line.split(" ", 1)[0] for line in told.annotations if "gate" in line] == ["::warning"]


def test_a_gate_that_was_loosened_is_a_warning_on_its_line(config: Path, tmp_path: Path) -> None:
    strict = example_config(GatesConfig(max_model_bytes=1))
    base = replace(example_report(config=strict), config=strict)
    loose = example_report(config=example_config(GatesConfig(max_model_bytes=1_000_000)), baseline=base)
    told = tell(loose, OUTPUT, config, tmp_path)
    assert told.outputs["verdict"] == "inconclusive"
    (line,) = [line for line in told.annotations if "loosened" in line]
    assert line == (
        f"::warning file=quantci.toml,line=4,title=quantci verdict::{loose.verdict_reason.replace('%', '%25')}"
    )


def test_a_stage_that_failed(config: Path, tmp_path: Path) -> None:
    told = tell(failed_quantize_record("model_rejected", "empty", EVIL), OUTPUT, config, tmp_path)
    assert told.outputs["status"] == "model_rejected"
    assert told.outputs["code"] == "empty"
    assert len(told.annotations) == 1
    assert "\n" not in told.annotations[0]
    assert "html_block" not in parse(told.summary)
    assert "\n# H" not in told.summary


def test_a_run_that_did_not_get_to_a_record(config: Path, tmp_path: Path) -> None:
    failure = Failure(code="config-key", cause="gates.x is not a key.", where=f"{config}: gates", remedy="Remove it.")
    told = tell_failure("quantize", "config_rejected", failure, config, tmp_path)
    assert told.outputs == {"status": "config_rejected", "code": "config-key"}
    assert told.annotations[0].startswith("::error file=quantci.toml,line=3,")
    assert "configuration rejected" in told.summary


def test_hostile_advice_stays_text(config: Path, tmp_path: Path) -> None:
    record = example_quantize_record()
    assert record.result is not None
    advice = [Advice(code="few-samples", text=EVIL)] * 30
    told = tell(replace(record, result=replace(record.result, advice=advice)), OUTPUT, config, tmp_path)
    assert len(told.annotations) == 9, "a runner shows ten of a level"
    assert all(line.startswith("::warning ") and "\n" not in line for line in told.annotations)
    assert "html_inline" not in {
        child.type for token in MarkdownIt("commonmark").parse(told.summary) for child in token.children or []
    }
