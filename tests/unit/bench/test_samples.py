"""A sample as the INT8 model takes it: integers, or floats where a QUANTIZE in the model makes them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tests.unit.embed.sample import tensor_info

from quantci.bench.compare import _values
from quantci.bench.samples import EvaluationSet

TENSOR = np.array([[1.0, 0.3]], np.float32)


def evaluation_set(taken: Any) -> EvaluationSet:
    reading = SimpleNamespace(load=lambda _: SimpleNamespace(tensor=TENSOR, content_sha256="a"))
    nothing: Any = None
    return EvaluationSet(nothing, nothing, (), (), nothing, ("a",), reading, taken)._replace(samples=[nothing])  # type: ignore[arg-type]


def test_integers_by_the_scale_of_the_input() -> None:
    loaded = evaluation_set(tensor_info("x", [1, 2], [0.5], [-1])).load(0)
    assert loaded.integers.dtype == np.int8
    assert loaded.integers.tolist() == [[1, 0]]


def test_floats_as_they_are() -> None:
    loaded = evaluation_set(tensor_info("x", [1, 2], [], [], "float32")).load(0)
    assert loaded.integers is TENSOR


def test_outputs_are_real_values_of_either_kind() -> None:
    output = tensor_info("y", [1, 2], [0.25], [10])
    (integers,) = _values([np.array([[14, 10]], np.int8)], [output])
    (floats,) = _values([np.array([[1.1, 0.4]], np.float32)], [output])
    assert integers.tolist() == [[1.0, 0.0]]
    assert floats.tolist() == [[pytest.approx(1.1), pytest.approx(0.4)]]
