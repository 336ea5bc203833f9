"""The sections about kernels: each fault once, names literal, links to our own addresses only."""

from __future__ import annotations

import msgspec
import pytest
from tests.golden import example_hit, example_report

from quantci.records.kernels import KernelHit, OpKernel
from quantci.records.report import Report
from quantci.records.stage import Advice
from quantci.render import markdown
from quantci.render.cells import Folded
from quantci.report.comment import render
from quantci.report.sections import kernels

replace = msgspec.structs.replace


def report_with(hits: list[KernelHit], op_kernels: list[OpKernel] | None = None) -> Report:
    report = example_report()
    assert report.embed is not None
    return replace(report, embed=replace(report.embed, kernel_hits=hits, op_kernels=op_kernels or []))


def rows_of(part: Folded) -> list[str]:
    """The rows of its only table, or the items of its only list, in Markdown."""
    lines = [line for line in markdown.render([part]).splitlines() if line.startswith(("| ", "- "))]
    return lines[2:] if lines[0].startswith("|") else lines


def test_a_report_without_faults_has_no_section() -> None:
    text = render(example_report())
    assert "Known kernel faults" not in text
    assert "Not accelerated" not in text


def test_a_fault_that_both_stages_found_stands_there_once() -> None:
    report = report_with([example_hit(), example_hit(op_index=3, layer="")])
    assert report.quantize is not None
    both = replace(report, quantize=replace(report.quantize, kernel_hits=[example_hit()]))
    rows = rows_of(kernels.faults(both))
    assert len(rows) == 2
    assert rows[0].startswith("| `stem/relu6`<br>`RELU6` | wrong output, `tflite-micro` 1.2.1 to 1.2.3<br>It never")
    assert rows[1].startswith("| op 3<br>")


def test_doubt_is_said() -> None:
    rows = rows_of(kernels.faults(report_with([example_hit(evidence="reported", severity="crash")])))
    assert "crash, reported and not confirmed, `tflite-micro`" in rows[0]


def test_the_link_is_our_tables_whatever_the_record_says() -> None:
    rows = rows_of(
        kernels.faults(report_with([example_hit(source="https://github.com/evil/x)[click](https://evil.example")]))
    )
    assert "evil" not in rows[0]
    assert "[source](https://github.com/tensorflow/tflite-micro/" in rows[0]


def test_an_unknown_rules_source_is_text() -> None:
    rows = rows_of(kernels.faults(report_with([example_hit(rule="of-tomorrow", source="https://github.com/evil/x")])))
    assert "](" not in rows[0]
    assert "`https://github.com/evil/x`" in rows[0]


def test_names_from_strangers_are_literal() -> None:
    report = report_with(
        [example_hit(layer="a|b @team <img>", op="*X*", library="[l](u)", cause="See @all #1.", remedy="<b>.")]
    )
    (row,) = rows_of(kernels.faults(report))
    assert "`a\\|b @team <img>`" in row
    assert "`*X*`" in row
    assert "`[l](u)`" in row
    assert "`@all #1`" in row
    assert "`<b>`" in row


def test_slow_layers_are_listed_by_cost_with_what_to_change() -> None:
    found = [
        OpKernel(op_index=0, op="CONV_2D", path="padded", reason="12 channels are few.", remedy="Give it 16."),
        OpKernel(op_index=1, op="DEPTHWISE_CONV_2D", path="vector", reason="", remedy=""),
        OpKernel(op_index=2, op="CONV_2D", path="scalar", reason="it is grouped", remedy=""),
        OpKernel(op_index=3, op="MEAN", path="reference", reason="no kernel", remedy=""),
        OpKernel(op_index=99, op="CONV_2D", path="scalar", reason="out of the model", remedy=""),
    ]
    rows = rows_of(kernels.not_accelerated(report_with([], found)))
    assert [row.split("<br>")[0] for row in rows] == [
        "| `model/conv1/Relu;model/conv1/Conv2D`",
        "| `model/pointwise2/Relu`",
    ]
    assert "padded: 12 channels are few.<br>Give it 16." in rows[0]
    assert rows[0].endswith("| 497,664 |")
    assert "scalar: it is grouped | " in rows[1]


def test_what_holds_for_every_layer_is_said_once() -> None:
    reason = "this chip has no accelerated kernels"
    found = [OpKernel(op_index=index, op="X", path="reference", reason=reason, remedy="") for index in range(3)]
    rows = rows_of(kernels.not_accelerated(report_with([], found)))
    assert rows == ["- All 3 layers: reference: this chip has no accelerated kernels"]


def test_the_same_advice_from_two_stages_is_said_once() -> None:
    report = example_report()
    assert report.quantize is not None
    assert report.embed is not None
    advice = [Advice(code="known-bad-kernel", text="The very same words.")]
    report = replace(
        report, quantize=replace(report.quantize, advice=advice), embed=replace(report.embed, advice=advice)
    )
    assert render(report).count("The very same words.") == 1


@pytest.mark.parametrize(
    ("saved_us", "words"),
    [
        (2_500.0, "Give it 16.<br>saves about 2.5 ms, estimated"),
        (-2_500.0, "a shape that fits costs about 2.5 ms, estimated"),
        (0.0, "a shape that fits saves no time, estimated"),
        (-0.4, "a shape that fits saves no time, estimated"),
    ],
)
def test_what_a_change_saves_is_always_called_estimated(saved_us: float, words: str) -> None:
    slow = OpKernel(
        op_index=0, op="CONV_2D", path="padded", reason="r", remedy="Give it 16.", wanted=16, saved_us=saved_us
    )
    rows = rows_of(kernels.not_accelerated(report_with([], [slow])))
    assert f"padded: r<br>{words} |" in rows[0].replace("\N{NO-BREAK SPACE}", " ")


def test_what_is_not_known_is_not_said() -> None:
    slow = OpKernel(op_index=0, op="CONV_2D", path="padded", reason="r", remedy="Give it 16.", wanted=16)
    assert "estimated" not in rows_of(kernels.not_accelerated(report_with([], [slow])))[0]
