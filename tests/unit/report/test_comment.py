from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from markdown_it import MarkdownIt
from msgspec.structs import replace
from tests.golden import (
    LAYERS,
    example_config,
    example_provenance,
    example_report,
    failed_quantize_record,
    more_layers,
)
from tests.known import known

from quantci.records.base import encode
from quantci.records.dataset import ImageCounts, SkippedFile
from quantci.records.doubt import Doubt
from quantci.records.evaluate import TagMetrics
from quantci.records.gates_config import GatesConfig
from quantci.records.paired import ClassDelta
from quantci.records.report import GateResult, StageOutcome
from quantci.records.stage import Advice, Failure
from quantci.render import markdown
from quantci.render.cells import MOST_ROWS, Folded, Name, Sentence, table
from quantci.render.escape import prose
from quantci.render.markdown import COMMENT_LIMIT, length
from quantci.report.comment import render
from quantci.report.join import build_report

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quantci.records.report import Report

EVIL = "@octocat #1 http://x.y <b>|`</details>\n\n# H\n"


def parse(markdown: str) -> list[str]:
    return [token.type for token in MarkdownIt("commonmark").enable("table").parse(markdown)]


def first_table(markdown: str) -> list[str]:
    return [line for line in markdown.split("<details>", maxsplit=1)[0].splitlines() if line.startswith("|")]


def test_comment_starts_with_verdict_and_reason() -> None:
    lines = render(example_report()).splitlines()
    assert lines[0] == "**✅ quantci: pass** · `traffic_lights.keras`"
    assert lines[2] == "All 6 gates hold."


def test_doubts_about_the_float_model_stand_before_the_table_and_each_once() -> None:
    report = example_report()
    assert report.evaluate is not None
    doubts = [
        Doubt(code="guessing", text="Always answering <b> is as good.", forbids_pass=True),
        Doubt(code="constant-input", text="It is nearly constant.", forbids_pass=False),
    ]
    doubted = replace(report, evaluate=replace(report.evaluate, reference=doubts), verdict_reason=doubts[0].text)
    head = render(doubted).split("| Metric", maxsplit=1)[0]
    assert head.count("is as good.") == head.count("It is nearly constant.") == 1
    assert "`<b>`" in head
    assert "It is nearly constant." not in render(report)


def test_one_table_stands_open() -> None:
    for text, columns in ((render(example_report()), 3), (render(example_report(baseline=example_report())), 4)):
        assert all(line.count("|") == columns + 1 for line in first_table(text))
        assert parse(text.split("<details>")[0]).count("table_open") == 1


def test_folded_parts_hold_the_details() -> None:
    text = render(example_report(layers=more_layers(1), baseline=example_report()))
    titles = (
        "Gates",
        "Advice",
        "Loss waterfall",
        "Classes",
        "Tags",
        "Samples broken and fixed against the base",
        "Samples broken and fixed",
        "What changed in the model",
        "Layers",
        "Calibration",
        "Memory",
        "Time on the chip (estimated)",
        "Evaluation set",
        "Time on the host",
        "Provenance",
    )
    places = [text.index(f"<details><summary>{title}</summary>\n\n") for title in titles]
    assert places == sorted(places)
    assert text.count("<details>") == text.count("</details>") == len(titles)
    assert "391 of 400" in text
    assert "37 EXIF rotated" in text
    assert "heading_open" not in parse(text)


def part(text: str, title: str) -> str:
    return text.split(f"<summary>{title}</summary>")[1].partition("</details>")[0].replace("\u00a0", " ")


def test_the_evaluation_set_says_what_its_files_needed_and_which_were_skipped() -> None:
    report = example_report()
    assert report.evaluate is not None
    dataset = replace(
        report.evaluate.dataset,
        found=403,
        image_counts=ImageCounts(alpha=3, resized=400),
        skipped=[SkippedFile(path="red/9.png", reason="It is empty.")],
    )
    shown = part(render(replace(report, evaluate=replace(report.evaluate, dataset=dataset))), "Evaluation set")
    assert "- 400 of 403 samples used\n" in shown
    assert "- Images: 3 alpha, 400 resized\n" in shown
    assert "- 1 files skipped" not in shown
    assert "- 1 file skipped because it cannot be read\n" in shown
    assert "| `red/9.png` | It is empty. |" in shown
    assert "| `green` | 100 |" in shown


