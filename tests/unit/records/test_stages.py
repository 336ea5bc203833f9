"""The table of stages agrees with the records, and says what is out of date."""

from __future__ import annotations

from typing import Any, get_args, get_type_hints

import pytest

from quantci.records.report import Report
from quantci.records.stages import BENCH, DIAGNOSE, EMBED, EVALUATE, QUANTIZE, STAGES, Stage, outdated_by


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_has_a_record_of_its_name_and_its_result_stands_in_the_report(stage: Stage[Any]) -> None:
    record = get_type_hints(stage.record_type())
    assert get_args(record["stage"]) == (stage.name,)
    assert get_type_hints(Report)[stage.name] == record["result"]


@pytest.mark.parametrize(
    ("stage", "own"),
    [
        (
            QUANTIZE,
            [
                "quantize.json",
                "evaluate-*-of-*.json",
                "evaluate-*-of-*.npz",
                "evaluate.json",
                "diagnose.json",
                "embed.json",
                "bench.json",
                "serial.log",
                "device.log",
            ],
        ),
        (EVALUATE, ["evaluate.json", "bench.json", "serial.log", "device.log"]),
        (DIAGNOSE, ["diagnose.json"]),
        (EMBED, ["embed.json"]),
        (BENCH, ["bench.json"]),
    ],
)
def test_a_stage_that_runs_again_makes_what_reads_its_record_out_of_date(stage: Stage[Any], own: list[str]) -> None:
    assert outdated_by(stage) == {*own, "report.json", "report.md"}


def test_each_stage_reads_only_what_ran_before_it() -> None:
    before: set[str] = set()
    for stage in STAGES:
        assert {*stage.reads} <= before
        before.add(stage.name)
