"""The table of the ladder: what was tried, what was chosen and why, and that the evaluation set took no part."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace
from tests.golden import example_report, sha
from tests.unit.quantize.ladder.tries import tried

from quantci.records.dataset import SampleDigest
from quantci.records.ladder import LadderResult, LadderTry, NotTried
from quantci.render import markdown
from quantci.report.comment import render
from quantci.report.sections import ladder

PLAIN = str.maketrans({"\N{NO-BREAK SPACE}": " ", "\N{MINUS SIGN}": "-"})
TRIES = [
    tried("minmax", 0.25, delta=-0.04),
    tried("clip", 0.12, delta=-0.03, latency_us=None, latency_reason="GELU has no known cost."),
    tried("cle", None),
    tried("int16x8", 0.01, delta=0.0, misses=["the arena fits nowhere on the chip"]),
]


def result(tries: list[LadderTry] = TRIES, **changes: Any) -> LadderResult:
    values: dict[str, Any] = {
        "chosen_on": "held-back",
        "path": "data/calibration",
        "samples": [SampleDigest(id=str(index), content_sha256=sha(str(index))) for index in range(64)],
        "measure": "kl",
        "metric": "top1_accuracy",
        "truth": "labels",
        "float_metric": 0.9,
        "goal": 0.01,
        "is_goal_met": False,
        "tries": tries,
        "not_tried": [NotTried(recipe="qat", reason="The 900 s of ladder.budget_s were over.")],
        "chosen": "clip",
        "pareto": ["clip"],
        "is_cut": True,
    }
    return LadderResult(**(values | changes))


def lines(found: LadderResult) -> list[str]:
    return markdown.render([ladder.section(found)]).translate(PLAIN).splitlines()


def test_a_report_without_a_ladder_has_no_section() -> None:
    assert "Ladder" not in render(example_report())


def test_it_stands_in_the_comment() -> None:
    report = example_report()
    assert report.quantize is not None
    assert "Ladder of recipes" in render(replace(report, quantize=replace(report.quantize, ladder=result())))


def test_every_try_has_its_figures_the_chosen_one_is_bold_and_the_best_are_marked() -> None:
    rows = [line for line in lines(result()) if line.startswith("|")]
    assert rows == [
        "| Recipe | Score | Accuracy, held back | File | Arena | Latency | Time |",
        "| :-- | :-- | :-- | :-- | :-- | :-- | :-- |",
        "| `minmax` | 0.25 | 86.0 %<br>-4.0 pp<br>(95 %: -100.0 to +100.0) | 1,000 B | 2,000 B | 3.0 ms | 1.0 s |",
        "| **clip** ◆ | 0.12 | 87.0 %<br>-3.0 pp<br>(95 %: -100.0 to +100.0) | 1,000 B | 2,000 B | not known | 1.0 s |",
        "| `cle` | none: It has no INT8 form. `[unquantizable-op]` |  |  |  |  | 1.0 s |",
        "| `int16x8` | 0.01 | 90.0 %<br>0.0 pp<br>(95 %: -100.0 to +100.0) | 1,000 B | 2,000 B | 3.0 ms | 1.0 s |",
    ]


def test_it_says_what_was_chosen_on_and_that_the_evaluation_set_took_no_part() -> None:
    text = "\n".join(lines(result()))
    assert "`clip` was chosen: the smallest score on 64 calibration samples that were held back" in text
    assert "Score: mean KL divergence of the quantized model's probabilities from the float model's." in text
    assert "(`data/calibration`)" in text
    assert "The evaluation set took no part" in text
    tuned = "\n".join(lines(result(chosen_on="tuning-set", measure="cosine", metric=None, truth=None)))
    assert "on 64 samples of the tuning set" in tuned
    assert "| Recipe | Score | Metric | File |" in tuned


def test_agreement_is_not_called_accuracy() -> None:
    assert "| Agreement with FP32, held back |" in "\n".join(lines(result(truth="float-model")))


def test_what_was_missed_and_what_was_not_tried_is_said() -> None:
    told = [line for line in lines(result()) if line.startswith("- ")]
    assert told == [
        "- Latency is not known for `clip`: GELU has no known cost.",
        "- `int16x8`: the arena fits nowhere on the chip.",
        "- By this estimate the chosen recipe misses the goal: a loss of at most 1.0 pp.",
        "- The budget ended the ladder: with more of it another recipe may be chosen.",
        "- `qat`: The 900 s of `ladder.budget_s` were over.",
    ]


def test_a_reason_that_holds_for_every_try_is_said_once() -> None:
    unknown = [tried(name, 0.1, latency_us=None, latency_reason="No speed is known.") for name in ("minmax", "clip")]
    text = lines(result([*unknown, tried("cle", None)]))
    assert [line for line in text if "No speed" in line] == ["- Latency is not known: No speed is known."]
    assert sum("| not known |" in line for line in text) == 2
