from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace
from tests.golden import LAYERS, example_report, more_layers, sha
from tests.known import known

from quantci.errors import ConfigError, ToolError
from quantci.records.against_base import AgainstBase
from quantci.records.base import encode
from quantci.records.metrics import AnomalyMetrics
from quantci.records.origin import ReportOrigin
from quantci.records.report import MOST_BYTES, BaselineComparison, LayerChange, OpChange, Report
from quantci.records.stage import Failure
from quantci.report.baseline import Parts, compare, read_baseline
from quantci.report.comment import render

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BASE = example_report()
PAIRED = example_report(baseline=BASE)  # the same, and evaluated against it


def paired(report: Report) -> AgainstBase:
    assert report.evaluate is not None
    assert report.evaluate.against_base is not None
    return report.evaluate.against_base


def against(report: Report, baseline: Report) -> BaselineComparison:
    return compare(Parts(report.quantize, report.evaluate, report.embed, "0.1.0"), baseline)


def test_same_model_has_no_difference_but_what_evaluate_found() -> None:
    found = against(PAIRED, BASE)
    assert found.same_model
    assert found.same_dataset
    assert (found.metric_delta, found.float_metric_delta, found.model_bytes_delta) == (-1 / 400, 0, 0)
    assert found.metric_interval == paired(PAIRED).paired.interval
    assert (found.arena_bytes_delta, found.macs_delta, found.ops, found.layers) == (0, 0, [], [])
    assert found.not_comparable == []


def test_more_layers_are_counted_and_named() -> None:
    found = against(example_report(layers=more_layers(2)), BASE)
    assert found.ops == [OpChange(op="CONV_2D", baseline_count=2, candidate_count=4)]
    assert found.layers == [
        LayerChange(
            name=f"model/block{index}/Relu;model/block{index}/Conv2D",
            baseline_bytes=None,
            candidate_bytes=4096 + 64 * 4,
        )
        for index in range(2)
    ]
    assert found.macs_delta == 2 * 2359296
    assert found.model_bytes_delta == 2 * (4096 + 256 + 96)
    assert not found.same_model


def test_fewer_layers_are_the_negative_of_more() -> None:
    found = against(BASE, example_report(layers=more_layers(1)))
    assert found.layers[0].candidate_bytes is None
    assert found.macs_delta == -2359296


def test_layers_with_equal_names_are_matched_in_order() -> None:
    twins = (*LAYERS[:1], LAYERS[0]._replace(weights=432), *LAYERS[1:])
    found = against(example_report(layers=twins), BASE)
    assert [change.candidate_bytes for change in found.layers] == [432 + 32]


def test_names_come_from_the_record_where_stripping_dropped_them() -> None:
    candidate = example_report(layers=more_layers(1))
    assert candidate.quantize is not None
    model = candidate.quantize.quantized_model
    bare = replace(model, ops=[replace(op, output_name="") for op in model.ops])
    stripped = replace(candidate, quantize=replace(candidate.quantize, quantized_model=bare))
    assert [change.name for change in against(stripped, BASE).layers] == ["model/block0/Relu;model/block0/Conv2D"]


def test_other_set_oracle_or_engine_are_compared_where_the_base_was_run_again() -> None:
    assert PAIRED.evaluate is not None
    reason = "The evaluation set changed: the base's model was run on 400 of today's 400 samples."
    again = replace(paired(PAIRED), reused=0, run_again=400, reasons=[reason])
    dataset = replace(PAIRED.evaluate.dataset, sha256=sha("other"))
    steps = [*PAIRED.evaluate.steps[:2], replace(PAIRED.evaluate.steps[2], interpreter="TFLM 2")]
    evaluate = replace(PAIRED.evaluate, against_base=again, dataset=dataset, steps=steps)
    assert BASE.quantize is not None
    found = against(
        replace(PAIRED, evaluate=evaluate), replace(BASE, quantize=replace(BASE.quantize, engine_version="2.22.0"))
    )
    assert (found.same_dataset, found.metric_delta, found.float_metric_delta) == (False, -1 / 400, None)
    assert found.not_comparable == [reason]


def test_accuracy_is_not_compared_without_evaluates_comparison_with_this_baseline() -> None:
    assert BASE.evaluate is not None
    found = against(BASE, BASE)
    assert (found.metric_delta, found.metric_interval, found.model_bytes_delta) == (None, None, 0)
    assert found.not_comparable == ["Accuracy is not compared. Evaluate was not given the baseline."]

    failure = Failure(code="baseline-old", cause="An older quantci wrote it.", where="", remedy="Wait.")
    refused = replace(BASE, evaluate=replace(BASE.evaluate, base_failure=failure))
    assert against(refused, BASE).not_comparable == ["Accuracy is not compared. An older quantci wrote it."]

    other = replace(paired(PAIRED), base=replace(paired(PAIRED).base, quantized_sha256=sha("another")))
    found = against(replace(BASE, evaluate=replace(BASE.evaluate, against_base=other)), BASE)
    assert found.metric_delta is None
    assert found.not_comparable == ["Accuracy is not compared: evaluate was given another baseline than the report."]


