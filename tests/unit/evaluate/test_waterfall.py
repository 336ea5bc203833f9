"""From the outputs of three steps to the record, worked out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from tests.truths import of

from quantci.data.sample import Sample
from quantci.data.tally import Tally
from quantci.evaluate.judge import steps_of
from quantci.evaluate.scored import Scored
from quantci.records.base import encode
from quantci.records.evaluate import Agreement, HostLatency, TagMetrics
from quantci.records.metrics import AnomalyMetrics, ClassificationMetrics
from quantci.records.model import TensorInfo
from quantci.tasks.anomaly import Anomaly
from quantci.tasks.classification import Classification
from quantci.tasks.task import Observed

if TYPE_CHECKING:
    from quantci.records.evaluate import Step
    from quantci.records.paired import Paired
    from quantci.tasks.task import Task

STEPS = ("float", "int8-litert", "int8-oracle")
TIME = HostLatency(median_us=5.0, p90_us=5.0, iterations=4, warm_up=1, threads=1, workers=1)
OUTPUT = TensorInfo(
    index=1,
    name="y",
    shape=[1, 2],
    dtype="int8",
    scale=[0.5],
    zero_point=[-2],
    quantized_dimension=None,
    constant_bytes=0,
)


def sample(name: str, label: int, *, tags: tuple[str, ...] = (), group: str = "") -> Sample:
    return Sample(name, Path(name), of(label), tags, group or name, None)


class Judged(NamedTuple):
    """What the record says of the samples."""

    steps: list[Step]
    paired: Paired
    tags: list[TagMetrics]


def judge(task: Task, samples: list[Sample], outputs: list[Any], differences: list[Any]) -> Judged:
    kept = dict(zip(STEPS, outputs, strict=True))
    found = task.judge(Observed(samples, kept, ("red", "green"), [OUTPUT]), {}, 0)
    scored = Scored(
        len(samples),
        ("red", "green"),
        samples,
        Tally(),
        kept,
        dict(zip(STEPS[1:], (np.array(rows, np.float64) for rows in differences), strict=True)),
        {step: np.full(4, 5.0) for step in STEPS},
        "tflm",
        {step: f"interpreter of {step}" for step in STEPS},
        1,
        {},
    )
    return Judged(steps_of(scored, found), found.paired, found.tags)


def classified() -> Judged:
    samples = [
        sample("s0", 0, tags=("rain",)),
        sample("s1", 0, tags=("night",)),
        sample("s2", 1, tags=("night",)),
        sample("s3", 1),
    ]
    outputs = [
        np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.7, 0.3]], np.float32),  # red, red, green, red: s3 is wrong
        np.array([[2, 0], [1, 1], [0, 2], [1, 1]], np.int8),  # of equal outputs the first: the same answers
        np.array([[2, 0], [0, 1], [0, 2], [1, 2]], np.int8),  # red, green, green, green: s1 is wrong
    ]
    differences = [
        [[0, 3, 2, 1.0], [0, 5, 1, 0.5], [0, 2, 1, 1.0], [0, 1, 0, 0.5]],
        [[1, 0, 0, 1.0], [0, 1, 0.5, 0.5], [1, 0, 0, 1.0], [0, 1, 0.5, 0.75]],
    ]
    return judge(Classification(top_k=1), samples, outputs, differences)


def test_each_step_has_its_own_accuracy_and_its_agreement_with_the_step_before() -> None:
    steps = classified().steps
    assert [(step.name, step.interpreter) for step in steps] == [(step, f"interpreter of {step}") for step in STEPS]
    assert [step.agreement for step in steps] == [
        None,
        Agreement(samples=4, identical_outputs=None, flips=0, largest_lsb=5.0, mean_lsb=1.0, cosine=0.75),
        Agreement(samples=4, identical_outputs=2, flips=2, largest_lsb=1.0, mean_lsb=0.25, cosine=0.8125),
    ]
    for step, confusion in zip(steps, ([[2, 0], [1, 1]], [[2, 0], [1, 1]], [[1, 1], [0, 2]]), strict=True):
        assert isinstance(step.metrics, ClassificationMetrics)
        assert step.metrics.top1_accuracy == 3 / 4
        assert step.metrics.confusion_matrix == confusion
        assert step.host_latency == TIME
        assert encode(step)


def test_integers_become_values_before_they_are_judged() -> None:
    metrics = classified().steps[-1].metrics
    # Green scores 0, 1, 2, 2 (in steps; any scale keeps their order): each green one is above each red one.
    assert isinstance(metrics, ClassificationMetrics)
    assert metrics.roc_auc == 1.0


def test_one_output_is_a_probability_only_with_its_scale_and_zero_point() -> None:
    """Raw 0 and -1 are (0 + 2) * 0.5 = 1.0 and 0.5: only what is above one half is green."""
    samples = [sample("s0", 0), sample("s1", 1)]
    outputs = [np.array([[0.2], [0.9]], np.float32), *[np.array([[-1], [0]], np.int8)] * 2]
    rows = [[0, 1, 1, np.nan]] * 2
    steps = judge(Classification(top_k=1), samples, outputs, [rows, rows]).steps
    assert isinstance(steps[-1].metrics, ClassificationMetrics)
    assert steps[-1].metrics.confusion_matrix == [[1, 0], [0, 1]]
    assert steps[-1].agreement is not None
    assert steps[-1].agreement.cosine is None


def test_the_ends_of_the_waterfall_are_paired() -> None:
    paired = classified().paired
    assert (paired.metric, paired.delta, paired.broken, paired.fixed) == ("top1_accuracy", 0.0, ["s1"], ["s3"])
    assert paired.worst_class is not None
    assert (paired.worst_class.label, paired.worst_class.recall_delta) == ("red", -0.5)


def test_tags_are_judged_apart_in_their_order() -> None:
    assert classified().tags == [
        TagMetrics(tag="night", samples=2, float_metric=1.0, quantized_metric=0.5),
        TagMetrics(tag="rain", samples=1, float_metric=1.0, quantized_metric=1.0),
    ]


def anomalies() -> Judged:
    samples = [
        sample("n1#0", 0, group="n1"),
        sample("n1#1", 0, group="n1"),
        sample("n2", 0),
        sample("x1", 1),
        sample("x2", 1),
    ]
    outputs = [
        np.array([[1.0], [3.0], [4.0], [3.0], [6.0]]),  # groups 2, 4, 3, 6: the best threshold with least alarms is 5
        np.array([[1.0], [3.0], [5.5], [3.0], [6.0]]),  # n2 rises over it
        np.array([[1.0], [3.0], [5.5], [3.0], [4.5]]),  # x2 falls below it
    ]
    differences = [[[0, 8, 2, 0.5]] * 5, [[1, 0, 0, 1.0]] * 4 + [[0, 10, 5, 0.5]]]
    return judge(Anomaly(), samples, outputs, differences)


def test_anomalies_are_judged_by_group() -> None:
    judged = anomalies()
    areas = []
    for step in judged.steps:
        assert isinstance(step.metrics, AnomalyMetrics)
        assert (step.metrics.normal_groups, step.metrics.anomalous_groups) == (2, 2)
        areas.append(step.metrics.roc_auc)
    # Of the pairs (x1, n1), (x1, n2), (x2, n1), (x2, n2) all but the second are in order; at last only two.
    assert areas == [3 / 4, 3 / 4, 2 / 4]
    assert judged.tags == []


def test_flips_of_an_anomaly_are_groups_that_change_the_side_of_the_float_models_threshold() -> None:
    judged = anomalies()
    assert [step.agreement for step in judged.steps] == [
        None,
        Agreement(samples=5, identical_outputs=None, flips=1, largest_lsb=8.0, mean_lsb=2.0, cosine=0.5),
        Agreement(samples=5, identical_outputs=4, flips=1, largest_lsb=10.0, mean_lsb=1.0, cosine=0.9),
    ]
    assert (judged.paired.metric, judged.paired.delta) == ("roc_auc", -1 / 4)
    assert (judged.paired.broken, judged.paired.fixed) == (["n2", "x2"], [])
