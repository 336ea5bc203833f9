"""Each gate knows the stage that it needs: one that nobody looked at must never read as a pass."""

from __future__ import annotations

from msgspec.structs import replace
from tests.golden import example_config, example_report

from quantci.records.gates_config import GatesConfig
from quantci.records.report import Report
from quantci.records.target_config import TargetConfig
from quantci.report.baseline import Parts, compare
from quantci.report.gates.judge import Base, judge, never_judged

ALL = GatesConfig(
    min_metric=0.5,
    min_worst_class_recall=0.5,
    max_model_bytes=1,
    max_arena_bytes=1,
    max_latency_us=1,
    max_metric_drop=0.1,
    max_worst_class_drop=0.1,
    max_metric_regression=0.1,
    max_worst_class_regression=0.1,
    max_model_growth=1,
    max_arena_growth=1,
    max_latency_growth=1,
)


def unseen() -> Report:
    """A report of every gate, after no stage."""
    report = example_report(config=example_config())
    nothing = Parts(None, None, None, "0.1.0")
    gates = judge(ALL, nothing, TargetConfig(), Base(report, compare(nothing, report))).results
    stages = [replace(outcome, status="not_run") for outcome in report.stages]
    return replace(report, gates=gates, stages=stages)


def test_every_gate_that_can_be_set_is_missed_where_its_stage_never_ran() -> None:
    switches = {"fail_on_loss", "fail_on_inconclusive"}  # those say what follows, not what is asked
    switches |= {"identical_on_device", "max_device_drop"}  # a device is not always there: then they are inconclusive
    missed = dict(never_judged(unseen()))
    assert {*missed} == {*GatesConfig.__struct_fields__} - switches
    assert {*missed.values()} == {"quantize", "evaluate", "embed"}


def test_none_is_missed_where_all_stages_ran() -> None:
    assert not never_judged(replace(unseen(), stages=example_report().stages))
