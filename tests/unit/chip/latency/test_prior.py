"""The fit that is drawn to known coefficients: by hand, by SciPy, and on boards whose truth is known."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize
from tests.synthetic_boards import PUBLISHED, errors, make_board, total, works

from quantci.chip.latency import prior
from quantci.chip.latency.data import published_figures, rows_of
from quantci.chip.latency.fit import Row, fit_terms, known_cycles, leave_out, percentile, relative_error
from quantci.chip.latency.prior import BOARD, FIGURE, TERM, fit_drawn, missing_figures

KNOWN = {"mac": 2.0, "output": 30.0, "pool": 3.0}


def row(cycles: float, **terms: float) -> Row:
    return Row("row", "model", terms, cycles, True)


def test_one_figure_by_hand() -> None:
    """A figure that took twice as long as known: s drops out of the sum, r lies between 1 and 2, close to 2."""
    found = fit_drawn([row(400, mac=100)], KNOWN)
    figure, drawn = 0.5 / 0.05**2, 1 / (0.25**2 + 0.4**2)
    ratio = (figure + drawn) / (0.5 * figure + drawn)
    assert ratio == pytest.approx(1.957, abs=1e-3)
    assert found["mac"] == pytest.approx(2.0 * ratio)
    # Of the others only the board's factor is known: r - s and s - 1 share r - 1 as their variances are.
    factor = 1 + (ratio - 1) * 0.4**2 / (0.25**2 + 0.4**2)
    assert found["output"] == pytest.approx(30 * factor)
    assert found["pool"] == pytest.approx(3 * factor)


def test_without_figures_the_known_coefficients_come_back() -> None:
    assert fit_drawn([], KNOWN) == pytest.approx(KNOWN)


def test_with_nothing_known_it_is_the_plain_fit() -> None:
    rows = [row(400, mac=100, output=3), row(300, mac=10, output=9), row(90, pool=30)]
    assert fit_drawn(rows, {}) == pytest.approx(fit_terms(rows))


def test_a_term_that_nothing_is_known_of_is_fitted_alone() -> None:
    found = fit_drawn([row(200, mac=100), row(70, softmax=10), row(70.7, softmax=10)], KNOWN)
    assert found["mac"] == pytest.approx(2)
    # The least of (10 x / 70 - 1)^2 + (10 x / 70.7 - 1)^2, by hand.
    assert found["softmax"] == pytest.approx((10 / 70 + 10 / 70.7) / ((10 / 70) ** 2 + (10 / 70.7) ** 2))


@settings(max_examples=30)
@given(
    measured=st.lists(
        st.tuples(st.floats(0.1, 10), *[st.floats(0, 100)] * 3).filter(lambda one: sum(one[1:]) > 1), max_size=8
    )
)
def test_no_other_numbers_make_the_sum_smaller(measured: list[tuple[float, float, float, float]]) -> None:
    """The sum as the module's first lines state it, minimized by SciPy."""
    names = sorted(KNOWN)
    rows = [
        row(slower * known_cycles(dict(zip(names, units, strict=True)), KNOWN), **dict(zip(names, units, strict=True)))
        for slower, *units in measured
    ]

    def objective(numbers: NDArray[np.float64]) -> float:
        ratios, factor = dict(zip(names, numbers[:-1], strict=True)), numbers[-1]
        estimates = [math.fsum(one.terms[name] * KNOWN[name] * ratios[name] for name in names) for one in rows]
        figures = math.fsum(
            (estimate / one.cycles - 1) ** 2 / FIGURE**2 for estimate, one in zip(estimates, rows, strict=True)
        )
        terms = math.fsum((ratio - factor) ** 2 / TERM**2 for ratio in ratios.values())
        return float(figures + terms + (factor - 1) ** 2 / BOARD**2)

    found = fit_drawn(rows, KNOWN)
    ratios = np.array([found[name] / KNOWN[name] for name in names])
    assert (ratios >= 0).all()
    # The factor that is best for these ratios.
    factor = (ratios.sum() / TERM**2 + 1 / BOARD**2) / (len(names) / TERM**2 + 1 / BOARD**2)
    ours = objective(np.array([*ratios, factor]))
    best = minimize(objective, np.ones(4), method="L-BFGS-B", bounds=[(0, None)] * 4)
    assert ours <= best.fun * (1 + 1e-6) + 1e-6


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000), index=st.integers(0, 4))
def test_the_one_measured_model_is_never_estimated_worse(seed: int, index: int) -> None:
    whole = make_board(seed).wholes[index]
    found = fit_drawn([whole], PUBLISHED)
    error, before = (abs(known_cycles(whole.terms, one) / whole.cycles - 1) for one in (found, PUBLISHED))
    assert error <= before + 1e-9


