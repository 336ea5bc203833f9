"""Which preprocessing is named, and whether it is better beyond doubt, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from quantci.probe.run import Row, _clearly, _simplest
from quantci.probe.variants import Variant, as_configured
from quantci.records.input_config import InputConfig

VARIANT = as_configured(InputConfig())


@pytest.mark.parametrize(
    ("fixed", "broken", "others", "is_better"),
    [
        (8, 0, 1, True),  # 2 / 2^8 = 0.0078
        (8, 0, 2, False),  # the better of two: 0.0156
        (14, 0, 80, True),  # 80 * 2 / 2^14 = 0.0098
        (13, 0, 80, False),
        (0, 14, 1, False),
        (0, 0, 1, False),
    ],
)
def test_the_best_of_many_has_to_be_better_by_more(fixed: int, broken: int, others: int, is_better: bool) -> None:
    configured = np.array([False] * fixed + [True] * broken + [True] * 10)
    best = np.array([True] * fixed + [False] * broken + [True] * 10)
    row = Row(VARIANT, best)
    assert (_clearly(row, Row(VARIANT, configured), others) is row) == is_better


@pytest.mark.parametrize(
    ("found", "named"), [((10, 9, 9, 5), "one key"), ((10, 8, 9, 5), "two keys"), ((10, 8, 8, 5), "three keys")]
)
def test_one_sample_more_is_no_reason_to_change_more(found: tuple[int, ...], named: str) -> None:
    inputs = {
        "three keys": InputConfig(preprocess="normalize", mean=(1.0,), std=(2.0,), color="bgr"),
        "one key": InputConfig(color="bgr"),
        "two keys": InputConfig(color="bgr", resize="nearest"),
        "no key": InputConfig(),
    }
    rows = [
        Row(Variant(name, keys), np.arange(10) < count)
        for (name, keys), count in zip(inputs.items(), found, strict=True)
    ]
    ranked = sorted(rows, key=lambda row: -row.accuracy)
    assert _simplest(ranked, InputConfig()).variant.name == named