def test_a_tag_without_a_metric_says_none() -> None:
    report = example_report()
    assert report.evaluate is not None
    tags = [
        TagMetrics(tag="night", samples=120, float_metric=0.5, quantized_metric=-0.25),
        TagMetrics(tag="rain", samples=1, float_metric=None, quantized_metric=None),
    ]
    shown = part(render(replace(report, evaluate=replace(report.evaluate, tags=tags, against_base=None))), "Tags")
    assert "| `night` | 120 | 50.0 % → -25.0 % | \N{MINUS SIGN}75.0 pp |" in shown
    assert "| `rain` | 1 | none → none | none |" in shown


@pytest.mark.parametrize(
    ("workers", "words"), [(4, "4 workers ran"), (1, "1 worker ran"), (None, "an unknown number of workers ran")]
)
def test_time_on_the_host_says_under_what_it_was_measured(workers: int | None, words: str) -> None:
    report = example_report()
    assert report.evaluate is not None
    steps = [
        replace(step, host_latency=replace(step.host_latency, median_us=1000.0 * k, p90_us=1234.5 * k, workers=workers))
        for k, step in enumerate(report.evaluate.steps, 1)
    ]
    shown = part(render(replace(report, evaluate=replace(report.evaluate, steps=steps))), "Time on the host")
    assert f"measured on the host while {words}" in shown
    assert "says nothing about the chip" in shown
    assert "| FP32 | 1,000 µs | 1,234 µs | 400 after 10 |" in shown
    assert "| INT8 in TFLM | 3,000 µs | 3,704 µs | 400 after 10 |" in shown


def test_provenance_says_how_far_the_float_model_is_from_its_source() -> None:
    report = example_report()
    assert report.quantize is not None
    assert "source model 2.4e-07, over 16 samples |" in part(render(report), "Provenance")
    source = replace(known(report.quantize.source), largest_difference=None, compared_samples=0, converter=None)
    taken = replace(report, quantize=replace(report.quantize, source=source))
    assert "| Float model | taken as it is |" in part(render(taken), "Provenance")


def test_failure_names_cause_remedy_place_and_code() -> None:
    report = build_report(
        config=example_config(),
        records={"quantize": failed_quantize_record("model_rejected", "git-lfs-pointer", "It is a Git LFS pointer.")},
        baseline=None,
        provenance=example_provenance(),
        title="m.keras",
    )
    text = render(report)
    assert text.startswith(
        "**❌ quantci: fail, model rejected** · `m.keras`\n\nThe model was rejected: It is a Git LFS"
    )
    assert "- **What to do:** Fix it, then run it again.\n" in text
    assert "- **Where:** `models/traffic_lights.keras`\n- **Code:** `git-lfs-pointer`\n" in text
    assert text.count("It is a Git LFS pointer.") == 1
    assert "| not measured | quantize: model rejected |" in text


def test_partial_results_stand_beside_a_failure() -> None:
    text = render(example_report(config=example_config(GatesConfig(max_metric_drop=0.001))))
    assert text.startswith("**⚠️ quantci: inconclusive, configuration rejected**")
    assert "gate-too-fine" in text
    assert "\N{MINUS SIGN}0.8\u00a0pp" in text


def test_samples_are_cut_at_twenty() -> None:
    report = example_report()
    assert report.evaluate is not None
    paired = replace(known(report.evaluate.paired), broken=[f"s{index}" for index in range(33)])
    text = render(replace(report, evaluate=replace(report.evaluate, paired=paired)))
    assert "`s19`" in text
    assert "`s20`" not in text
    assert "13 more in report.json" in text


def test_hostile_names_break_nothing() -> None:
    layers = tuple(layer._replace(name=f"{EVIL}{index}") for index, layer in enumerate(LAYERS))
    report = example_report(layers=layers)
    assert report.evaluate is not None
    worst = ClassDelta(label=EVIL * 100, recall_delta=-0.1, support=5)
    paired = replace(known(report.evaluate.paired), worst_class=worst, broken=[EVIL])
    report = replace(
        report,
        title=EVIL,
        verdict_reason=EVIL,
        evaluate=replace(report.evaluate, paired=paired),
        advice=[Advice(code="x", text=EVIL)],
    )
    tokens = MarkdownIt("commonmark").enable("table").parse(render(report))
    leaves = [leaf for token in tokens if token.type == "inline" for leaf in token.children or []]
    assert not {"heading_open"} & {token.type for token in tokens}
    assert {leaf.type for leaf in leaves} <= {"text", "code_inline", "strong_open", "strong_close", "html_inline"}
    assert {leaf.content for leaf in leaves if leaf.type == "html_inline"} == {"<br>"}
    html = "".join(token.content for token in tokens if token.type == "html_block")
    assert html.count("<details>") == html.count("</details>")
    assert not any(mark in leaf.content for leaf in leaves if leaf.type == "text" for mark in "@#<`")
    assert all(line.replace("\\|", "").count("|") == 4 for line in first_table(render(report)))


