"""The part of the report about training: what it was told, and what it brought."""

from __future__ import annotations

from msgspec.structs import replace
from tests.golden import example_report

from quantci.records.qat import QatInfo, QatRun
from quantci.report.comment import render

RUN = QatRun(seed=3, steps=300, best_step=285, batch_loss=0.05, tuning_loss=0.0569, agreement=0.961)
QAT = QatInfo(
    source="own_training:batches",
    teacher="float model and labels",
    start="percentile-99.9",
    tuning_samples=256,
    start_loss=0.3016,
    start_agreement=0.853,
    runs=[replace(RUN, seed=2, best_step=150, tuning_loss=0.08), RUN],
    chosen=1,
    seconds=36.4,
    torch_version="2.9.0",
)


def shown(qat: QatInfo | None) -> str:
    report = example_report()
    assert report.quantize is not None
    return render(replace(report, quantize=replace(report.quantize, qat=qat))).replace("\N{NO-BREAK SPACE}", " ")


def test_a_report_without_training_has_no_section() -> None:
    assert "Quantization-aware" not in shown(None)


def test_start_and_seeds_stand_side_by_side_and_the_chosen_one_is_bold() -> None:
    lines = shown(QAT).splitlines()
    assert any("Quantization-aware training" in line for line in lines)
    assert "| before, `percentile-99.9` |  | 0.3016 | 85.3 % |" in lines
    assert "| 2 | 150 of 300 | 0.08 | 96.1 % |" in lines
    assert "| **3** | 285 of 300 | 0.0569 | 96.1 % |" in lines
    told = next(line for line in lines if line.startswith("Batches:"))
    assert "`own_training:batches`" in told
    assert "256 samples" in told
    assert "36 s" in told


def test_without_classes_there_is_no_agreement() -> None:
    lines = shown(replace(QAT, start_agreement=None, runs=[replace(RUN, agreement=None)], chosen=0)).splitlines()
    assert any(line.startswith("| **3** | 285 of 300 | 0.0569 |") and "96.1" not in line for line in lines)
