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
from tests.synthetic_boards import FIGURES, PUBLISHED, errors, make_board, total, works

from quantci.chip.latency import prior
from quantci.chip.latency.fit import Row, fit_terms, known_cycles, leave_out, percentile, relative_error
from quantci.chip.latency.prior import BOARD, KERNEL, NETWORK, OP, TOTAL, fit_drawn, missing_figures, prior_of

CYCLES = {"depthwise_tap": 2.0, "conv_output": 30.0, "conv_row": 3.0}  # a kernel with one term, and one with two
KNOWN = prior_of(CYCLES)


def row(cycles: float, **terms: float) -> Row:
    return Row("row", "model", terms, cycles, True)


def test_one_figure_by_hand() -> None:
    """A figure that took twice as long as known: with r = coefficient / known, r lies between 1 and 2, close to 2."""
    found = fit_drawn([row(400, depthwise_tap=100)], KNOWN)
    figure, drawn = 0.5 / 0.03**2, 1 / (0.25**2 + 0.4**2)
    ratio = (figure + drawn) / (0.5 * figure + drawn)
    assert ratio == pytest.approx(1.984, abs=1e-3)
    assert found["depthwise_tap"] == pytest.approx(2.0 * ratio)
    # Of the others only the board's factor is known: it and the kernel's share r - 1 as their variances are.
    factor = 1 + (ratio - 1) * 0.4**2 / (0.25**2 + 0.4**2)
    assert found["conv_output"] == pytest.approx(30 * factor)
    assert found["conv_row"] == pytest.approx(3 * factor)


def test_the_figure_of_an_op_says_less() -> None:
    found = fit_drawn([row(400, depthwise_tap=100)._replace(is_model=False)], KNOWN)
    figure, drawn = 0.5 / 0.09**2, 1 / (0.25**2 + 0.4**2)
    assert found["depthwise_tap"] == pytest.approx(2.0 * (figure + drawn) / (0.5 * figure + drawn))


def test_the_terms_of_a_kernel_move_together() -> None:
    """Nothing but the sum is measured: without figures behind the coefficients, their ratio is exact."""
    found = fit_drawn([row(120, conv_output=1, conv_row=10)], KNOWN)
    assert found["conv_output"] / 30 == pytest.approx(found["conv_row"] / 3)
    assert 1.9 < found["conv_output"] / 30 < 2


def test_what_published_figures_cannot_tell_apart_a_board_may_change() -> None:
    """Rows of one block only: published are 10 cycles for both together, and no figure says how they divide."""
    alike = [row(100, conv_row=10, conv_mac=10)._replace(network=name) for name in "ab"]
    told = [*alike, row(30, conv_mac=10)]
    board = [row(40, conv_row=1, conv_mac=3)]
    by_exact, by_alike, by_told = (
        fit_drawn(board, prior_of({"conv_row": 7.0, "conv_mac": 3.0}, some)) for some in ((), alike, told)
    )
    # The board needs 40 where 16 are known.
    exact, told_apart = (found["conv_row"] / found["conv_mac"] for found in (by_exact, by_told))
    assert told_apart == pytest.approx(exact, rel=0.2)
    assert by_alike["conv_mac"] > 1.5 * by_exact["conv_mac"]
    assert by_alike["conv_row"] < by_exact["conv_row"]


def test_without_figures_the_known_coefficients_come_back() -> None:
    assert fit_drawn([], KNOWN) == pytest.approx(CYCLES)
    assert fit_drawn([], prior_of(PUBLISHED, FIGURES)) == pytest.approx(PUBLISHED)


def test_with_nothing_known_it_is_the_plain_fit() -> None:
    rows = [row(400, mac=100, output=3), row(300, mac=10, output=9), row(90, pool=30)]
    assert fit_drawn(rows, prior_of({})) == pytest.approx(fit_terms(rows))


def test_a_term_that_nothing_is_known_of_is_fitted_alone() -> None:
    found = fit_drawn([row(200, depthwise_tap=100), row(70, softmax=10), row(70.7, softmax=10)], KNOWN)
    assert found["depthwise_tap"] == pytest.approx(2)
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
    cycles = {"depthwise_tap": 2.0, "conv_output": 30.0, "dense_mac": 3.0}  # a kernel each
    names = sorted(cycles)
    rows = [
        row(slower * known_cycles(dict(zip(names, units, strict=True)), cycles), **dict(zip(names, units, strict=True)))
        for slower, *units in measured
    ]
    spread = np.linalg.inv(0.4**2 * np.ones((3, 3)) + 0.25**2 * np.eye(3))

    def objective(ratios: NDArray[np.float64]) -> float:
        shares = dict(zip(names, ratios, strict=True))
        estimates = [math.fsum(one.terms[name] * cycles[name] * shares[name] for name in names) for one in rows]
        figures = math.fsum(
            (estimate / one.cycles - 1) ** 2 / 0.03**2 for estimate, one in zip(estimates, rows, strict=True)
        )
        return float(figures + (ratios - 1) @ spread @ (ratios - 1))

    found = fit_drawn(rows, prior_of(cycles))
    ratios = np.array([found[name] / cycles[name] for name in names])
    assert (ratios >= 0).all()
    best = minimize(objective, np.ones(3), method="L-BFGS-B", bounds=[(0, None)] * 3)
    assert objective(ratios) <= best.fun * (1 + 1e-6) + 1e-6


