"""The table at the top of a comment, worked by hand: with and without a base, and with everything missing."""

from __future__ import annotations

from msgspec.structs import replace
from tests.golden import example_report
from tests.known import known

from quantci.records.against_base import ClassChange
from quantci.records.paired import ClassDelta, Interval
from quantci.records.report import Report
from quantci.records.stage import Advice, Failure
from quantci.render.markdown import render
from quantci.report.sections.base import compared_with
from quantci.report.summary.table import figures

MINUS = "\N{MINUS SIGN}"
INT8 = "| **INT8 accuracy**<br>measured on host"
INT8_JUDGED = "| ✅ **INT8 accuracy**<br>measured on host"
LOST = "| ✅ **Lost to quantization**<br>FP32 → INT8"
LATENCY = "| **Device latency**<br>estimated, not measured, at 240 MHz"
PLAIN = example_report()
PAIR = example_report(baseline=PLAIN)


def table(report: Report) -> list[str]:
    """The rows, without the lines above them."""
    lines = render([figures(report)]).replace("\N{NO-BREAK SPACE}", " ").strip().splitlines()
    return [lines[0], *lines[2:]]


def below(report: Report) -> str:
    return render([compared_with(report)]).strip()


def with_base(before: float, *, float_delta: float | None) -> Report:
    """Against a base whose INT8 was right that often, all classes alike; this change is right in 381 of 400."""
    assert PAIR.evaluate is not None
    assert PAIR.evaluate.against_base is not None
    assert PAIR.baseline is not None
    delta = round(381 / 400 - before, 9)
    paired = replace(
        PAIR.evaluate.against_base.paired,
        delta=delta,
        interval=Interval(low=delta - 0.02, high=delta + 0.02, level=0.95),
        worst_class=ClassDelta(label="red", recall_delta=delta, support=100),
    )
    against = replace(
        PAIR.evaluate.against_base,
        base_metric=before,
        paired=paired,
        per_class=[ClassChange(label="red", support=100, base_recall=before, candidate_recall=381 / 400)],
    )
    return replace(
        PAIR,
        evaluate=replace(PAIR.evaluate, against_base=against),
        baseline=replace(PAIR.baseline, float_metric_delta=float_delta),
    )


def test_without_a_base_there_is_no_column_of_it_and_one_line_says_why() -> None:
    assert table(PLAIN) == [
        "| Metric | This change | Against FP32 |",
        f"{INT8} | 95.2 % |  |",
        f"{LOST} | FP32 96.0 % | {MINUS}0.8 pp<br>(95 %: {MINUS}2.0 to +0.5) |",
        f"| ✅ **Worst class**<br>recall of `yellow` | 91.0 % | {MINUS}3.0 pp<br>100 samples |",
        "| ✅ **Model size**<br>INT8 file, measured | 4,016 B | 55.9 % of it |",
        "| ✅ **Flash**<br>of 4.0 MiB left for it | 0.1 % |  |",
        "| ✅ **Tensor arena**<br>estimated, fits into internal SRAM | 60.0 KiB |  |",
        f"{LATENCY} | ≈ 7.0 ms<br>4.2 ms to 9.7 ms |  |",
    ]
    assert below(PLAIN) == "Nothing is compared with a base branch. No baseline was given."
    first = replace(PLAIN, advice=[Advice(code="no-baseline", text="There is no baseline yet.")])
    assert below(first) == "Nothing is compared with a base branch. There is no baseline yet."


def test_a_loss_against_the_base_leads() -> None:
    rows = table(with_base(0.98, float_delta=-0.025))
    assert rows == [
        "| Metric | Base | This change | Difference |",
        f"{INT8_JUDGED} | 98.0 % | 95.2 % | {MINUS}2.8 pp<br>(95 %: {MINUS}4.8 to {MINUS}0.8) |",
        f"{LOST} | FP32 98.5 % | FP32 96.0 % | {MINUS}0.8 pp vs FP32<br>(95 %: {MINUS}2.0 to +0.5) |",
        f"| **Worst class**<br>recall of `red` | 98.0 % | 95.2 % | {MINUS}2.8 pp<br>100 samples |",
        "| ✅ **Model size**<br>INT8 file, measured | 4,016 B | 4,016 B | 0 B |",
        "| ✅ **Flash**<br>of 4.0 MiB left for it | 0.1 % | 0.1 % |  |",
        "| ✅ **Tensor arena**<br>estimated, fits into internal SRAM | 60.0 KiB | 60.0 KiB | 0 B |",
        f"{LATENCY} | ≈ 7.0 ms | ≈ 7.0 ms<br>4.2 ms to 9.7 ms | the same |",
    ]


