"""Several labels: worked out by hand, against scikit-learn, and what a set may not hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from numpy.typing import NDArray
from tests.golden import example_model
from tests.unit.embed.sample import tensor_info

from quantci.data.listing import Entry, Listing
from quantci.data.sample import Sample
from quantci.errors import DataRejected
from quantci.records.base import decode, encode
from quantci.records.evaluate import TagMetrics
from quantci.records.metrics import MultiLabelMetrics
from quantci.records.paired import ClassDelta
from quantci.records.truth import ClassTruth, LabelsTruth
from quantci.tasks.multi_label import MultiLabel, label_metrics
from quantci.tasks.task import Judgement, Observed

LABELS = ("cat", "dog")
OUTPUT = tensor_info("y", [1, 2], [0.25], [0])
# cat, dog; both; none; dog
TRUTH = np.array([[1, 0], [1, 1], [0, 0], [0, 1]])
SCORES = np.array([[0.9, 0.1], [0.4, 0.8], [0.2, 0.5], [0.1, 0.7]])  # second: no cat; third: a dog, from 0.5 on


def i8(values: list[list[int]]) -> NDArray[np.int8]:
    return np.array(values, np.int8)


def listing(*labels: str | None, kind: Any = "manifest") -> Listing:
    entries = (Entry(f"s{index}", Path(f"s{index}"), label) for index, label in enumerate(labels))
    return Listing("set/manifest.csv", kind, tuple(entries))


def test_metrics_by_hand() -> None:
    metrics = label_metrics(SCORES, TRUTH, LABELS, {})
    cat, dog = metrics.per_class
    assert (cat.support, cat.recall, cat.precision, cat.f1) == (2, 1 / 2, 1.0, 2 / 3)
    assert (dog.support, dog.recall, dog.precision, dog.f1) == (2, 1.0, 2 / 3, 4 / 5)
    # Samples 0 and 3 are right; of the eight decisions, six; hits 3 of 4 that apply and 4 that are given.
    assert (metrics.exact_match, metrics.label_accuracy) == (2 / 4, 6 / 8)
    assert metrics.macro_f1 == pytest.approx((2 / 3 + 4 / 5) / 2, abs=1e-15)
    assert metrics.micro_f1 == 2 * 3 / (4 + 4)
    assert metrics.mean_average_precision == 1.0  # each label ranks its own samples first
    assert decode(encode(metrics), MultiLabelMetrics) == metrics


def test_a_label_without_a_sample_has_no_recall_and_plays_no_part_in_means() -> None:
    metrics = label_metrics(SCORES, TRUTH * [1, 0], LABELS, {})
    assert metrics.per_class[1].recall is None
    assert metrics.per_class[1].average_precision is None
    assert metrics.macro_f1 == 2 / 3


@given(st.integers(0, 2**32 - 1), st.integers(2, 40), st.integers(2, 4), st.integers(2, 12))
def test_metrics_agree_with_scikit_learn(seed: int, samples: int, labels: int, levels: int) -> None:
    reference = pytest.importorskip("sklearn.metrics")
    random = np.random.RandomState(seed)
    truth = random.randint(0, 2, (samples, labels))
    truth[0] = 1  # each label applies to some sample
    scores = random.randint(0, levels, (samples, labels)) / (levels - 1)
    metrics = label_metrics(scores, truth, [str(index) for index in range(labels)], {})
    given_labels = (scores >= 0.5).astype(int)
    assert metrics.exact_match == pytest.approx(reference.accuracy_score(truth, given_labels))
    assert metrics.label_accuracy == pytest.approx(1 - reference.hamming_loss(truth, given_labels))
    assert metrics.macro_f1 == pytest.approx(reference.f1_score(truth, given_labels, average="macro", zero_division=0))
    assert metrics.micro_f1 == pytest.approx(reference.f1_score(truth, given_labels, average="micro", zero_division=0))
    areas = [reference.average_precision_score(truth[:, index], scores[:, index]) for index in range(labels)]
    assert [one.average_precision for one in metrics.per_class] == pytest.approx(areas)


def judged() -> Judgement:
    samples = [
        Sample(f"s{index}", Path(), LabelsTruth(indices=tuple(np.flatnonzero(row).tolist())), tags, "", None)
        for index, (row, tags) in enumerate(zip(TRUTH, [("night",), (), (), ("night",)], strict=True))
    ]
    same = i8([[4, 0], [1, 3], [0, 2], [0, 3]])
    oracle = i8([[1, 0], [4, 4], [0, 2], [0, 3]])  # s0 loses its cat, s1 gains one
    kept: dict[str, NDArray[Any]] = {"float": SCORES.astype(np.float32), "int8-litert": same, "int8-oracle": oracle}
    return MultiLabel().judge(Observed(samples, kept, LABELS, [OUTPUT]), {}, 0)


def test_a_sample_is_right_when_all_its_labels_are() -> None:
    found = judged()
    assert found.flips == {"int8-litert": 0, "int8-oracle": 2}
    paired = found.paired
    assert (paired.metric, paired.delta, paired.mcnemar_p) == ("exact_match", 0.0, 1.0)
    assert (paired.broken, paired.fixed) == (["s0"], ["s1"])
    assert paired.worst_class == ClassDelta(label="cat", recall_delta=0.0, support=2)
    assert found.tags == [TagMetrics(tag="night", samples=2, float_metric=1.0, quantized_metric=0.5)]


def test_a_manifest_tells_the_labels() -> None:
    task = MultiLabel()
    found = listing("dog; cat", None, "dog;dog")
    names = task.names(found)
    assert names == ("cat", "dog")
    assert task.truths(found, names, "evaluation") == [
        LabelsTruth(indices=(0, 1)),
        LabelsTruth(indices=()),
        LabelsTruth(indices=(1,)),
    ]


def test_a_label_that_is_not_in_the_list_is_named() -> None:
    with pytest.raises(DataRejected, match=r"bird.*label-mismatch"):
        MultiLabel().truths(listing("cat;bird", "dog"), LABELS, "evaluation")


def test_every_label_needs_a_sample_to_be_judged_on() -> None:
    with pytest.raises(DataRejected, match=r"dog.*empty-class"):
        MultiLabel().truths(listing("cat", None), LABELS, "evaluation")
    assert MultiLabel().truths(listing("cat"), LABELS, "calibration") == [LabelsTruth(indices=(0,))]
    with pytest.raises(DataRejected, match="have no labels"):
        MultiLabel().truths(listing(None, kind="flat"), LABELS, "evaluation")


@pytest.mark.parametrize(
    ("truth", "is_one"),
    [
        (LabelsTruth(indices=()), True),
        (LabelsTruth(indices=(0, 1)), True),
        (LabelsTruth(indices=(1, 0)), False),
        (LabelsTruth(indices=(1, 1)), False),
        (LabelsTruth(indices=(2,)), False),
        (ClassTruth(index=0), False),
    ],
)
def test_only_labels_of_the_list_can_be_a_truth(truth: Any, *, is_one: bool) -> None:
    assert MultiLabel().fits(truth, LABELS) == is_one


def test_logits_are_not_silently_read_as_probabilities() -> None:
    model = example_model("model_quant.tflite", quantized=True)
    ops = [*model.ops[:-1], replace(model.ops[-1], op="FULLY_CONNECTED")]
    (advice,) = MultiLabel().advice(replace(model, ops=ops))
    assert advice.code == "logits"
    assert MultiLabel().advice(replace(model, ops=[*ops, replace(ops[-1], op="LOGISTIC")])) == []