@pytest.mark.parametrize(
    ("measured", "with_profiles", "most"), [(1, False, 0.7), (1, True, 0.35), (4, False, 0.25), (4, True, 0.15)]
)
def test_models_that_were_not_measured_are_estimated_better(measured: int, with_profiles: bool, most: float) -> None:
    """`most`: share of the published coefficients' error that may be left, median and 90th percentile."""
    before, after = errors(measured, with_profiles=with_profiles, boards=40)
    assert statistics.median(after) <= most * statistics.median(before)
    assert percentile(after, 90) <= most * percentile(before, 90)


def test_many_figures_lead_to_the_truth() -> None:
    truth = make_board(7).truth
    parts = [part for name in ("MLPerf Tiny keyword spotting (DS-CNN)",) for part in works(name)]
    random = np.random.RandomState(1)
    rows = []
    for number in range(600):
        part = {name: units * random.uniform(0.1, 4) for name, units in parts[number % len(parts)].items()}
        rows.append(row(known_cycles(part, truth) * math.exp(random.normal(0, 0.02)), **part))
    found = fit_drawn(rows, PUBLISHED)
    told = total(parts).keys() - {
        "softmax_element",
        "dense_mac",
        "dense_call",
    }  # the parts of two short ops: their sums
    assert all(known_cycles(part, found) == pytest.approx(known_cycles(part, truth), rel=0.02) for part in parts)
    assert len(told) > 8
    for name in told:
        assert found[name] == pytest.approx(truth[name], rel=0.02), name


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_the_stated_spreads_need_not_be_exact(factor: float, monkeypatch: pytest.MonkeyPatch) -> None:
    stated = percentile(errors(2, with_profiles=True, boards=20)[1], 90)
    monkeypatch.setattr(prior, "TERM", factor * TERM)
    assert percentile(errors(2, with_profiles=True, boards=20)[1], 90) == pytest.approx(stated, rel=0.2)


def test_the_spreads_are_those_of_the_published_figures() -> None:
    rows = rows_of(published_figures(), "esp-nn")
    checks = leave_out(rows)
    fitted = [relative_error(check.row.cycles, check.fitted) for check in checks]
    assert statistics.median(fitted) == pytest.approx(FIGURE, abs=0.01)
    ops = [check.error for check in checks if check.error is not None and not check.row.is_model]
    assert statistics.median(ops) < TERM < percentile(ops, 90)
    totals = [check.error for check in checks if check.error is not None and check.row.is_model]
    assert max(totals) < BOARD


def test_a_board_whose_model_has_kernels_that_no_other_source_knows_is_misjudged() -> None:
    """docs/latency.md says so: the unknown kernels of image classification are taken for a faster board."""
    rows = rows_of(published_figures(), "esp-nn")
    known = {
        name: cycles for name, cycles in fit_terms([one for one in rows if one.source != "samsigg"]).items() if cycles
    }
    speech, pictures = (one for one in rows if one.source == "samsigg" and "psram_ns" not in one.terms)
    by_board = known_cycles(speech.terms, fit_drawn([pictures], known))
    found = [relative_error(speech.cycles, one) for one in (known_cycles(speech.terms, known), by_board)]
    assert found == pytest.approx([0.05, 0.46], abs=0.006)


def test_figures_that_are_missing() -> None:
    one, twice, other = row(300, mac=100, output=3), row(600, mac=200, output=6), row(300, mac=10, output=9)
    assert missing_figures([one], {}) == 1
    assert missing_figures([one, twice], {}) == 1, "twice the same says nothing more"
    assert missing_figures([one, other], {}) == 0
    assert missing_figures([one], KNOWN) == 0
    assert missing_figures([one], {"mac": 2.0}) == 0
    assert missing_figures([], {}) == 0
