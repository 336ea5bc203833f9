"""Parts of the calibration set, and what is made of their models' answers."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from tests.truths import of

from quantci.data.sample import Sample
from quantci.quantize.ladder.stability import Part, advise, compare, split_evenly


def samples(*labels: int) -> list[Sample]:
    return [Sample(f"s{k}", Path(f"s{k}"), of(label), (), f"s{k}", None) for k, label in enumerate(labels)]


TRIAL: Any = SimpleNamespace(held=SimpleNamespace(samples=[None] * 4, measure="kl"))


def part(score: float, *answers: int) -> Part:
    return Part(score, np.array(answers)[:, np.newaxis])


def test_parts_are_disjoint_of_nearly_one_size_and_have_their_share_of_each_class() -> None:
    given = samples(*[0] * 7, *[1] * 6)
    parts = split_evenly(given, 3, seed=4)
    assert sorted(sample.id for one in parts for sample in one) == sorted(sample.id for sample in given)
    assert sorted(map(len, parts)) == [4, 4, 5]
    for one in parts:
        assert sum(sample.truth == of(0) for sample in one) in {2, 3}
    assert parts == split_evenly(given, 3, seed=4) != split_evenly(given, 3, seed=5)


def test_a_set_is_enough_where_parts_answer_alike() -> None:
    found = compare("minmax", part(0.1, 0, 1, 1, 0), [part(0.15, 0, 1, 1, 0), part(0.3, 0, 1, 1, 0)], TRIAL, 20)
    assert (found.smallest_agreement, found.scores, found.whole_score) == (1.0, [0.15, 0.3], 0.1)
    assert found.is_enough
    assert advise(found, "data").code == "calibration-stable"


def test_it_is_not_where_two_models_differ_or_without_answers_a_part_is_much_worse() -> None:
    differ = compare("minmax", part(0.1, 0, 1, 1, 0), [part(0.1, 0, 1, 1, 1), part(0.1, 0, 1, 0, 0)], TRIAL, 20)
    assert (differ.smallest_agreement, differ.is_enough) == (0.5, False)
    worse = compare("minmax", Part(0.1, None), [Part(0.1, None), Part(0.21, None)], TRIAL, 20)
    assert (worse.smallest_agreement, worse.is_enough) == (None, False)
    advice = advise(worse, "calibration")
    assert advice.code == "calibration-unstable"
    assert advice.text == (
        "Of 2 disjoint parts of the calibration set (20 samples or more each), the quantized model's score is 0.1 to "
        "0.21; that of the whole set is 0.1 (recipe minmax, 4 held-back samples): which samples were chosen "
        "decides what comes of it. Add samples to calibration, look for outliers among them, or take a recipe that "
        "clips, such as percentile-99.9."
    )
