"""Two models whose labels differ: what is compared, and by which names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from tests.truths import of
from tests.unit.evaluate.sharded import QUANTIZED

from quantci.data.sample import Sample
from quantci.errors import ConfigError
from quantci.records.truth import LabelsTruth, Truth, ValuesTruth
from quantci.tasks.anomaly import Anomaly
from quantci.tasks.classification import Classification
from quantci.tasks.multi_label import MultiLabel
from quantci.tasks.regression import Regression
from quantci.tasks.shared_labels import Side
from quantci.tasks.task import Observed

(OUTPUT,) = QUANTIZED.quantized_model.outputs


def side(rows: list[list[float]], *labels: str) -> Side:
    return Side(np.array(rows, np.float32), labels, [replace(OUTPUT, scale=[0.25])])


def sample(name: str, truth: Truth | None) -> Sample:
    return Sample(name, Path(name), truth, (), name, None)


def test_several_labels_are_compared_on_those_that_both_give() -> None:
    samples = [
        sample("s0", LabelsTruth(indices=(0, 2))),
        sample("s1", LabelsTruth(indices=(1,))),
        sample("s2", LabelsTruth(indices=(2,))),
    ]
    base = side([[0.9, 0.1, 0.8], [0.2, 0.9, 0.7], [0.9, 0.1, 0.1]], "wet", "dark", "dirt")
    change = side([[0.9, 0.1, 0.9], [0.1, 0.9, 0.1], [0.1, 0.1, 0.2]], "dark", "cold", "wet")
    common = MultiLabel().in_common(samples, base, change)
    assert common.labels == ["dark", "wet"]
    assert common.base.tolist() == np.array([[0.1, 0.9], [0.9, 0.2], [0.1, 0.9]], np.float32).tolist()
    assert [one.truth for one in common.samples] == [
        LabelsTruth(indices=(0, 1)),
        LabelsTruth(indices=()),
        LabelsTruth(indices=(1,)),
    ]
    assert common.notes == [
        "Outputs that the base does not give (1): cold: they are not compared.",
        "Outputs that only the base gives (1): dirt: they are not compared.",
    ]
    kept = {"base": common.base, "change": common.candidate}
    paired = MultiLabel().judge(Observed(common.samples, kept, common.labels, [OUTPUT]), {}, 0).paired
    # The base misses `dark` of s0 and says it of s1; s2 is right. This change misses `wet` of s2 only.
    assert (paired.broken, paired.fixed, paired.delta) == (["s2"], ["s0", "s1"], 1 / 3)


def test_values_are_compared_by_name() -> None:
    samples = [sample(f"s{k}", ValuesTruth(values=(k, 10.0 * k))) for k in range(4)]
    base = side([[0, 5], [10, 5], [20, 5], [31, 5]], "b", "old")
    change = side([[9, 0], [9, 10], [9, 20], [9, 30]], "a", "b")
    common = Regression().in_common(samples, base, change)
    assert [one.truth for one in common.samples] == [ValuesTruth(values=(10.0 * k,)) for k in range(4)]
    judged = Regression().judge(
        Observed(common.samples, {"base": common.base, "change": common.candidate}, common.labels, [OUTPUT]), {}, 0
    )
    assert judged.paired.delta == pytest.approx(1 / 500)  # 1 - R^2 of the base: an error of 1, and a spread of 500


def test_scores_of_anomalies_are_compared_whatever_the_labels_are_called() -> None:
    samples = [sample("s0", of(0)), sample("s1", of(1))]
    common = Anomaly().in_common(samples, side([[0.1], [0.2]], "a", "b"), side([[0.3], [0.4]], "normal", "anomaly"))
    assert (len(common.samples), common.notes) == (2, [])


def test_one_probability_and_two_classes_are_the_same_answer() -> None:
    samples = [sample("s0", of(0)), sample("s1", of(1))]
    base, change = side([[0.25], [0.75]], "no", "yes"), side([[4, 1], [3, 1]], "no", "yes")
    common = Classification().in_common(samples, base, change)
    assert common.base.argmax(axis=1).tolist() == [0, 1]
    assert common.candidate.argmax(axis=1).tolist() == [0, 0]


@pytest.mark.parametrize("task", [Classification(), MultiLabel(), Regression()])
def test_nothing_in_common_is_said(task: Classification | MultiLabel | Regression) -> None:
    with pytest.raises(ConfigError, match=r"none of its labels \(2\): a, b is among today's.*baseline-task"):
        task.in_common([sample("s0", of(0))], side([[0, 1]], "a", "b"), side([[0, 1]], "c", "d"))
