"""Base against this change, on pairs that can be counted by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from tests.golden import LABELS, sha
from tests.truths import of
from tests.unit.evaluate.sharded import BASE_SIDE, QUANTIZED, score_places, whole_set

from quantci.data.sample import Sample
from quantci.evaluate.against_base import compare_with_base
from quantci.evaluate.scored import BaseRows, Scored
from quantci.records.against_base import AgainstBase, BaseSide, ClassChange, TagChange
from quantci.records.paired import ClassDelta
from quantci.records.stage import Failure
from quantci.statistics.paired import accuracy_delta_interval
from quantci.tasks.classification import Classification

TASK = Classification(labels=LABELS)
OUTPUTS = QUANTIZED.quantized_model.outputs
SIDE = replace(BASE_SIDE, labels=list(LABELS))


def one_hot(*classes: int, width: int = 4) -> np.ndarray[tuple[int, ...], np.dtype[np.int8]]:
    return np.array([[100 * (place == index) for place in range(width)] for index in classes], np.int8)


def scored(
    truth: list[int], candidate: list[int], base: BaseRows, side: BaseSide = SIDE, labels: tuple[str, ...] = LABELS
) -> Scored:
    """Sample k is tagged `night` where k is odd."""
    samples = [
        Sample(f"{k}", Path(f"{k}"), of(index), ("night",) if k % 2 else (), f"{k}", None)
        for k, index in enumerate(truth)
    ]
    outputs: dict[str, Any] = dict.fromkeys(("float", "int8-litert", "int8-oracle"), one_hot(*candidate))
    empty = score_places(whole_set(1), [])
    return empty._replace(
        samples=samples, outputs=outputs, labels=labels, base=side, base_rows=base, found=len(samples)
    )


def compare(found: Scored) -> AgainstBase:
    against, failure = compare_with_base(found, TASK, OUTPUTS, 0)
    assert failure is None
    assert against is not None
    return against


def test_broken_and_fixed_are_counted_by_class_and_by_tag() -> None:
    # sample:       0  1  2  3  4  5  6  7
    truth = [0, 0, 1, 1, 2, 2, 3, 3]
    base = [0, 0, 1, 1, 2, 3, 3, 0]  #      wrong: 5, 7
    candidate = [0, 1, 1, 2, 2, 2, 0, 0]  # wrong: 1, 3, 6, 7
    again = np.array([False] * 6 + [True] * 2)
    found = compare(scored(truth, candidate, BaseRows(one_hot(*base), again)))
    assert (found.paired.broken, found.paired.fixed) == (["1", "3", "6"], ["5"])
    assert (found.base_metric, found.candidate_metric, found.paired.delta) == (6 / 8, 4 / 8, -2 / 8)
    assert found.paired.mcnemar_p == 2 * (1 + 4) / 2**4
    assert found.paired.interval == accuracy_delta_interval(3, 1, 8, 0)
    assert found.paired.worst_class == ClassDelta(label=LABELS[0], recall_delta=-0.5, support=2)
    assert found.per_class == [
        ClassChange(label=LABELS[0], support=2, base_recall=1.0, candidate_recall=0.5),
        ClassChange(label=LABELS[1], support=2, base_recall=1.0, candidate_recall=0.5),
        ClassChange(label=LABELS[2], support=2, base_recall=0.5, candidate_recall=1.0),
        ClassChange(label=LABELS[3], support=2, base_recall=0.5, candidate_recall=0.0),
    ]
    assert found.tags == [TagChange(tag="night", samples=4, base_metric=2 / 4, candidate_metric=1 / 4)]
    assert (found.reused, found.run_again, found.not_comparable) == (6, 2, [])
    assert found.reasons == ["The evaluation set changed: the base's model was run on 2 of today's 8 samples."]
    assert found.base == SIDE.base


def test_a_base_with_its_classes_in_another_order_is_matched_by_name() -> None:
    side = replace(SIDE, labels=list(reversed(LABELS)))
    base = BaseRows(one_hot(3, 2, 1, 1), np.zeros(4, np.bool_))  # by name 0, 1, 2, 2
    found = compare(scored([0, 1, 2, 3], [0, 1, 2, 3], base, side))
    assert (found.base_metric, found.paired.fixed, found.not_comparable) == (0.75, ["3"], [])


def test_of_equal_outputs_the_first_in_the_bases_own_order_wins() -> None:
    side = replace(SIDE, labels=list(reversed(LABELS)))
    equal = np.array([[7, 7, 7, 7]] * 2, np.int8)  # the base's first class is the last of today's
    found = compare(scored([3, 0], [3, 0], BaseRows(equal, np.zeros(2, np.bool_)), side))
    assert found.paired.fixed == ["1"]


def test_samples_of_a_new_class_are_not_compared_and_a_class_that_went_is_a_wrong_answer() -> None:
    side = replace(SIDE, labels=[*LABELS[:3], "old"])  # today's last class is new
    base = BaseRows(one_hot(0, 3, 2, 0), np.array([True, True, False, True]))  # sample 1 is `old` to it
    found = compare(scored([0, 1, 2, 3], [0, 1, 0, 3], base, side))
    assert (found.base_metric, found.candidate_metric) == (2 / 3, 2 / 3)
    assert (found.paired.broken, found.paired.fixed) == (["2"], ["1"])
    assert (found.reused, found.run_again) == (1, 2)
    assert found.not_comparable == [
        f"Classes that the base does not know (1): {LABELS[3]}; their samples (1) are not compared.",
        "Classes that only the base knows (1): old; where it answers one of them, it is wrong.",
    ]
    assert [(one.label, one.support) for one in found.per_class] == [
        *((label, 1) for label in LABELS[:3]),
        (LABELS[3], 0),
        ("old", 0),
    ]


def test_labels_of_which_none_is_shared_cost_the_comparison() -> None:
    side = replace(SIDE, labels=["a", "b", "c", "d"])
    rows = BaseRows(one_hot(0), np.zeros(1, np.bool_))
    against, failure = compare_with_base(scored([0], [0], rows, side), TASK, OUTPUTS, 0)
    assert against is None
    assert failure is not None
    assert failure.code == "baseline-task"


def test_why_all_was_run_again_is_said() -> None:
    side = replace(SIDE, changes=["numpy was 1 and is 2", "the oracle was A and is B"])
    found = compare(scored([0], [0], BaseRows(one_hot(0), np.ones(1, np.bool_)), side))
    why = "Numpy was 1 and is 2 and the oracle was A and is B"
    assert found.reasons == [f"{why}: the base's model was run on 1 of today's 1 samples."]


@pytest.mark.parametrize("failure", [None, Failure(code="baseline-old", cause="Old.", where="", remedy="Wait.")])
def test_without_a_base_there_is_only_the_reason(failure: Failure | None) -> None:
    bare = score_places(whole_set(4), range(4))._replace(base_failure=failure)
    assert compare_with_base(bare, TASK, OUTPUTS, 0) == (None, failure)
    assert sha("base") == BASE_SIDE.base.quantized_sha256
