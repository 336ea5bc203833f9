"""LiteRT's reference kernels against TFLM: where they differ, or TFLM dies, a rule must say so.

Run it longer by hand with more examples: DIFFERENTIAL_EXAMPLES=5000 pytest tests/integration/test_differential.py
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.differential import Outcome, compare, only_tflm
from tests.models import graph_of
from tests.moving_ops import MOVING
from tests.one_op import FAMILIES, Draw

from quantci.chip.known_bad.scan import LITE_RT, TFLM, scan
from quantci.errors import ModelRejected
from quantci.tflite.tflm import tflm_available
from quantci.workers.pool import Pool

T = TypeVar("T")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not tflm_available(), reason="TFLM has no wheel for this machine"),
]
EXAMPLES = int(os.environ.get("DIFFERENTIAL_EXAMPLES", "25"))
BUILDERS: dict[str, Callable[[Draw, str], bytes]] = {**FAMILIES, **MOVING}


class HypothesisDraw:
    """Choices that hypothesis makes, so that it can look for the smallest example."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data

    def pick(self, choices: Sequence[T]) -> T:
        """See Draw."""
        return self._data.draw(st.sampled_from(choices))

    def integer(self, low: int, high: int) -> int:
        """See Draw."""
        return self._data.draw(st.integers(low, high))


class Bench:
    """A worker, and another one when an interpreter has died in it."""

    def __init__(self) -> None:
        self._pool: Pool | None = None

    def outcome(self, model: bytes) -> Outcome | None:
        """What came of the model; None when TFLM died. LiteRT's death says nothing about TFLM."""
        try:
            return self._call(compare, model)
        except ModelRejected as error:
            if error.code != "crashed-interpreter":
                raise
        try:
            self._call(only_tflm, model)
        except ModelRejected as error:
            return None if error.code == "crashed-interpreter" else Outcome("TFLM", 0)
        return Outcome("LiteRT died", 0)

    def _call(self, function: Callable[[bytes], T], model: bytes) -> T:
        if self._pool is None:
            self._pool = Pool(1, where="one op").__enter__()
        try:
            return self._pool.call(function, model)
        except ModelRejected as error:
            if error.code == "crashed-interpreter":
                self.close()
            raise

    def close(self) -> None:
        """End the worker."""
        if self._pool is not None:
            self._pool.__exit__(None, None, None)
            self._pool = None


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench()


@pytest.fixture(scope="module", autouse=True)
def _end(bench: Bench) -> Iterator[None]:
    yield
    bench.close()


@pytest.mark.parametrize("kind", sorted(BUILDERS))
@given(data=st.data())
@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
def test_what_tflm_gets_wrong_is_predicted(bench: Bench, kind: str, data: st.DataObject) -> None:
    model = BUILDERS[kind](HypothesisDraw(data), kind)
    outcome = bench.outcome(model)
    predicted = [hit.rule for hit in scan(graph_of(model), {**TFLM, **LITE_RT})]
    if outcome is None:
        assert predicted, f"{kind}: TFLM dies, and no rule says so"
    elif outcome.largest_lsb > 1:
        assert predicted, f"{kind}: {outcome.largest_lsb} LSB apart, and no rule says so"