@settings(max_examples=10)
@given(seed=st.integers(0, 10_000), index=st.integers(0, 4))
def test_the_one_measured_model_is_never_estimated_worse(seed: int, index: int) -> None:
    whole = make_board(seed).wholes[index]
    found = fit_drawn([whole], prior_of(PUBLISHED, FIGURES))
    error, before = (abs(known_cycles(whole.terms, one) / whole.cycles - 1) for one in (found, PUBLISHED))
    assert error <= before + 1e-9


@pytest.mark.parametrize(
    ("measured", "with_profiles", "most"), [(1, False, 0.7), (1, True, 0.35), (4, False, 0.25), (4, True, 0.15)]
)
def test_models_that_were_not_measured_are_estimated_better(measured: int, with_profiles: bool, most: float) -> None:
    """`most`: share of the published coefficients' error that may be left, median and 90th percentile."""
    before, after = errors(measured, with_profiles=with_profiles, boards=20)
    assert statistics.median(after) <= most * statistics.median(before)
    assert percentile(after, 90) <= most * percentile(before, 90)


def test_many_figures_lead_to_the_truth() -> None:
    truth = make_board(7).truth
    parts = [part for name in ("MLPerf Tiny keyword spotting (DS-CNN)",) for part in works(name)]
    random = np.random.RandomState(1)
    rows = []
    for number in range(600):
        part = {name: units * random.uniform(0.1, 4) for name, units in parts[number % len(parts)].items()}
        rows.append(row(known_cycles(part, truth) * math.exp(random.normal(0, 0.01)), **part))
    found = fit_drawn(rows, prior_of(PUBLISHED, FIGURES))
    assert all(known_cycles(part, found) == pytest.approx(known_cycles(part, truth), rel=0.02) for part in parts)
    # 50 figures of each op, 1 % off, do not tell to 2 % what a term costs that is less than a tenth of its op.
    told = {
        name for part in parts for name, units in part.items() if units * truth[name] > 0.1 * known_cycles(part, truth)
    }
    assert total(parts).keys() - told == {"dense_mac", "softmax_element"}
    for name in told:
        assert found[name] == pytest.approx(truth[name], rel=0.02), name


def test_the_stated_spreads_need_not_be_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for factor in (1.0, 0.5, 2.0):
        monkeypatch.setattr(prior, "KERNEL", factor * KERNEL)
        found.append(percentile(errors(2, with_profiles=True, boards=12)[1], 90))
    assert found[1:] == pytest.approx([found[0]] * 2, rel=0.2)


def test_the_spreads_are_those_of_the_published_figures() -> None:
    """Half of what spreads normally lies within 0.67 of its spread."""
    checks = leave_out(FIGURES)
    totals, ops = ([check for check in checks if check.row.is_model == whole] for whole in (True, False))
    for some, spread in ((totals, TOTAL), (ops, OP)):
        fitted = statistics.median(relative_error(check.row.cycles, check.fitted) for check in some)
        assert fitted / 0.67 == pytest.approx(spread, abs=0.015)
    left_out = [check.error for check in totals if check.error is not None]
    assert statistics.median(left_out) / 0.67 == pytest.approx(NETWORK, abs=0.02)
    assert max(left_out) < BOARD
    found = [check.error for check in ops if check.error is not None]
    assert statistics.median(found) < KERNEL < percentile(found, 90)


def test_figures_that_are_missing() -> None:
    one, twice, other = row(300, mac=100, output=3), row(600, mac=200, output=6), row(300, mac=10, output=9)
    assert missing_figures([one], {}) == 1
    assert missing_figures([one, twice], {}) == 1, "twice the same says nothing more"
    assert missing_figures([one, other], {}) == 0
    assert missing_figures([one], {"mac": 2.0, "output": 3.0}) == 0
    assert missing_figures([one], {"mac": 2.0}) == 0
    assert missing_figures([], {}) == 0
