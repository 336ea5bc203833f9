"""Anomaly metrics against hand-worked numbers."""

from __future__ import annotations

import numpy as np
import pytest

from quantci.errors import DataRejected, ModelRejected
from quantci.records.base import decode, encode
from quantci.records.metrics import AnomalyMetrics
from quantci.records.paired import Paired
from quantci.tasks.anomaly import Anomaly, anomaly_metrics, group_means, paired_auc, reconstruction_score


def test_score_is_the_mean_squared_error() -> None:
    original = np.array([[1, 2], [0, 0]], dtype=np.float32)
    reconstructed = np.array([[1, 4], [3, 1]], dtype=np.float32)
    # The squares 0, 4 and 9, 1, halved.
    assert reconstruction_score(original, reconstructed).tolist() == [2.0, 5.0]


def test_calibrating_on_normal_samples_alone_is_right() -> None:
    assert Anomaly().to_calibrate(("normal", "anomaly")) == ("normal",)


def test_windows_of_a_file_are_averaged_in_the_order_of_their_first() -> None:
    groups = group_means(np.array([1.0, 5.0, 3.0]), np.array([0, 1, 0]), ["b.wav", "a.wav", "b.wav"])
    assert groups.names == ["b.wav", "a.wav"]
    assert groups.scores.tolist() == [2.0, 5.0]
    assert groups.labels.tolist() == [0, 1]


def test_hand_worked_example() -> None:
    # Groups: n1 = (1 + 3) / 2 = 2, n2 = 4, x1 = 3, x2 = 5.
    groups = group_means(np.array([1.0, 3.0, 4.0, 3.0, 5.0]), np.array([0, 0, 0, 1, 1]), ["n1", "n1", "n2", "x1", "x2"])
    metrics = anomaly_metrics(groups, {})
    # Pairs: 3 > 2, 3 < 4, 5 > 2, 5 > 4: 3 of 4.
    assert metrics.roc_auc == 3 / 4
    # Above the highest normal score lies x2 alone: the curve is 1/2 up to a rate of 0.1, an area of 0.05.
    # Chance is 0.005, perfection 0.1: (1 + 0.045 / 0.095) / 2 = 0.736842...
    assert metrics.partial_auc == pytest.approx((1 + 0.045 / 0.095) / 2, abs=1e-15)
    assert (metrics.normal_groups, metrics.anomalous_groups) == (2, 2)
    assert (metrics.mean_score_normal, metrics.mean_score_anomalous) == (3.0, 4.0)
    assert decode(encode(metrics), AnomalyMetrics) == metrics


def test_own_metric_sees_group_scores() -> None:
    metrics = anomaly_metrics(
        group_means(np.array([1.0, 3.0]), np.array([0, 1]), ["n", "x"]),
        {"m:f": lambda scores, labels: float(scores[1, 0] + labels[1])},
    )
    assert metrics.custom == {"m:f": 4.0}


@pytest.mark.parametrize(
    ("labels", "groups", "code"),
    [([0, 1, 1], ["a", "a", "b"], "group-labels"), ([1, 1, 1], ["a", "b", "c"], "one-label")],
)
def test_groups_that_cannot_be_judged_are_refused(labels: list[int], groups: list[str], code: str) -> None:
    with pytest.raises(DataRejected) as caught:
        group_means(np.ones(3), np.array(labels), groups)
    assert caught.value.code == code


def test_score_that_is_not_finite_is_refused() -> None:
    with pytest.raises(ModelRejected, match="not-finite"):
        group_means(np.array([1.0, np.inf]), np.array([0, 1]), ["a", "b"])


def test_auc_by_hand() -> None:
    before = np.array([1.0, 2.0, 3.0, 4.0])
    after = np.array([1.0, 3.5, 3.0, 4.0])
    found = paired_auc(
        before, after, ids=["n1", "n2", "x1", "x2"], labels=np.array([0, 0, 1, 1]), threshold=2.5, seed=0
    )
    # One of four pairs, (x1, n2), turns round. At a threshold of 2.5, n2 becomes a false alarm.
    assert found.delta == -1 / 4
    assert (found.broken, found.fixed) == (["n2"], [])
    assert (found.metric, found.mcnemar_p, found.worst_class, found.bootstrap_resamples) == (
        "roc_auc",
        None,
        None,
        2000,
    )
    assert decode(encode(found), Paired) == found
