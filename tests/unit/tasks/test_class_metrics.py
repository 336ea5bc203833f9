"""Classification metrics against hand-worked numbers and against scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantci.errors import ModelRejected
from quantci.records.base import decode, encode
from quantci.records.metrics import ClassificationMetrics
from quantci.statistics.roc import roc_auc
from quantci.tasks.class_metrics import classification_metrics, label_ranks, predict

NAMES = ["red", "green", "blue"]
# Arg-max: 0 (red), 1, 1, 2, and for the tie 0.4 = 0.4 the first: 0.
OUTPUTS = np.array([[0.8, 0.1, 0.1], [0.3, 0.5, 0.2], [0.1, 0.6, 0.3], [0.1, 0.2, 0.7], [0.4, 0.4, 0.2]])
LABELS = np.array([0, 0, 1, 1, 1])


def measure(outputs: Any = OUTPUTS, labels: Any = LABELS, names: Any = NAMES, top_k: int = 2) -> ClassificationMetrics:
    return classification_metrics(outputs, labels, names, top_k, {})


def test_hand_worked_example() -> None:
    metrics = measure()
    # Right: samples 0 and 2 of 5.
    assert metrics.top1_accuracy == 2 / 5
    assert metrics.confusion_matrix == [[1, 1, 0], [1, 1, 1], [0, 0, 0]]
    # Second largest holds the label for sample 1 (0.3), sample 3 (0.2) and sample 4 (the second 0.4): 5 of 5.
    assert metrics.top_k_accuracy == 1.0
    red, green, blue = metrics.per_class
    assert (red.support, red.recall, red.precision, red.f1) == (2, 1 / 2, 1 / 2, 2 * 1 / (2 + 2))
    assert (green.support, green.recall, green.precision, green.f1) == (3, 1 / 3, 1 / 2, 2 * 1 / (3 + 2))
    assert (blue.support, blue.recall, blue.precision, blue.f1) == (0, None, 0 / 1, None)
    # Blue has no samples and does not count: (0.5 + 0.4) / 2.
    assert metrics.macro_f1 == pytest.approx(0.45, abs=1e-15)
    assert metrics.roc_auc is None
    assert decode(encode(metrics), ClassificationMetrics) == metrics


def test_class_that_is_never_predicted_has_no_precision_and_f1_zero() -> None:
    metrics = measure(outputs=np.array([[1.0, 0.0], [1.0, 0.0]]), labels=np.array([0, 1]), names=["a", "b"])
    assert (metrics.per_class[1].precision, metrics.per_class[1].recall, metrics.per_class[1].f1) == (None, 0.0, 0.0)


def test_of_equal_outputs_the_first_is_chosen_and_stands_before_the_others_in_top_k() -> None:
    equal = np.zeros((3, 3))
    assert predict(equal).tolist() == [0, 0, 0]
    assert label_ranks(equal, np.array([0, 1, 2])).tolist() == [0, 1, 2]
    metrics = measure(outputs=equal, labels=np.array([0, 1, 2]), top_k=2)
    assert (metrics.top1_accuracy, metrics.top_k_accuracy) == (1 / 3, 2 / 3)


def test_top_k_is_capped_at_the_number_of_classes() -> None:
    metrics = measure(top_k=9)
    assert (metrics.top_k, metrics.top_k_accuracy) == (3, 1.0)


def test_one_sigmoid_output_is_two_classes_with_a_threshold_of_one_half() -> None:
    outputs = np.array([[0.2], [0.5], [0.50001], [0.9]], dtype=np.float32)
    assert predict(outputs).tolist() == [0, 0, 1, 1]
    metrics = measure(outputs=outputs, labels=np.array([0, 1, 0, 1]), names=["no", "yes"])
    assert metrics.confusion_matrix == [[1, 1], [1, 1]]
    # Pairs (yes, no): 0.5 > 0.2, 0.5 < 0.50001, 0.9 > both: 3 of 4.
    assert metrics.roc_auc == 3 / 4


def test_auc_counts_a_tie_as_one_half() -> None:
    # Pairs: (2, 1) right, (2, 2) tie, (3, 1) and (3, 2) right: 3.5 of 4.
    assert roc_auc(np.array([1.0, 2.0, 2.0, 3.0]), np.array([0, 0, 1, 1])) == 3.5 / 4


def test_auc_of_one_class_alone_is_not_defined() -> None:
    assert roc_auc(np.array([1.0, 2.0]), np.array([1, 1])) is None


def test_output_that_is_not_finite_is_refused() -> None:
    with pytest.raises(ModelRejected, match="for 1 samples") as caught:
        predict(np.array([[0.1, np.nan], [0.1, 0.2]]))
    assert caught.value.code == "not-finite"


@pytest.mark.parametrize("labels", [[0, 0, 1, 1], [0, 0, 1, 1, 3], [0, 0, 1, 1, -1]])
def test_arrays_that_do_not_belong_together_are_a_bug(labels: list[int]) -> None:
    with pytest.raises(ValueError, match="do not belong together"):
        measure(labels=np.array(labels))


def test_own_metric_sees_scores_and_labels() -> None:
    seen = []

    def own(probabilities: Any, labels: Any) -> float:
        seen.append((probabilities.shape, probabilities.dtype, labels.dtype))
        return 0.25

    metrics = classification_metrics(np.array([[0.3]], dtype=np.float32), np.array([0]), ["a", "b"], 1, {"m:own": own})
    assert metrics.custom == {"m:own": 0.25}
    assert seen == [((1, 2), np.float64, np.int64)]


@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.integers(1, 60), st.integers(1, 6))
def test_agrees_with_scikit_learn(seed: int, classes: int, samples: int, top_k: int) -> None:
    reference = pytest.importorskip("sklearn.metrics")
    random = np.random.RandomState(seed)
    # Whole numbers: INT8 outputs are often equal.
    outputs, labels = random.randint(0, 5, (samples, classes)).astype(np.float64), random.randint(0, classes, samples)
    names = [f"class {index}" for index in range(classes)]
    metrics = measure(outputs, labels, names, top_k)
    predicted = outputs.argmax(axis=1)
    present = np.unique(labels)
    expected = {
        "top1_accuracy": reference.accuracy_score(labels, predicted),
        "macro_f1": reference.f1_score(labels, predicted, labels=present, average="macro", zero_division=0),
        # A stable descending sort is an independent way to "ties in favour of the lower index".
        "top_k_accuracy": np.mean(
            [y in np.argsort(-row, kind="stable")[:top_k] for row, y in zip(outputs, labels, strict=True)]
        ),
    }
    assert {key: getattr(metrics, key) for key in expected} == pytest.approx(expected, abs=1e-12)
    assert metrics.confusion_matrix == reference.confusion_matrix(labels, predicted, labels=range(classes)).tolist()
    if classes == 2 and present.size == 2:
        assert metrics.roc_auc == pytest.approx(reference.roc_auc_score(labels, outputs[:, 1]), abs=1e-12)


@given(st.integers(0, 2**32 - 1))
def test_order_of_samples_does_not_matter(seed: int) -> None:
    random = np.random.RandomState(seed)
    outputs, labels = random.randint(0, 5, (30, 2)).astype(np.float64), random.randint(0, 2, 30)
    order = random.permutation(30)
    assert measure(outputs, labels, ["a", "b"]) == measure(outputs[order], labels[order], ["a", "b"])
