"""A gate that is set and that nobody looked at ends in 2, whatever else is set."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest
from tests.golden import example_embed_record, example_evaluate_record, example_quantize_record

from quantci.cli import provenance, report
from quantci.records.base import Record, write

PROJECT = """
model.source = "m.tflite"
calibration.data = "c"
evaluation.data = "e"
"""
RECORDS: dict[str, Record] = {
    "quantize": example_quantize_record(),
    "evaluate": example_evaluate_record(),
    "embed": example_embed_record(),
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(provenance, "_ask_git", lambda _base: None)
    for name in ("GITHUB_ACTIONS", "GITHUB_WORKSPACE", "QUANTCI_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def code_of(project: Path, gates: str, *stages: str) -> int:
    file = project / "quantci.toml"
    file.write_text(PROJECT + "".join(f"gates.{gate}\n" for gate in gates.split("; ") if gate))
    for stage in stages:
        write(project / "build/quantci" / f"{stage}.json", RECORDS[stage])
    parser = argparse.ArgumentParser()
    report.add_arguments(parser)
    return report.run(parser.parse_args(["--config", str(file)]))


@pytest.mark.parametrize(
    ("gates", "stages", "named"),
    [
        ("max_metric_drop = 0.05", ["quantize", "embed"], "evaluate"),
        ("max_metric_drop = 0.05; fail_on_inconclusive = true", ["quantize", "embed"], "evaluate"),
        ("max_worst_class_drop = 0.5", ["quantize"], "evaluate"),
        ("max_model_bytes = 1_000_000", ["evaluate", "embed"], "quantize"),
        ("int_only = true; fits_flash = false", ["evaluate"], "quantize"),
        ("fits_flash = true", ["evaluate"], "quantize"),
        ("min_metric = 0.5", ["quantize", "embed"], "evaluate"),
        ("min_worst_class_recall = 0.5", ["quantize", "embed"], "evaluate"),
        ("max_arena_bytes = 1_000_000", ["quantize", "evaluate"], "embed"),
        ("max_latency_us = 1_000_000", ["quantize", "evaluate"], "embed"),
        ("max_metric_drop = 0.05; fits_flash = false", [], "evaluate"),
    ],
)
def test_a_gate_whose_stage_never_ran(
    project: Path, capsys: pytest.CaptureFixture[str], gates: str, stages: list[str], named: str
) -> None:
    assert code_of(project, gates, *stages) == 2
    told = capsys.readouterr().err
    assert f"{named}.json: The gate {gates.split(' =', maxsplit=1)[0]} is set, but {named} never ran." in told
    assert "[record-missing]" in told
    assert (project / "build/quantci/report.md").is_file(), "what is known is still reported"


@pytest.mark.parametrize(
    ("gates", "stages", "code"),
    [
        ("int_only = false", ["quantize"], 0),
        ("max_model_bytes = 1_000_000", ["quantize"], 0),
        ("max_latency_us = 1_000_000", ["quantize", "evaluate", "embed"], 0),  # no device took part
        ("max_latency_us = 1_000_000; fail_on_inconclusive = true", ["quantize", "evaluate", "embed"], 3),
        ("max_model_bytes = 1; max_metric_drop = 0.05", ["quantize", "embed"], 3),  # a gate that fails comes first
    ],
)
def test_without_one_the_verdict_decides(project: Path, gates: str, stages: list[str], code: int) -> None:
    assert code_of(project, gates, *stages) == code