def test_a_gain_has_its_sign() -> None:
    rows = table(with_base(0.9, float_delta=None))
    assert rows[1].endswith("| 90.0 % | 95.2 % | +5.2 pp<br>(95 %: +3.2 to +7.2) |")
    assert "| \N{EN DASH} | FP32 96.0 % |" in rows[2]


def test_what_grew_is_told_in_bytes_and_percent_and_a_base_at_another_clock_is_not_compared() -> None:
    assert PAIR.baseline is not None
    grown = replace(PAIR.baseline, model_bytes_delta=16, arena_bytes_delta=20_480, latency_us=5_000.0)
    rows = table(replace(PAIR, baseline=grown))
    assert rows[4].endswith("| 4,000 B | 4,016 B | +16 B<br>+0.4 % |")
    assert rows[6].endswith("| 40.0 KiB | 60.0 KiB | +20,480 B<br>+50.0 % |")
    assert rows[7].endswith("| ≈ 5.0 ms | ≈ 7.0 ms<br>4.2 ms to 9.7 ms | about +39.1 % |")
    slow = table(replace(PAIR, baseline=replace(grown, latency_clock_hz=160_000_000)))
    assert slow[7].endswith("| ≈ 5.0 ms<br>at 160 MHz | ≈ 7.0 ms<br>4.2 ms to 9.7 ms |  |")


def test_a_class_that_quantization_costs_too_much_stands_beside_that_of_the_base() -> None:
    report = with_base(0.98, float_delta=0.0)
    failed = [replace(gate, verdict="fail") for gate in report.gates if gate.name == "max_worst_class_drop"]
    rows = table(replace(report, gates=failed))
    assert rows[4] == (
        "| ❌ **Worst class by quantization**<br>recall of `yellow` |  | 91.0 % "
        f"| {MINUS}3.0 pp vs FP32<br>100 samples |"
    )
    assert rows[3].startswith("| **Worst class**<br>recall of `red` |")


def test_the_line_below_says_which_base_and_what_of_it_was_run_again() -> None:
    report = with_base(0.98, float_delta=0.0)
    assert below(report) == "Base: `main` at `cccccccccccc`; the same 400 samples through both quantized models."
    assert report.evaluate is not None
    assert report.evaluate.against_base is not None
    against = replace(
        report.evaluate.against_base, reused=300, run_again=90, reasons=["The evaluation set has 90 other samples."]
    )
    again = replace(report, evaluate=replace(report.evaluate, against_base=against))
    assert below(again) == (
        "Base: `main` at `cccccccccccc`; the same 390 samples through both quantized models. The base's was run again "
        "on 90 of them, with its own preprocessing. The evaluation set has 90 other samples."
    )
    assert "| 98.0 % | 95.2 %<br>on 390 of 400 samples |" in table(again)[1]


def test_a_base_that_was_refused_says_why_once() -> None:
    assert PAIR.evaluate is not None
    failure = Failure(
        code="baseline-file", cause="Its predictions.npz is not readable.", where="base", remedy="Fix it."
    )
    report = replace(PAIR, evaluate=replace(PAIR.evaluate, against_base=None, base_failure=failure))
    assert below(report).endswith(
        "the models are not compared sample by sample. Its `predictions.npz` is not readable."
    )
    said = replace(report, not_judged=[f"Not judged: a loss against the base. {failure.cause}"])
    assert below(said).endswith("the models are not compared sample by sample.")


def test_nothing_evaluated_leaves_its_rows_without_numbers() -> None:
    report = replace(PLAIN, evaluate=None, quantize=None, embed=None, gates=[])
    assert table(report) == [
        "| Metric | This change | Against FP32 |",
        "| **INT8 accuracy** | not measured | evaluate: ok |",
        "| **Model size** | not measured | quantize: ok |",
        "| **Tensor arena** | not known | embed: ok |",
        "| **Device latency** | not measured | no device took part |",
    ]


def test_a_base_without_an_evaluation_says_which_side_lacks_it() -> None:
    assert below(replace(PAIR, evaluate=None)) == (
        "Base: commit `0123456789ab`; the models are not compared sample by sample. Evaluate gave no result."
    )


def test_a_hostile_label_stays_one_short_name() -> None:
    assert PLAIN.evaluate is not None
    evil = "@octocat |<b>\n# x" * 9
    paired = replace(known(PLAIN.evaluate.paired), worst_class=ClassDelta(label=evil, recall_delta=-0.1, support=5))
    row = table(replace(PLAIN, evaluate=replace(PLAIN.evaluate, paired=paired)))[3]
    assert row.startswith("| ✅ **Worst class**<br>recall of `@octocat")
    assert len(row) < 100