@pytest.fixture(scope="module")
def large() -> Report:
    base = example_report()
    return example_report(layers=more_layers(10_000), baseline=base, validate=False)


def test_ten_thousand_layers_fit(large: Report) -> None:
    text = render(large)
    assert length(text) <= COMMENT_LIMIT
    assert length(text) > 0.9 * COMMENT_LIMIT
    assert text.count("rows more in report.json") == 2  # layers, and what changed
    assert text.count("<details>") == text.count("</details>")
    assert "| `yellow` | 100 |" in text  # short tables stay whole
    assert all(line.endswith(" |") for line in text.splitlines() if line.startswith("|") and "--" not in line)


def test_hidden_rows_are_counted(large: Report) -> None:
    layers = render(large).split("<summary>Layers</summary>")[1].split("</details>")[0]
    shown = sum(line.startswith("| `") for line in layers.splitlines())
    assert f"{10_006 - shown:,} rows more in report.json" in layers


def test_emoji_count_as_github_counts_them() -> None:
    layers = tuple(layer._replace(name="😀" * 50 + str(index)) for index, layer in enumerate(more_layers(3_000)))
    text = render(example_report(layers=layers, validate=False))
    assert len(text.encode("utf-16-le")) // 2 == length(text) <= COMMENT_LIMIT


@pytest.mark.parametrize("limit", [4_000, 6_000, 20_000])
def test_any_limit_above_the_fixed_part_holds(limit: int) -> None:
    assert length(render(example_report(layers=more_layers(100)), limit=limit)) <= limit


def test_rendering_does_not_change_the_report() -> None:
    report = example_report()
    before = encode(report)
    assert render(report) == render(report)
    assert encode(report) == before


@pytest.mark.parametrize(("p", "words"), [(0.0625, "p = 0.062."), (1e-90, "p < 0.001."), (0.0006, "p = 0.001.")])
def test_a_probability_is_never_shown_as_none(p: float, words: str) -> None:
    report = example_report()
    assert report.evaluate is not None
    paired = replace(known(report.evaluate.paired), mcnemar_p=p)
    assert words in render(replace(report, evaluate=replace(report.evaluate, paired=paired)))


def test_what_cannot_be_shown_is_not_made_and_not_escaped_either(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    escaped: list[str] = []

    def counted(text: str) -> str:
        escaped.append(text)
        return prose(text)

    monkeypatch.setattr(markdown, "prose", counted)

    def rows() -> Iterator[tuple[Name, Sentence]]:
        for index in range(1_000_000):
            made.append(index)
            yield Name(f"@{index}"), Sentence("http://a.b " * 80)

    names = table(("Name", "Reason"), rows(), 1_000_000)
    assert len(made) == len(names.rows) == MOST_ROWS
    assert names.hidden == 1_000_000 - MOST_ROWS
    text = markdown.render([Folded("Names", [names])])
    assert len(escaped) < 100
    shown = text.count("\n| `@")
    assert f"{1_000_000 - shown:,} rows more in report.json" in text
    assert 0.9 * COMMENT_LIMIT < length(text) <= COMMENT_LIMIT


HOSTILE = "\u202e@x " * 200
MANY = [f"{HOSTILE}{index}" for index in range(2_000)]
FAILURE = Failure(code="bug", cause=HOSTILE, where=HOSTILE, remedy=HOSTILE)


@pytest.mark.parametrize(
    "change",
    [
        {"advice": [Advice(code="a", text=text) for text in MANY]},
        {"stages": [StageOutcome(stage="embed", status="ok", failure=FAILURE, duration_s=1.0)] * 2_000},
        {
            "stages": [
                StageOutcome(stage="embed", status="ok", failure=replace(FAILURE, where=text), duration_s=1.0)
                for text in MANY
            ],
            "failure": FAILURE,
            "verdict_reason": HOSTILE,
            "device_latency_reason": HOSTILE,
        },
        {
            "gates": [
                GateResult(name=text, limit=1, value=1, kind="measured", verdict="pass", reason=text) for text in MANY
            ]
        },
        {"provenance": replace(example_report().provenance, tools=dict.fromkeys(MANY, HOSTILE))},
    ],
    ids=["advice", "one failure", "failures", "gates", "tools"],
)
def test_a_report_of_more_than_a_comment_holds_still_is_one(change: dict[str, Any]) -> None:
    text = render(replace(example_report(), **change))
    assert length(text) <= COMMENT_LIMIT
    assert text.count("<details>") == text.count("</details>")
