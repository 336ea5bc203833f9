"""The fit against SciPy, the leave-one-out errors by brute force, and the committed coefficients against their data."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import nnls

from quantci.chip.latency.coefficients import PUBLISHED, published_coefficients
from quantci.chip.latency.data import (
    check_groups,
    fit_published,
    group_of,
    published_figures,
    row_of,
)
from quantci.chip.latency.fit import (
    Row,
    fit_terms,
    known_cycles,
    leave_one_out,
    nonnegative_least_squares,
    percentile,
    stored_terms,
    supports,
)
from quantci.records.base import encode
from quantci.records.latency import LatencyTerm

TINY = [
    Row("a", "one", {"mac": 100.0, "output": 10.0}, 220.0, True),
    Row("b", "one", {"mac": 400.0, "output": 10.0}, 500.0, True),
    Row("c", "two", {"mac": 50.0, "output": 100.0}, 1100.0, True),
    Row("d", "two", {"pool": 30.0}, 90.0, False),
]


@settings(deadline=None)
@given(
    rows=st.integers(1, 12),
    columns=st.integers(1, 8),
    seed=st.integers(0, 2**32 - 1),
    scale=st.sampled_from([1.0, 1e4, 1e-4]),
)
def test_fit_is_as_good_as_scipys(rows: int, columns: int, seed: int, scale: float) -> None:
    random = np.random.RandomState(seed)
    matrix = random.normal(size=(rows, columns)) * scale ** random.uniform(-1, 1, columns)
    wanted = random.normal(size=rows)
    ours = nonnegative_least_squares(matrix, wanted)
    assert (ours >= 0).all()
    _, best = nnls(matrix, wanted)
    assert np.linalg.norm(matrix @ ours - wanted) == pytest.approx(best, rel=1e-6, abs=1e-8)


def test_columns_of_zeros_and_no_columns() -> None:
    assert nonnegative_least_squares(np.zeros((3, 2)), np.ones(3)).tolist() == [0, 0]
    assert nonnegative_least_squares(np.zeros((3, 0)), np.ones(3)).tolist() == []


def test_exact_figures_give_their_coefficients_back() -> None:
    rows = [row._replace(cycles=known_cycles(row.terms, {"mac": 1.5, "output": 20.0, "pool": 3.0})) for row in TINY]
    assert fit_terms(rows) == pytest.approx({"mac": 1.5, "output": 20.0, "pool": 3.0})


def test_left_out_by_brute_force() -> None:
    for index, check in enumerate(leave_one_out(TINY)[:3]):
        others = [row for place, row in enumerate(TINY) if place != index]
        names = ["mac", "output"]
        matrix = [[row.terms.get(name, 0) / row.cycles for name in names] for row in others]
        solution, _ = nnls(np.array(matrix), np.ones(len(others)))
        expected = sum(TINY[index].terms[name] * value for name, value in zip(names, solution, strict=True))
        assert check.left_out == pytest.approx(expected)
        assert check.error == pytest.approx(abs(TINY[index].cycles / expected - 1))


def test_the_only_figure_of_a_kernel_has_no_error() -> None:
    last = leave_one_out(TINY)[3]
    assert last.left_out is None
    assert last.error is None
    assert supports(TINY, fit_terms(TINY))["pool"] == [3]


def test_percentile_is_the_nearest_rank() -> None:
    assert percentile([0.4, 0.1, 0.2, 0.3], 90) == 0.4
    assert percentile([index / 10 for index in range(1, 11)], 90) == 0.9
    assert percentile([0.2], 50) == 0.2
    with pytest.raises(ValueError, match="left out"):
        percentile([], 90)


def test_stored_terms_have_four_digits_and_the_figures_behind_them() -> None:
    published = {"mac": LatencyTerm(cycles=1.0, support=4)}
    stored = stored_terms(TINY, {"mac": 1.23456, "output": 10.0, "pool": 3.0}, published)
    # mac: 123 of 223, 494 of 594 and 62 of 1,062 cycles; output: 100 of each of two, and 1,000 of the third.
    assert stored == {
        "mac": LatencyTerm(cycles=1.235, support=2, published=4),
        "output": LatencyTerm(cycles=10.0, support=3),
        "pool": LatencyTerm(cycles=3.0, support=1),
    }


def test_committed_coefficients_follow_from_the_committed_figures() -> None:
    committed = published_coefficients().record
    fresh = fit_published()
    assert PUBLISHED.read_bytes() == encode(committed)
    assert fresh.terms.keys() == committed.terms.keys()
    for name, term in committed.terms.items():
        assert fresh.terms[name].cycles == pytest.approx(term.cycles, rel=2e-3)
        assert fresh.terms[name].support == term.support
    assert fresh.error_ratio == pytest.approx(committed.error_ratio, rel=1e-3)
    assert fresh.groups_left_out == pytest.approx(committed.groups_left_out, rel=1e-2)
    assert (fresh.figures, fresh.sources, fresh.models) == (committed.figures, committed.sources, committed.models)


def test_groups_further_off_than_the_estimate_itself_have_no_coefficients() -> None:
    committed = published_coefficients().record
    assert committed.error_ratio < 1
    assert all(error > 1 for error in committed.groups_left_out.values())
    assert committed.groups_left_out.keys() == {"psram", "reference"}


def test_every_figure_has_a_source_and_is_checked_once() -> None:
    figures = published_figures()
    assert {figure.source for figure in figures.figures} == figures.sources.keys()
    checked = [check.row.name for checks in check_groups(figures).values() for check in checks]
    assert sorted(checked) == sorted(figure.name for figure in figures.figures)
    assert len({figure.name for figure in figures.figures}) == len(figures.figures)
    assert {group_of(figure) for figure in figures.figures} == {"esp-nn", "psram", "reference"}


def test_a_figure_has_either_cycles_or_time() -> None:
    figures = published_figures()
    with pytest.raises(ValueError, match="cycles or time_us"):
        row_of(
            figures,
            type(figures.figures[0])(
                name="x", source="samsigg", kernels="esp-nn", memory="internal", input="1x1x8", layers=["softmax"]
            ),
        )
