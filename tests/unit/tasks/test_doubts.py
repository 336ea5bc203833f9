"""Which doubts a float model's answers raise: tables worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from quantci.records.doubt import Doubt
from quantci.tasks.doubts import doubt_classes, doubt_labels, doubt_scores, doubt_values
from quantci.tasks.task import Observed, Precision

NAMES = ("blue", "green", "red")


def of(confusion: list[list[int]], names: tuple[str, ...] = NAMES) -> list[Doubt]:
    return doubt_classes(np.array(confusion), names[: len(confusion)])


def codes(doubts: list[Doubt]) -> list[str]:
    assert all(doubt.forbids_pass for doubt in doubts)
    return [doubt.code for doubt in doubts]


def test_a_good_model_raises_none() -> None:
    assert of([[48, 1, 1], [2, 47, 1], [0, 0, 50]]) == []
    assert of([[30, 10, 10], [10, 30, 10], [10, 10, 30]]) == []


def test_no_better_than_the_largest_class() -> None:
    """52 of 150 are right, 34.7 %; Wilson's interval begins at 27.5 %, below the third that one answer would get."""
    (doubt,) = of([[20, 15, 15], [17, 16, 17], [18, 16, 16]])
    assert (doubt.code, doubt.forbids_pass) == ("guessing", True)
    assert doubt.text.startswith('FP32 accuracy is 34.7 % on 150 samples, and always answering "blue" gives 33.3 %: ')


def test_a_model_that_finds_the_rare_class_is_not_guessing_although_one_answer_is_more_often_right() -> None:
    """Accuracy 90 %, and always answering blue gives 95 %; but both classes have a recall of 90 %."""
    assert of([[171, 19], [1, 9]]) == []
    assert codes(of([[175, 15], [9, 1]])) == ["guessing"]


def test_one_answer_is_said_as_that_and_nothing_else() -> None:
    (doubt,) = of([[0, 0, 60], [0, 0, 20], [0, 0, 20]])
    assert doubt.code == "constant-answer"
    assert 'one answer to all 100 samples, "red": ' in doubt.text


def test_a_class_that_is_never_found() -> None:
    (doubt,) = of([[50, 0, 0], [0, 50, 0], [25, 25, 0]])
    assert doubt.code == "dead-class"
    assert "(1): red, 50 samples: " in doubt.text


def test_a_few_samples_of_a_class_are_too_few_to_say_that_it_is_never_found() -> None:
    """Of three classes it takes 7: 2 / 2^7 = 0.0156 is below 0.05 / 3, 2 / 2^6 is not."""
    assert of([[50, 0, 0], [0, 50, 0], [3, 3, 0]]) == []
    assert codes(of([[50, 0, 0], [0, 50, 0], [4, 3, 0]])) == ["dead-class"]


@pytest.mark.parametrize("confusion", [[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[3, 0], [2, 0]], [[2, 0], [0, 3]]])
def test_five_samples_say_nothing(confusion: list[list[int]]) -> None:
    assert of(confusion) == []


def test_swapped_labels_are_named_in_the_order_that_fits() -> None:
    (doubt,) = of([[1, 0, 49], [2, 46, 2], [48, 1, 1]])
    assert (doubt.code, doubt.forbids_pass) == ("permuted-labels", True)
    assert "FP32 accuracy is 32.0 %, but 95.3 % if" in doubt.text
    assert 'labels = ["red", "green", "blue"]' in doubt.text


def test_a_cycle_is_turned_back_and_not_once_more() -> None:
    """Blue samples make output 1 the largest, green ones output 2, red ones output 0: output 0 is red, 1 blue."""
    (doubt,) = of([[0, 50, 0], [0, 0, 50], [50, 0, 0]])
    assert 'labels = ["red", "blue", "green"]' in doubt.text


def test_a_name_is_written_as_toml_takes_it() -> None:
    (doubt,) = of([[0, 9], [9, 0]], ('say "hi"', "zwölf"))
    assert 'labels = ["zwölf", "say \\"hi\\""]' in doubt.text


