"""The estimated latency in the report: never without the word, never beside a measured one."""

from __future__ import annotations

import re

from msgspec.structs import replace
from tests.golden import example_bench_record, example_config, example_report, more_layers

from quantci.records.gates_config import GatesConfig
from quantci.records.latency import LatencyBoard, LatencyEstimate
from quantci.records.report import Report
from quantci.render.terminal import render as terminal
from quantci.report.comment import opening, render
from quantci.report.latency import latency_gate

NBSP = "\N{NO-BREAK SPACE}"
REPORT = example_report(config=example_config(GatesConfig(max_latency_us=5_000)))


def latency_of(report: Report) -> LatencyEstimate:
    assert report.embed is not None
    assert report.embed.latency is not None
    return report.embed.latency


def changed(**fields: object) -> Report:
    """The example with another estimate."""
    assert REPORT.embed is not None
    return replace(REPORT, embed=replace(REPORT.embed, latency=replace(latency_of(REPORT), **fields)))


def test_every_line_with_the_estimate_says_that_it_is_one() -> None:
    texts = (render(REPORT), terminal(opening(REPORT)))
    lines = [line for text in texts for line in text.replace(NBSP, " ").splitlines() if "7.0 ms" in line]
    assert len(lines) == 5  # reason, table and gate of the comment; reason and table of the log
    assert all("estimated" in line.lower() and "at 240 MHz" in line for line in lines)
    assert "Estimated at 240 MHz with an error of ±40 %, not measured." in render(REPORT).replace(NBSP, " ")


def test_the_table_of_a_terminal_says_it_too() -> None:
    text = terminal(opening(REPORT), 100)
    assert "estimated, not measured" in text


def test_layers_stand_under_a_head_that_says_estimated() -> None:
    text = render(REPORT)
    section = text[text.index("<summary>Time on the chip (estimated)</summary>") :].split("</details>")[0]
    assert "| Layer | Kernel | Estimated time | Share |" in section
    rows = re.findall(r"^\| `.*\| (\d+)\W% \|$", section, re.MULTILINE)
    assert [int(share) for share in rows] == sorted((int(share) for share in rows), reverse=True)
    assert f"Not covered by the estimate: 0.0{NBSP}% of the multiply-accumulates: `MEAN` (1), `SOFTMAX` (1)" in section


def test_a_calibrated_estimate_names_the_board() -> None:
    board = LatencyBoard(name="My <b>board</b>", device_id="A2:43:DC", build_fingerprint="")
    section = render(changed(board=board)).split("Time on the chip (estimated)")[1].split("</details>")[0]
    assert "Calibrated to `My <b>board</b> A2:43:DC`." in section


def test_ten_layers_at_most() -> None:
    report = example_report(layers=more_layers(20))
    section = render(report).split("Time on the chip (estimated)")[1].split("</details>")[0]
    assert section.count("`esp-nn conv`") == 10
    assert "The 10 most expensive of 24 layers." in section


def test_a_measured_latency_stands_alone_in_its_row() -> None:
    text = render(example_report(config=REPORT.config, bench=example_bench_record()))
    row = next(line for line in text.splitlines() if "**Device latency**" in line)
    assert f"7,302{NBSP}µs" in row
    assert "measured on the board" in row
    assert "estimated" not in row


def test_without_a_total_there_is_the_reason() -> None:
    report = changed(
        total_us=None, low_us=None, high_us=None, error_ratio=None, reason="The cost of MY_OP is not known."
    )
    text = render(report)
    assert "| **Device latency**" in text.replace(f"⚠️{NBSP}", "")
    assert "not measured | no device took part<br>no estimate: The cost of `MY_OP` is not known. |" in text
    assert "No total is estimated. The cost of `MY_OP` is not known." in text
    assert "| Estimated time | Share of covered time |" in text
    gate = latency_gate(5_000, report.embed, "no device took part")
    assert (gate.value, gate.kind, gate.verdict) == (None, "not_measured", "inconclusive")


def test_what_is_assumed_stands_beside_the_estimate() -> None:
    text = render(changed(networks=4, assumed=["the clock", "data cache 32 KB"]))
    row = next(line for line in text.splitlines() if "**Device latency**" in line)
    assert f"estimated, not measured, at{NBSP}240{NBSP}MHz;<br>assumed: the clock, data cache 32 KB" in row
    assert "(over 4 networks), not measured. Assumed: the clock, data cache 32 KB." in text
    plain = render(changed(networks=4))
    assert "Assumed:" not in plain
    assert "assumed: the clock" not in plain
