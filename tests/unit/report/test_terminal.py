from __future__ import annotations

import io

from msgspec.structs import replace
from tests.golden import example_config, example_report

from quantci.records.config import GatesConfig
from quantci.report.terminal import print_report, render


def test_log_gets_one_plain_line_a_metric() -> None:
    file = io.StringIO()
    print_report(example_report(), file)
    lines = file.getvalue().replace("\u00a0", " ").splitlines()
    assert lines[:2] == ["quantci: pass: traffic_lights.keras", "All 5 gates hold."]
    assert lines[2].startswith(
        "Accuracy (FP32 → INT8, measured on host): 96.0 % → 95.2 %; \N{MINUS SIGN}0.8 pp to FP32"
    )
    assert lines[-1] == "Device latency (estimated, not measured): ≈ 7.0 ms; ±40 %, 4.2 ms to 9.7 ms"
    assert "\x1b" not in file.getvalue()


def test_terminal_gets_a_table_in_its_width() -> None:
    text = render(example_report(), is_terminal=True, width=72)
    assert "\x1b[" in text
    assert "Accuracy" in text


def test_fault_is_told() -> None:
    text = render(example_report(config=example_config(GatesConfig(max_metric_drop=0.001))), is_terminal=False)
    assert "Code: gate-too-fine" in text


def test_names_cannot_steer_the_terminal_nor_rich() -> None:
    report = replace(example_report(), title="\x1b]0;x\x07[red]a[/red]")
    for is_terminal in (True, False):
        text = render(report, is_terminal=is_terminal)
        assert "\x1b]0" not in text
        assert "[red]a" in text
