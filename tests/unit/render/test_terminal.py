"""A terminal gets tables, a log plain lines; in neither can a name steer anything."""

from __future__ import annotations

import io
import re

import pytest
from msgspec.structs import replace
from tests.golden import example_config, example_report

from quantci.records.gates_config import GatesConfig
from quantci.render.cells import (
    Block,
    Column,
    Folded,
    Heading,
    Mark,
    Name,
    Paragraph,
    Rows,
    Sentence,
    Strong,
    bullets,
    table,
)
from quantci.render.terminal import render, show
from quantci.report.comment import opening

EVIL = "\x1b]0;x\x07[red]a[/red]\u202e"
EVERYTHING: list[Block] = [
    Heading(("Of ", Name(EVIL))),
    Paragraph((Strong("Strong"), " ", Sentence(EVIL))),
    table(("Name", Column("Bytes", "right")), [((Mark("fail"), " ", Name(EVIL), "\n", "below"), "1,234"), ("b", "5")]),
    Folded("Folded", [bullets([Name(EVIL)]), Rows([Column("x")], [("y",)], hidden=1)]),
]


def test_log_gets_one_plain_line_a_metric() -> None:
    file = io.StringIO()
    show(opening(example_report()), file)
    lines = file.getvalue().splitlines()
    assert lines[:2] == ["quantci: pass · traffic_lights.keras", "All 6 gates hold."]
    assert re.split(r" {3,}", lines[2]) == ["Metric", "This change", "Against FP32"]
    assert [line.split(",")[0] for line in lines[3:-1]] == [
        "INT8 accuracy",
        "[pass] Lost to quantization",
        "[pass] Worst class",
        "[pass] Model size",
        "[pass] Flash",
        "[pass] Tensor arena",
        "Device latency",
    ]
    assert re.split(r" {3,}", lines[3])[1:] == ["95.2 %"]
    lost = "\N{MINUS SIGN}0.8 pp, (95 %: \N{MINUS SIGN}2.0 to +0.5)"
    assert re.split(r" {3,}", lines[4])[1:] == ["FP32 96.0 %", lost]
    latency = ["Device latency, estimated, not measured, at 240 MHz", "≈ 7.0 ms, 4.2 ms to 9.7 ms"]
    assert re.split(r" {3,}", lines[-2]) == latency
    assert lines[-1] == "Nothing is compared with a base branch. No baseline was given."
    assert "\x1b" not in file.getvalue()


def test_terminal_gets_a_table_in_its_width() -> None:
    text = render(opening(example_report()), 72)
    assert "\x1b[" in text
    assert "INT8 accuracy" in text
    assert "✅" in text


def test_fault_is_told() -> None:
    text = render(opening(example_report(config=example_config(GatesConfig(max_metric_drop=0.001)))))
    assert "- Code: gate-too-fine\n" in text
    assert "[inconclusive] Lost to quantization, " in text


@pytest.mark.parametrize("width", [None, 40, 100])
def test_names_can_steer_neither_the_terminal_nor_rich(width: int | None) -> None:
    report = replace(example_report(), title=EVIL, verdict_reason=EVIL)
    for blocks in (opening(report), EVERYTHING):
        text = render(blocks, width)
        assert "\x1b]0" not in text
        assert "\u202e" not in text
        assert "[red]a" in text


def test_a_row_of_a_log_is_a_line_and_columns_stand_below_each_other() -> None:
    name = "␛]0;x␇[red]a[/red]⟨U+202E⟩"
    assert render(EVERYTHING).splitlines() == [
        f"Of {name}",
        f"Strong {name}",
        f"{'Name':40}   Bytes",
        f"[fail] {name}, below   1,234",
        f"{'b':40}       5",
        "",
        "Folded",
        f"- {name}",
        "x",
        "y",
        "1 row more in report.json",
    ]


def test_wide_letters_take_two_columns() -> None:
    lines = render([table(("Name", "n"), [("猫", "1"), ("cat", "2")])]).splitlines()
    assert lines == ["Name   n", "猫     1", "cat    2"]