def test_other_quantci_version_is_noted_and_compared() -> None:
    old = replace(BASE, provenance=replace(BASE.provenance, quantci_version="0.0.9"))
    found = against(PAIRED, old)
    assert found.metric_delta == -1 / 400
    assert found.not_comparable == ["The baseline was made by quantci 0.0.9, this change by 0.1.0."]


def test_missing_parts_are_null_with_a_reason() -> None:
    empty = replace(BASE, quantize=None, evaluate=None, embed=None)
    found = against(BASE, empty)
    assert (found.metric_delta, found.model_bytes_delta, found.arena_bytes_delta, found.macs_delta) == (None,) * 4
    assert len(found.not_comparable) == 3


def _set(pointer: list[str], value: Any) -> Callable[[Any], None]:
    def change(data: Any) -> None:
        for key in pointer[:-1]:
            data = data[key]
        data[pointer[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (_set(["schema_version"], 2), "$.schema_version"),
        (_set(["verdict"], "maybe"), "$.verdict"),
        (_set(["evaluate", "paired", "delta"], "much"), "$.evaluate.paired.delta"),
        (_set(["surprise"], 1), "surprise"),
    ],
    ids=["newer", "enum", "deep", "unknown-field"],
)
def test_foreign_baseline_is_refused_with_its_json_path(
    tmp_path: Path, change: Callable[[Any], None], path: str
) -> None:
    data = json.loads(encode(BASE))
    change(data)
    file = tmp_path / "report.json"
    file.write_text(json.dumps(data))
    with pytest.raises(ToolError) as caught:
        read_baseline(file.parent)
    assert caught.value.code == "schema"
    assert path in caught.value.cause


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff\xfe", b"<html>", b"[" * 100_000], ids=range(6))
def test_file_that_is_no_report_is_refused(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "report.json"
    file.write_bytes(data)
    with pytest.raises(ToolError, match="schema"):
        read_baseline(file.parent)


def test_a_sound_baseline_is_not_checked_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """jsonschema takes seconds for a large report: it only explains what the strict decoder has refused."""
    file = tmp_path / "report.json"
    file.write_bytes(encode(BASE))
    monkeypatch.setattr("quantci.schema.check", lambda *_: pytest.fail("checked although it was decoded"))
    assert read_baseline(file.parent) == BASE


def test_good_baseline_is_read_and_a_missing_one_named(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.write_bytes(encode(BASE))
    assert read_baseline(file.parent) == BASE
    with pytest.raises(ConfigError, match=r"it has no report\.json.*baseline-file"):
        read_baseline(tmp_path / "none")


def test_the_baseline_says_its_branch_and_that_the_base_has_moved_on() -> None:
    commit, moved = "a" * 40, "b" * 40
    baseline = replace(BASE, origin=ReportOrigin(branch="main", commit=commit))
    parts = Parts(PAIRED.quantize, PAIRED.evaluate, PAIRED.embed, "0.1.0")
    assert compare(parts, baseline, commit).not_comparable == []
    found = compare(parts, baseline, moved)
    assert found.branch == "main"
    assert found.not_comparable == [
        "The baseline is of the commit `aaaaaaaaaaaa`, but the base branch was at `bbbbbbbbbbbb`."
    ]


def test_a_report_of_before_there_was_an_origin_is_still_read(tmp_path: Path) -> None:
    old = json.loads(encode(example_report(baseline=BASE)))
    del old["origin"], old["baseline"]["branch"]
    (tmp_path / "report.json").write_text(json.dumps(old))
    assert read_baseline(tmp_path) == example_report(baseline=BASE)


def test_a_baseline_larger_than_any_report_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.touch()
    os.truncate(path, MOST_BYTES + 1)
    with pytest.raises(ConfigError, match="larger than 25 MB"):
        read_baseline(tmp_path)


def test_notes_name_the_metric_of_the_task() -> None:
    assert BASE.evaluate is not None
    areas = [
        replace(
            step,
            metrics=AnomalyMetrics(
                roc_auc=0.9,
                partial_auc=0.8,
                normal_groups=2,
                anomalous_groups=2,
                mean_score_normal=0.1,
                mean_score_anomalous=0.5,
                custom={},
            ),
        )
        for step in BASE.evaluate.steps
    ]
    paired = replace(known(BASE.evaluate.paired), metric="roc_auc", worst_class=None, mcnemar_p=None)
    anomaly = replace(BASE, evaluate=replace(BASE.evaluate, steps=areas, paired=paired))
    assert anomaly.evaluate is not None
    assert against(replace(anomaly, evaluate=None), anomaly).not_comparable == [
        "ROC AUC is not compared: evaluate gave no result."
    ]
    found = against(anomaly, anomaly)
    assert found.not_comparable == ["ROC AUC is not compared. Evaluate was not given the baseline."]
    text = render(replace(anomaly, baseline=found)).replace("\u00a0", " ")
    assert "**Lost to quantization**<br>FP32 → INT8 | FP32 90.0 % | FP32 90.0 % |" in text
