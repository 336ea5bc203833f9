"""What init writes is never refused: 2 points need 394 samples, 5 need 157, 10 need 78 (docs/statistics.md)."""

from __future__ import annotations

import pytest

from quantci.report.gates.suggestion import suggest
from quantci.statistics.power import samples_needed


@pytest.mark.parametrize(
    ("samples", "metric"),
    [(1000, 0.02), (394, 0.02), (393, 0.03), (200, 0.05), (157, 0.05), (156, 0.1), (40, 0.2), (30, None), (5, None)],
)
def test_the_finest_usual_gate_that_a_set_can_decide(samples: int, metric: float | None) -> None:
    assert suggest(samples, 100).metric == metric
    if metric is not None:
        needed = samples_needed(metric)
        assert needed is not None
        assert needed <= samples


@pytest.mark.parametrize(
    ("smallest", "worst"), [(100, 0.1), (20, 0.1), (19, 0.15), (10, 0.2), (7, 0.3), (4, 0.5), (3, None)]
)
def test_two_samples_of_a_class_may_break(smallest: int, worst: float | None) -> None:
    assert suggest(1000, smallest).worst_class == worst
