"""Regression: worked out by hand, against scikit-learn, and what a set may not hold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.golden import example_model
from tests.unit.embed.sample import tensor_info

from quantci.data.listing import Entry, Listing
from quantci.data.sample import Sample
from quantci.errors import DataRejected, ModelRejected
from quantci.records.base import decode, encode
from quantci.records.evaluate import TagMetrics
from quantci.records.metrics import RegressionMetrics
from quantci.records.paired import Paired
from quantci.records.truth import ClassTruth, ValuesTruth
from quantci.tasks.regression import Regression, regression_metrics
from quantci.tasks.task import Judgement, Observed

OUTPUT = tensor_info("y", [1, 1], [0.5], [-2])


def f32(values: list[float]) -> NDArray[np.float32]:
    return np.array(values, np.float32)


def i8(values: list[int]) -> NDArray[np.int8]:
    return np.array(values, np.int8)


def listing(*labels: str | None, kind: Any = "manifest") -> Listing:
    entries = (Entry(f"s{index}", Path(f"s{index}"), label) for index, label in enumerate(labels))
    return Listing("set/manifest.csv", kind, tuple(entries))


def judge(truth: list[float], *outputs: Any, tags: Sequence[tuple[str, ...]] = ()) -> Judgement:
    samples = [
        Sample(f"s{index}", Path(), ValuesTruth(values=(value,)), own, f"s{index}", None)
        for index, (value, own) in enumerate(zip(truth, tags or [()] * len(truth), strict=True))
    ]
    names = ("float", "int8-litert", "int8-oracle")
    kept = {name: np.array(rows).reshape(-1, 1) for name, rows in zip(names, outputs, strict=True)}
    return Regression().judge(Observed(samples, kept, ("height",), [OUTPUT]), {}, 0)


def test_metrics_by_hand() -> None:
    # Errors -1, 0, 2: mean of sizes 1, squares 5. Truth 1, 2, 6 lies 4, 1, 9 squared around its mean 3.
    metrics = regression_metrics(np.array([[0.0], [2.0], [8.0]]), np.array([[1.0], [2.0], [6.0]]), ["height"], {})
    assert metrics.mae == 1.0
    assert metrics.rmse == pytest.approx((5 / 3) ** 0.5, abs=1e-15)
    assert metrics.r2 == pytest.approx(1 - 5 / 14, abs=1e-15)
    assert decode(encode(metrics), RegressionMetrics) == metrics


@given(st.integers(0, 2**32 - 1), st.integers(2, 60), st.integers(1, 3))
def test_metrics_agree_with_scikit_learn(seed: int, samples: int, outputs: int) -> None:
    reference = pytest.importorskip("sklearn.metrics")
    random = np.random.RandomState(seed)
    truth, answers = random.randn(samples, outputs) * 10, random.randn(samples, outputs) * 10
    metrics = regression_metrics(answers, truth, [str(index) for index in range(outputs)], {})
    assert metrics.mae == pytest.approx(reference.mean_absolute_error(truth, answers))
    assert metrics.rmse == pytest.approx(reference.mean_squared_error(truth, answers) ** 0.5)
    assert metrics.r2 == pytest.approx(reference.r2_score(truth, answers))


def test_int8_is_judged_in_the_units_of_the_truth() -> None:
    # Raw 0, 2, 6 are (0 + 2) / 2 = 1, 2 and 4: the float model is perfect, INT8 is off by 2 for the last sample.
    judged = judge([1.0, 2.0, 6.0], f32([1, 2, 6]), i8([0, 2, 10]), i8([0, 2, 6]))
    r2 = [one.r2 for one in judged.metrics.values() if isinstance(one, RegressionMetrics)]
    assert r2 == [1.0, 1.0, pytest.approx(1 - 4 / 14)]
    assert judged.paired.metric == "r2"
    assert judged.paired.delta == pytest.approx(-4 / 14)
    assert judged.paired.interval.low <= judged.paired.delta <= judged.paired.interval.high <= 0
    # A tenth of the truth's deviation, 2.16, is 0.216: 2 is another answer, 0 is not.
    assert judged.flips == {"int8-litert": 0, "int8-oracle": 1}
    assert decode(encode(judged.paired), Paired) == judged.paired


@pytest.mark.parametrize("value", [3.0, 0.1])  # the deviation of three times 0.1 is 1e-17, not 0
def test_a_set_of_one_value_has_nothing_to_tell_apart(value: float) -> None:
    with pytest.raises(DataRejected, match=r"height.*one-label"):
        judge([value] * 3, *[f32([1, 2, 3])] * 3)


def test_r2_by_tag_is_that_of_the_samples_that_carry_it() -> None:
    # INT8 says 1, 2 and 4. Night: truth 1 and 6 lie 2.5 around their mean, the errors are 0 and 2: 1 - 4 / 12.5.
    tags = [("night",), ("rain",), ("night",)]
    judged = judge([1.0, 2.0, 6.0], f32([1, 2, 6]), i8([0, 2, 6]), i8([0, 2, 6]), tags=tags)
    night, rain = judged.tags
    assert night == TagMetrics(tag="night", samples=2, float_metric=1.0, quantized_metric=1 - 4 / 12.5)
    assert rain == TagMetrics(tag="rain", samples=1, float_metric=None, quantized_metric=None), "one value: no R²"
    assert [decode(encode(tag), TagMetrics) for tag in judged.tags] == judged.tags


def test_an_answer_that_is_not_finite_is_refused() -> None:
    with pytest.raises(ModelRejected, match="not-finite"):
        judge([1.0, 2.0], *[f32([1, np.nan])] * 3)


def test_a_manifest_tells_the_numbers() -> None:
    task = Regression()
    found = listing("1.5;-2", "3e2; 0.25")
    names = task.names(found)
    assert names == ("output 0", "output 1")
    assert task.truths(found, names, "evaluation") == [
        ValuesTruth(values=(1.5, -2.0)),
        ValuesTruth(values=(300.0, 0.25)),
    ]


@pytest.mark.parametrize("label", ["red", "1;2", "nan", "inf", "1,5", ""])
def test_what_is_no_number_is_refused_by_name(label: str) -> None:
    with pytest.raises(DataRejected, match=r"s1: .*label-mismatch"):
        Regression().truths(listing("1", label), ("height",), "evaluation")


def test_class_folders_are_no_regression_but_may_calibrate_one() -> None:
    with pytest.raises(DataRejected, match="column `label`"):
        Regression().truths(listing("red", kind="folders"), ("height",), "evaluation")
    assert Regression().truths(listing("red", kind="folders"), ("height",), "calibration") == [None]


@pytest.mark.parametrize(
    ("truth", "is_one"),
    [
        (ValuesTruth(values=(1.0,)), True),
        (ValuesTruth(values=(1.0, 2.0)), False),
        (ValuesTruth(values=(float("inf"),)), False),
        (ClassTruth(index=0), False),
    ],
)
def test_only_a_number_for_each_output_can_be_a_truth(truth: Any, *, is_one: bool) -> None:
    assert Regression().fits(truth, ("height",)) == is_one


def test_labels_fit_the_values_of_the_output() -> None:
    model = example_model("model_quant.tflite", quantized=True)  # 4 outputs
    outputs = Regression().outputs_of(model)
    Regression().check_labels(("a", "b", "c", "d"), outputs, "set")
    with pytest.raises(DataRejected, match=r"has 4 outputs.*there are 1 labels.*label-mismatch"):
        Regression().check_labels(("a",), outputs, "set")
