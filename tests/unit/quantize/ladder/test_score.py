"""Scores worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from tests.models import tiny_int8_cnn

from quantci.quantize.ladder.score import FLOOR, cosines, divergence, measure_for, probabilities, scores
from quantci.tflite.model import Model

SUMMARY = Model(tiny_int8_cnn(), "model.tflite").summary


@pytest.mark.parametrize(
    ("kind", "values", "measure"),
    [
        ("classification", 10, "kl"),
        ("classification", 1, "kl"),
        ("multi-label", 3, "kl"),
        ("anomaly", 640, "cosine"),
        ("regression", 2, "cosine"),
        ("regression", 1, "squared-error"),
    ],
)
def test_answers_are_compared_as_what_they_are(kind: str, values: int, measure: str) -> None:
    assert measure_for(kind, values) == measure


def test_equal_distributions_have_no_divergence_and_others_that_of_the_formula() -> None:
    p = np.array([[[0.5, 0.5]], [[0.75, 0.25]]])
    q = np.array([[[0.5, 0.5]], [[0.25, 0.75]]])
    np.testing.assert_allclose(divergence(p, q), [0.0, 0.5 * np.log(3)], atol=1e-12)


def test_what_int8_rounds_to_zero_counts_as_half_a_step() -> None:
    """1 against 0: without a floor this would be infinite."""
    (found,) = divergence(np.array([[[1.0, 0.0]]]), np.array([[[0.0, 1.0]]]))
    share = FLOOR / (1 + FLOOR)
    assert found == pytest.approx((1 - 2 * share) * np.log(1 / FLOOR))


def test_logits_become_shares_and_a_softmax_is_taken_as_it_is() -> None:
    logits = np.log([[0.2, 0.8]]) + 3
    np.testing.assert_allclose(probabilities("classification", "FULLY_CONNECTED", logits), [[[0.2, 0.8]]])
    np.testing.assert_allclose(probabilities("classification", "SOFTMAX", np.array([[0.25, 0.5]])), [[[1 / 3, 2 / 3]]])


def test_one_output_and_each_of_several_labels_is_a_question_of_its_own() -> None:
    np.testing.assert_allclose(probabilities("classification", "LOGISTIC", np.array([[0.3]])), [[[0.7, 0.3]]])
    np.testing.assert_allclose(
        probabilities("multi-label", "LOGISTIC", np.array([[0.3, 1.2]])), [[[0.7, 0.3], [0.0, 1.0]]]
    )


def test_cosines_of_right_angles_opposites_and_zeros() -> None:
    before = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0], [0.0, 0.0]])
    after = np.array([[0.0, 2.0], [-3.0, 0.0], [2.0, 2.0], [0.0, 0.0], [1.0, 0.0]])
    np.testing.assert_allclose(cosines(before, after), [0, -1, 1, 1, 0], atol=1e-12)


def test_one_value_is_compared_in_units_of_its_variance() -> None:
    """Of -1 and 1 the variance is 1; 0.5 off is 0.25."""
    before, after = np.array([[-1.0], [1.0]], np.float32), np.array([[-1.0], [1.5]], np.float32)
    assert scores("squared-error", "regression", SUMMARY, before, after).tolist() == [0, 0.25]


def test_a_score_is_never_below_zero_and_zero_of_equal_outputs() -> None:
    values = np.random.RandomState(0).normal(size=(8, 4)).astype(np.float32)
    for measure, kind in (("kl", "classification"), ("cosine", "anomaly")):
        found = scores(measure, kind, SUMMARY, values, values)  # type: ignore[arg-type]
        np.testing.assert_allclose(found, 0, atol=1e-12)
        assert (scores(measure, kind, SUMMARY, values, values[::-1]) > 0).all()  # type: ignore[arg-type]