def test_classes_that_are_confused_are_not_permuted() -> None:
    """The best order moves blue and green, but only 60 of their 100 samples fit it: p = 0.057."""
    assert of([[20, 30, 0], [30, 20, 0], [0, 0, 50]]) == []
    assert codes(of([[10, 40, 0], [40, 10, 0], [0, 0, 50]])) == ["permuted-labels"]


def test_chance_never_looks_permuted() -> None:
    """The best of all orders fits chance better than the given one, by selection alone."""
    found = []
    for seed in range(200):
        random = np.random.RandomState(seed)
        confusion = np.zeros((10, 10), np.int64)
        np.add.at(confusion, (np.repeat(np.arange(10), 8), random.randint(0, 10, 80)), 1)
        found += codes(doubt_classes(confusion, [str(index) for index in range(10)]))
    assert found.count("guessing") > 180
    assert "permuted-labels" not in found


def labels(answers: list[list[int]], truth: list[list[int]], times: int) -> list[str]:
    """Each row, that many times."""
    given, right = (np.repeat(np.array(rows, np.bool_), times, axis=0) for rows in (answers, truth))
    return codes(doubt_labels(given, right, ("cat", "dog")))


def test_several_labels() -> None:
    truth = [[0, 0], [1, 0], [0, 1], [1, 1]]
    assert labels(truth, truth, 10) == []
    assert labels([[1, 0]] * 4, truth, 10) == ["constant-answer"]
    assert labels([[1, 1], [0, 1], [1, 0], [1, 1]], truth, 10) == ["guessing"]  # a quarter is right, as of one answer
    assert labels([[0, 0], [1, 0], [0, 0], [1, 0]], truth, 10) == ["dead-class"]
    assert labels([[1, 0]] * 4, truth, 1) == []


def test_a_regression() -> None:
    random = np.random.RandomState(0)
    truth = random.randn(100, 2)
    names = ("height", "width")
    assert codes(doubt_values(truth + 0.1 * random.randn(100, 2), truth, names)) == []
    assert codes(doubt_values(random.randn(100, 2), truth, names)) == ["guessing"]
    assert codes(doubt_values(5 + truth, truth, names)) == ["guessing"]
    (doubt,) = doubt_values(truth * [1, 0] + 3, truth, names)
    assert doubt.code == "constant-answer"
    assert "for these outputs (1): width: " in doubt.text
    assert doubt_values(truth[:2] * 0, truth[:2], names) == []


def test_an_anomaly_score() -> None:
    kinds = np.repeat([0, 1], 20)
    names = ("normal", "broken")
    random = np.random.RandomState(0)
    assert codes(doubt_scores(kinds + 0.5 * random.randn(40), kinds, names)) == []
    assert codes(doubt_scores(random.rand(40), kinds, names)) == ["guessing"]
    assert codes(doubt_scores(np.full(40, 0.3), kinds, names)) == ["constant-answer"]
    (doubt,) = doubt_scores(1 - kinds + 0.1 * random.randn(40), kinds, names)
    assert doubt.code == "permuted-labels"
    assert 'labels = ["broken", "normal"]' in doubt.text
    assert doubt_scores(np.array([3.0, 2, 1, 0]), np.array([0, 0, 1, 1]), names) == []  # 6 orders: it may be chance


@pytest.mark.parametrize("model", ["FP32", "INT8", "INT16x8"])
def test_where_there_is_no_float_model_the_quantized_one_is_named(model: Precision) -> None:
    who = "the float model" if model == "FP32" else f"the {model} model"
    (guessing,) = doubt_classes(np.array([[20, 15, 15], [17, 16, 17], [18, 16, 16]]), NAMES, model)
    assert guessing.text.startswith(f"{model} accuracy is 34.7 %")
    assert f"{who} is no better than guessing" in guessing.text
    (constant,) = doubt_classes(np.array([[0, 0, 60], [0, 0, 20], [0, 0, 20]]), NAMES, model)
    assert constant.text.casefold().startswith(f"{who} gives one answer".casefold())
    kept = {"float" if model == "FP32" else "int8-litert": np.zeros((1, 1))}
    assert Observed([], kept, NAMES, [], "INT8" if model == "FP32" else model).reference_name == model
