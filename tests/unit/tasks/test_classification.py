"""Two classifiers on the same samples, worked out by hand, and what the order of samples must not change."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from quantci.records.base import decode, encode
from quantci.records.paired import ClassDelta, Paired
from quantci.statistics.power import smallest_detectable_drop
from quantci.tasks.classification import paired_accuracy, worst_class


def flags(text: str) -> Any:
    return np.array([letter == "1" for letter in text])


def test_accuracy_by_hand() -> None:
    before, after = flags("11110010"), flags("11001010")
    labels = np.array([0, 0, 1, 1, 1, 2, 2, 2])
    found = paired_accuracy(
        before, after, ids=[f"s{index}" for index in range(8)], labels=labels, names=["a", "b", "c"], seed=7
    )
    assert found.metric == "top1_accuracy"
    assert (found.broken, found.fixed) == (["s2", "s3"], ["s4"])
    assert found.delta == -1 / 8
    # Three discordant, the smaller side has 1: 2 (C(3,0) + C(3,1)) / 2^3 = 1.
    assert found.mcnemar_p == 1.0
    # Class b: from 2/3 to 1/3.
    assert found.worst_class is not None
    assert (found.worst_class.label, found.worst_class.support) == ("b", 3)
    assert found.worst_class.recall_delta == -1 / 3
    assert found.smallest_detectable_drop == smallest_detectable_drop(8, 3)
    assert found.bootstrap_resamples == 10_000
    assert decode(encode(found), Paired) == found


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25)
def test_order_of_samples_changes_only_the_order_of_ids(seed: int) -> None:
    random = np.random.RandomState(seed)
    before, after = random.randint(0, 2, (2, 40)).astype(np.bool_)
    labels, order = random.randint(0, 4, 40), random.permutation(40)
    ids = np.array([f"id {index}" for index in range(40)])
    names = ["a", "b", "c", "d"]
    one = paired_accuracy(before, after, ids=ids.tolist(), labels=labels, names=names, seed=1)
    two = paired_accuracy(
        before[order], after[order], ids=ids[order].tolist(), labels=labels[order], names=names, seed=1
    )
    assert one.delta == (len(one.fixed) - len(one.broken)) / 40
    assert sorted(one.broken) == sorted(two.broken)
    assert sorted(one.fixed) == sorted(two.fixed)
    assert (one.delta, one.interval, one.mcnemar_p, one.worst_class) == (
        two.delta,
        two.interval,
        two.mcnemar_p,
        two.worst_class,
    )


def test_worst_class_ties_go_to_more_samples_then_to_the_first() -> None:
    names = ["a", "b", "c", "empty"]
    # a: 1 of 2 broken; b and c: 2 of 4 broken.
    labels = np.array([0, 0, 1, 1, 1, 1, 2, 2, 2, 2])
    found = worst_class(flags("1111111111"), flags("1011001100"), labels, names)
    assert found == ClassDelta(label="b", recall_delta=-0.5, support=4)
    found = worst_class(flags("1111111111"), flags("1111111111"), labels, names)
    assert found == ClassDelta(label="b", recall_delta=0.0, support=4)
