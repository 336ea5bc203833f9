"""Coefficients of one board: fitted to what was measured there, drawn to the published ones; how far off they are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from quantci.chip.esp_nn.terms import CHIP, REFERENCE_TERM
from quantci.chip.latency.fit import SUPPORT_SHARE, known_cycles, percentile, relative_error, stored_terms
from quantci.chip.latency.prior import fit_drawn, missing_figures, own_terms, prior_of
from quantci.errors import DataRejected
from quantci.records.latency import LatencyCoefficients

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quantci.chip.latency.coefficients import Coefficients
    from quantci.chip.latency.fit import Row
    from quantci.chip.latency.prior import Prior
    from quantci.records.latency import Kernels, LatencyBoard, LatencyTerm, Memory

IMPLAUSIBLE: Final = 10.0  # times; TFLM's reference kernels take 20 times and more
LARGEST: Final = 1e6  # cycles of one unit that a file of coefficients can hold


class MeasuredModel(NamedTuple):
    """A model that was measured on the board.

    Attributes:
        whole: one inference.
        figures: what the fit gets of it: `whole` alone, or its ops.
        has_total: its ops are covered well enough for the estimate of one inference to be compared.
    """

    whole: Row
    figures: Sequence[Row]
    has_total: bool = True


class ModelCheck(NamedTuple):
    """What is estimated for a measured model, in cycles.

    Attributes:
        published: by the published coefficients; None where there are none for this group.
        fitted: by the board's.
        left_out: by the board's without this model; None where the other models do not know its kernels.
    """

    model: MeasuredModel
    published: float | None
    fitted: float
    left_out: float | None


class Calibration(NamedTuple):
    """The coefficients of a board, and each of its models against them."""

    record: LatencyCoefficients
    checks: list[ModelCheck]

    @property
    def is_published(self) -> bool:
        """Whether the published coefficients stay."""
        return all(check.fitted == check.published for check in self.checks)


def calibrate(
    models: Sequence[MeasuredModel],
    published: Coefficients | None,
    figures: Sequence[Row] = (),
    *,
    board: LatencyBoard,
    clock_hz: int,
    kernels: Kernels,
    memory: Memory,
    fitted_on: str,
) -> Calibration:
    """The coefficients that fit what was measured on a board, with the error of a model that is left out.

    Args:
        models: measured models; their cycles are positive.
        published: what they are drawn to; None for a group that has no published coefficients.
        figures: those behind the published coefficients.
        board: what they were measured on.
        clock_hz: its clock.
        kernels: what ran.
        memory: where the tensor arena lay.
        fitted_on: UTC date, YYYY-MM-DD.

    Raises:
        DataRejected: `too-few-figures`: they do not determine the coefficients, or leave no model to judge them by;
            `implausible`: a model took far longer or shorter than any such chip does.
    """
    known = {} if published is None else _terms_of(published.record.terms, kernels)
    prior = prior_of({name: term.cycles for name, term in known.items()}, figures)
    rows = [row for model in models for row in model.figures]
    if missing := missing_figures(rows, prior.cycles):
        raise DataRejected(
            "too-few-figures",
            f"The measured figures ({len(rows)}) do not determine what each of the "
            f"{len(own_terms(rows, prior.cycles))} kinds of work costs: at least {missing} more needed, and no "
            "published coefficients fill the gap.",
            remedy="Give the profile of each model, so that every op is a figure, or measure other models.",
        )
    coefficients, checks = fit_models(models, prior, 0.0 if published is None else published.record.error_ratio)
    for model in models:
        _refuse_implausible(model, coefficients, prior.cycles)
    errors = [
        relative_error(check.model.whole.cycles, check.left_out) for check in checks if check.left_out is not None
    ]
    return Calibration(
        LatencyCoefficients(
            schema_version=1,
            chip=CHIP,
            clock_hz=clock_hz,
            kernels=kernels,
            memory=memory,
            board=board,
            fitted_on=fitted_on,
            figures=len(rows),
            sources=len(models),
            models=len(errors),
            error_ratio=percentile(errors, 90) if errors else _error_of(published, checks),
            terms=stored_terms(rows, coefficients, known),
            published_sha256=None if published is None else published.sha256,
        ),
        checks,
    )


def fit_models(
    models: Sequence[MeasuredModel], prior: Prior, usual: float
) -> tuple[dict[str, float], list[ModelCheck]]:
    """The coefficients that fit the models, drawn to `prior`, and each model against them.

    A board is like the others where what is known is off by no more than usual, and by less than a fit to the models
    that are not left out: then what is known stays. A fit would take for the board's what no term explains of a model.

    Args:
        models: measured models.
        prior: what is known.
        usual: how far off it is for other boards.
    """
    rows = [row for model in models for row in model.figures]
    coefficients = fit_drawn(rows, prior)
    checks = [_check(model, models, prior, coefficients) for model in models]
    judged = [check for check in checks if check.left_out is not None and check.published is not None]
    known = max((relative_error(check.model.whole.cycles, check.published or 0) for check in judged), default=math.inf)
    drawn = max((relative_error(check.model.whole.cycles, check.left_out or 0) for check in judged), default=math.inf)
    if known > min(usual, drawn) or own_terms(rows, prior.cycles):
        return coefficients, checks
    stay = [
        check._replace(
            fitted=known_cycles(check.model.whole.terms, prior.cycles),
            left_out=None if check.left_out is None else check.published,
        )
        for check in checks
    ]
    return dict(prior.cycles), stay


def _terms_of(terms: Mapping[str, LatencyTerm], kernels: Kernels) -> dict[str, LatencyTerm]:
    """Those that such kernels have."""
    return {name: term for name, term in terms.items() if (name == REFERENCE_TERM) == (kernels == "reference")}


def _check(
    model: MeasuredModel,
    models: Sequence[MeasuredModel],
    prior: Prior,
    coefficients: Mapping[str, float],
) -> ModelCheck:
    terms = model.whole.terms
    fitted = known_cycles(terms, coefficients)
    # A model of the same work, such as one with other weights, would tell its latency: it is left out with it.
    others = [row for other in models if other.whole.terms != terms for row in other.figures]
    left_out = None
    if model.has_total and others and not missing_figures(others, prior.cycles):
        found = fit_drawn(others, prior)
        unknown = math.fsum(units * coefficients[name] for name, units in terms.items() if name not in found)
        if unknown <= SUPPORT_SHARE * fitted:
            left_out = known_cycles(terms, found) or None
    return ModelCheck(model, known_cycles(terms, prior.cycles) if prior.cycles else None, fitted, left_out)


def _refuse_implausible(model: MeasuredModel, coefficients: Mapping[str, float], prior: Mapping[str, float]) -> None:
    """Refuse what is rather a slip of the pen: milliseconds for microseconds, or other kernels than the file says."""
    usual = known_cycles(model.whole.terms, prior) if model.has_total else 0
    ratio = model.whole.cycles / usual if usual else 1.0
    if 1 / IMPLAUSIBLE <= ratio <= IMPLAUSIBLE and all(value <= LARGEST for value in coefficients.values()):
        return
    than = f", {ratio:.3g} times what published figures say" if usual else ""
    raise DataRejected(
        "implausible",
        f"One inference is said to take {model.whole.cycles:,.0f} cycles{than}.",
        where=model.whole.name,
        remedy='Check latency_us, clock_hz and kernels: "reference" is a build without ESP-NN.',
    )


def _error_of(published: Coefficients | None, checks: Sequence[ModelCheck]) -> float:
    """The error to state where no model could be left out: nothing shows that it became smaller."""
    if published is None:
        raise DataRejected(
            "too-few-figures",
            "No model can be left out of the fit, so the error of an estimate is unknown.",
            remedy="Measure one more model of the same kinds of layers.",
        )
    seen = [
        relative_error(check.model.whole.cycles, check.published)
        for check in checks
        if check.published is not None and check.model.has_total
    ]
    return max(published.record.error_ratio, *seen) if seen else published.record.error_ratio
