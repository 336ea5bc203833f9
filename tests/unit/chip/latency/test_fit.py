"""The fit against SciPy, the leave-one-out errors by brute force, and the committed coefficients against their data."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import nnls

from quantci.chip.latency.coefficients import PUBLISHED, published_coefficients
from quantci.chip.latency.data import published_figures, rows_of, why_left_out
from quantci.chip.latency.fit import (
    Row,
    fit_terms,
    known_cycles,
    leave_out,
    nonnegative_least_squares,
    percentile,
    stored_terms,
    supports,
)
from quantci.chip.latency.published import BUILDS, ablations, checks_of, fit_published, network_errors
from quantci.records.base import encode
from quantci.records.latency import LatencyTerm, PublishedFigure, PublishedFigures

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
    for index, check in enumerate(leave_out(TINY)[:3]):
        others = [row for place, row in enumerate(TINY) if place != index]
        names = ["mac", "output"]
        matrix = [[row.terms.get(name, 0) / row.cycles for name in names] for row in others]
        solution, _ = nnls(np.array(matrix), np.ones(len(others)))
        expected = sum(TINY[index].terms[name] * value for name, value in zip(names, solution, strict=True))
        assert check.left_out == pytest.approx(expected)
        assert check.error == pytest.approx(abs(TINY[index].cycles / expected - 1))


def test_the_only_figure_of_a_kernel_has_no_error() -> None:
    last = leave_out(TINY)[3]
    assert last.left_out is None
    assert last.error is None
    assert supports(TINY, fit_terms(TINY))["pool"] == {"d"}


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
    assert [one.error_ratio for one in fresh.other_builds] == pytest.approx(
        [one.error_ratio for one in committed.other_builds], rel=1e-3
    )
    assert (fresh.figures, fresh.sources, fresh.models) == (committed.figures, committed.sources, committed.models)


def test_what_is_covered_and_how_far_off_it_is() -> None:
    """The errors that docs/latency.md states, each network left out of the fit."""
    committed = published_coefficients().record
    covered = [(committed.kernels, committed.memory), *((one.kernels, one.memory) for one in committed.other_builds)]
    assert covered == list(BUILDS)
    checks = checks_of(published_figures())
    found = {build: network_errors(checks[build]) for build in BUILDS}
    assert {build: len(errors) for build, errors in found.items()} == dict(zip(BUILDS, (6, 2, 3), strict=True))
    assert [max(errors.values()) for errors in found.values()] == pytest.approx([0.076, 0.171, 0.175], abs=0.001)
    totals = [check.error for build in BUILDS[:2] for check in checks[build] if check.row.is_model and check.error]
    assert len(totals) == 18
    assert (percentile(totals, 50), percentile(totals, 90)) == pytest.approx((0.044, 0.152), abs=0.001)


def test_a_source_left_out_is_no_worse_than_a_network() -> None:
    checks = checks_of(published_figures(), by_source=True)
    errors = [error for build in BUILDS[:2] for error in network_errors(checks[build]).values()]
    assert max(errors) == pytest.approx(0.171, abs=0.001)


def test_the_figures_of_a_network_are_left_out_together() -> None:
    rows = [row._replace(network="one") if row.name in "bc" else row for row in TINY]
    alone = fit_terms([rows[0], rows[3]])
    assert [check.left_out for check in leave_out(rows)[1:3]] == pytest.approx(
        [known_cycles(row.terms, alone) for row in rows[1:3]]
    )
    assert [check.left_out for check in leave_out(TINY, lambda row: row.name)] == [
        check.left_out for check in leave_out(TINY)
    ]


def test_a_weight_is_that_of_as_many_figures() -> None:
    twice = [TINY[0], TINY[0], *TINY[1:]]
    assert fit_terms([TINY[0]._replace(weight=2**0.5), *TINY[1:]]) == pytest.approx(fit_terms(twice))


def test_every_figure_has_a_source_and_is_fitted_once_or_left_out_for_a_reason() -> None:
    figures = published_figures()
    assert {figure.source for figure in figures.figures} == figures.sources.keys()
    assert len({figure.name for figure in figures.figures}) == len(figures.figures)
    rows = [row for kernels in ("esp-nn", "reference") for row in rows_of(figures, kernels)]
    assert len({row.name for row in rows}) == len(rows)
    left_out = {figure.name: why_left_out(figure) for figure in figures.figures}
    assert {reason for reason in left_out.values() if reason} == {"low trust", "layers not public"}
    assert not {row.name for row in rows} & {name for name, reason in left_out.items() if reason}


def test_the_ops_of_a_network_weigh_less_than_its_totals() -> None:
    """By hand: Fast80 has two totals of weight 1 / 2 each, and 52 ops of 0.3 / 52 each (squares of what is stored)."""
    rows = [row for row in rows_of(published_figures(), "esp-nn") if row.network == "fast80"]
    assert sorted({round(row.weight**2, 6) for row in rows}) == [round(0.3 / 52, 6), 0.5]


def test_of_a_build_with_convolutions_in_plain_c_only_other_ops_count() -> None:
    rows = [row for row in rows_of(published_figures(), "esp-nn") if row.network == "ds-cnn-widths"]
    assert len(rows) == 4 * 8
    assert not any("conv" in term for row in rows for term in row.terms)


def test_no_term_is_kept_that_does_not_lower_the_left_out_error() -> None:
    found = ablations(published_figures())
    assert {one.term for one in found} == published_coefficients().record.terms.keys() - {"reference_mac"}
    assert [one.term for one in found if one.error >= one.error_without] == []


def test_what_a_term_is_good_for_by_hand() -> None:
    """Two networks of one term, 100 and 120 cycles for a unit: each is told by the other; nothing is told without."""
    rows = [
        {"name": "a", "network": "a", "layers": ["softmax"], "cycles": 100.0, "kind": "kernel", "input": "1x1x1"},
        {"name": "b", "network": "b", "layers": ["softmax"], "cycles": 120.0, "kind": "kernel", "input": "1x1x1"},
    ]
    figures = published_figures()
    made = [one for row in rows for one in figure(**row).figures]
    (one,) = ablations(PublishedFigures(sources=figures.sources, figures=made))
    assert (one.term, one.networks, one.figures) == ("softmax_element", 2, 2)
    assert [one.error, one.error_without] == pytest.approx([20 / 120, 1])


def test_the_share_that_rests_on_a_single_network() -> None:
    """Of `mac` c says nothing: it is 50 of its 1,050 cycles. So a and b tell it each other alone."""
    rows = [row._replace(cycles=known_cycles(row.terms, {"mac": 1.0, "output": 10.0, "pool": 3.0})) for row in TINY]
    assert [check.thin for check in leave_out(rows)[:2]] == pytest.approx([100 / 200, 400 / 500])


def figure(**changes: object) -> PublishedFigures:
    given = {
        "name": "x",
        "network": "x",
        "source": "samsigg",
        "kernels": "esp-nn",
        "memory": "internal",
        "trust": "high",
        "clock_hz": 160_000_000,
        "input": "1x1x8",
        "layers": ["softmax"],
        **changes,
    }
    figures = published_figures()
    return PublishedFigures(sources=figures.sources, figures=[msgspec.convert(given, PublishedFigure)])


def test_a_figure_has_either_cycles_or_time() -> None:
    with pytest.raises(ValueError, match="cycles or time_us"):
        rows_of(figure(), "esp-nn")
    (row,) = rows_of(figure(time_us=10), "esp-nn")
    assert (row.cycles, dict(row.terms)) == (1_600, {"op": 1, "softmax_call": 1, "softmax_element": 8})


def test_a_kernel_alone_has_no_calls() -> None:
    (row,) = rows_of(figure(cycles=10, kind="kernel"), "esp-nn")
    assert dict(row.terms) == {"softmax_element": 8}
    assert not row.is_model


@pytest.mark.parametrize(
    ("flash", "cache", "weights", "waits"),
    [
        ("dio", 32_768, "flash", True),
        ("qio", 32_768, "flash", False),
        ("dio", 65_536, "flash", False),
        ("dio", 32_768, "ram", False),
    ],
)
def test_weights_that_wait_for_flash(flash: str, cache: int, weights: str, waits: bool) -> None:
    """40,000 bytes of weights at 160 MHz: a nanosecond is 0.16 cycles."""
    (row,) = rows_of(
        figure(time_us=10, input="1x1x200", layers=["dense 200"], flash=flash, data_cache_bytes=cache, weights=weights),
        "esp-nn",
    )
    assert row.terms.get("flash_dio_ns") == (pytest.approx(6_400) if waits else None)


def test_an_arena_in_psram_waits_for_its_bytes() -> None:
    (row,) = rows_of(figure(time_us=10, memory="psram"), "esp-nn")
    assert row.terms["psram_ns"] == pytest.approx(16 * 0.16)
