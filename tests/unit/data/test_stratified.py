from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.truths import index_of, of

from quantci.data.sample import Sample
from quantci.data.stratified import choose, shares, split


def make(*labels: int | None) -> list[Sample]:
    return [Sample(f"s{k}", Path(f"s{k}"), of(label), (), f"s{k}", None) for k, label in enumerate(labels)]


labels = st.lists(st.one_of(st.none(), st.integers(0, 6)), max_size=60)
seeds = st.integers(0, 2**32 - 1)


@given(labels, st.integers(1, 80), seeds)
def test_choice_is_of_the_asked_size_ordered_unique_and_repeatable(
    labels: list[int | None], count: int, seed: int
) -> None:
    samples = make(*labels)
    chosen = choose(samples, count, seed)
    positions = [samples.index(sample) for sample in chosen]
    assert len(chosen) == min(count, len(samples))
    assert positions == sorted(set(positions))
    assert chosen == choose(samples, count, seed)


@given(labels, st.integers(1, 80), seeds)
def test_classes_that_are_not_used_up_differ_by_one_at_most(labels: list[int | None], count: int, seed: int) -> None:
    available = Counter(labels)
    taken = Counter(index_of(sample) for sample in choose(make(*labels), count, seed))
    most = max(taken.values(), default=0)
    for label, number in available.items():
        assert taken[label] == number or taken[label] >= most - 1


@given(st.dictionaries(st.integers(0, 9), st.integers(1, 50), min_size=1), st.data())
def test_shares_add_up_within_what_is_available(available: dict[int, int], data: st.DataObject) -> None:
    count = data.draw(st.integers(0, sum(available.values())))
    result = shares(available, count)
    assert sum(result.values()) == count
    assert all(0 <= result[label] <= number for label, number in available.items())


def test_a_scarce_class_gives_all_and_others_share_the_rest() -> None:
    assert shares({0: 2, 1: 100, 2: 100}, 30) == {0: 2, 1: 14, 2: 14}


def test_the_choice_is_frozen_over_numpy_versions() -> None:
    """These numbers stand for every past report: they must never change."""
    assert [sample.id for sample in choose(make(*[0, 1, 2] * 10), 6, seed=7)] == [
        "s4",
        "s14",
        "s23",
        "s24",
        "s27",
        "s28",
    ]


def test_another_seed_chooses_others() -> None:
    samples = make(*[0] * 100)
    assert choose(samples, 10, 0) != choose(samples, 10, 1)


def test_unlabelled_samples_are_chosen_plainly() -> None:
    assert len(choose(make(*[None] * 50), 20, 3)) == 20


def test_samples_added_to_one_class_leave_another_as_it_was() -> None:
    few = make(*[0] * 20, *[1] * 20)
    many = make(*[0] * 20, *[1] * 30)
    first, second = ([s.id for s in choose(samples, 10, 5) if index_of(s) == 0] for samples in (few, many))
    assert first == second


@pytest.mark.parametrize("count", [3, 4, 1000])
def test_all_are_returned_when_there_are_no_more(count: int) -> None:
    samples = make(2, None, 0)
    assert choose(samples, count, 0) == samples


@given(labels, st.integers(1, 80), st.integers(1, 40), seeds)
def test_what_is_held_back_is_in_no_calibration_and_a_quarter_at_most(
    labels: list[int | None], count: int, held_back: int, seed: int
) -> None:
    samples = make(*labels)
    chosen, left = split(samples, count, held_back, seed)
    assert not {sample.id for sample in chosen} & {sample.id for sample in left}
    assert len(chosen) + len(left) == min(count + held_back, len(samples))
    assert len(left) == min(held_back, (len(chosen) + len(left)) // 4)
    assert (chosen, left) == split(samples, count, held_back, seed)


@given(labels, st.integers(1, 80), seeds)
def test_nothing_is_held_back_unless_asked_for(labels: list[int | None], count: int, seed: int) -> None:
    samples = make(*labels)
    assert split(samples, count, 0, seed) == (choose(samples, count, seed), [])
