"""Is the calibration set large enough? Disjoint parts of it are calibrated on, and the INT8 models compared.

Where parts of the set already give models that answer alike and are as near to the float model as that of the whole
set, more samples would change nothing. Where they do not, which samples happened to be chosen decides.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from quantci.data.labelling import classes_of
from quantci.errors import DataRejected
from quantci.quantize.calibration_set import CalibrationSet
from quantci.quantize.int8 import make_int8
from quantci.quantize.ladder.attempt import run_int8, taken_trial
from quantci.quantize.ladder.score import scores
from quantci.quantize.observed import Observed
from quantci.quantize.recipe import recipe_named
from quantci.quantize.step import Statistics
from quantci.quantize.strip import strip
from quantci.records.ladder import StabilityResult
from quantci.records.stage import Advice
from quantci.tasks.class_metrics import predict
from quantci.tasks.multi_label import THRESHOLD
from quantci.workers.here import Here

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from quantci.data.sample import Sample
    from quantci.quantize.ladder.attempt import Trial
    from quantci.quantize.prepare import Prepared
    from quantci.tflite.model import Model
    from quantci.workers.pool import Pool

FEWEST_A_PART = 8
AGREEMENT = 0.98  # of two of 64 samples, one may differ
FACTOR = 2.0  # where there are no answers: a score of a part, in those of the whole set


class Part(NamedTuple):
    """What came of a part of the set.

    Attributes:
        score: see score.py.
        answers: what the model says of each held-back sample; None where the task has no answers.
    """

    score: float
    answers: NDArray[np.generic] | None


def split_evenly(samples: Sequence[Sample], count: int, seed: int) -> list[list[Sample]]:
    """`count` disjoint parts of nearly equal size, each with its share of every class, in the order of the set."""
    order = np.random.RandomState(seed).permutation(len(samples)).tolist()
    by_class = sorted(order, key=lambda place: next(iter(classes_of(samples[place].truth)), -1))
    return [[samples[place] for place in sorted(by_class[start::count])] for start in range(count)]


def stability(trial: Trial, recipe: str, whole: Model, count: int, *, workers: Pool) -> StabilityResult:
    """Quantize with parts of the calibration set, and compare what comes of it.

    Args:
        trial: the set, and what models are compared on.
        recipe: its name.
        whole: the INT8 model that was calibrated on the whole set.
        count: how many parts, 2 or more.
        workers: that have taken the trial.

    Raises:
        DataRejected: `too-few-samples`: parts of fewer than 8.
        ModelRejected: as the recipe's steps raise it.
    """
    samples = trial.prepared.calibration_set.samples
    if len(samples) < FEWEST_A_PART * count:
        raise DataRejected(
            "too-few-samples",
            f"{len(samples)} calibration samples in {count} parts are fewer than {FEWEST_A_PART} each.",
            where=trial.config.calibration.data or "",
            remedy=f"Ask for {max(2, len(samples) // FEWEST_A_PART)} parts at most, or add samples.",
        )
    parts = split_evenly(samples, count, trial.config.calibration.seed)
    waiting = [workers.submit(quantize_part, recipe, part) for part in parts]
    of_whole = workers.call(look_at, whole)
    return compare(recipe, of_whole, [workers.result(call) for call in waiting], trial, min(map(len, parts)))


def quantize_part(recipe: str, samples: list[Sample]) -> Part:
    """Quantize with these calibration samples. Runs in a worker that has taken the trial."""
    trial = taken_trial()
    prepared = with_samples(trial.prepared, samples)
    wanted = recipe_named(recipe, trial.config.quantization, needs_tensorflow=False)
    made = make_int8(prepared, wanted, workers=Here(), tensorflow=Here())  # type: ignore[arg-type]  # never asked
    return look_at(strip(made.model))


def with_samples(prepared: Prepared, samples: list[Sample]) -> Prepared:
    """The same float model, calibrated on these samples alone."""
    calibration_set = CalibrationSet(prepared.calibration_set.preprocessing, samples)
    float_model = prepared.statistics.float_model
    ranges = calibration_set.run_through(float_model, Here()).ranges
    return replace(
        prepared,
        statistics=Statistics(float_model, ranges),
        calibration_set=calibration_set,  # which biases are corrected with, and training learns from
        observed=Observed(calibration_set),
    )


def look_at(model: Model) -> Part:
    """Score and answers of a model. Runs in a worker that has taken the trial."""
    trial = taken_trial()
    kind, held = trial.config.task.kind, trial.held
    values, _ = run_int8(trial, model)
    score = float(scores(held.measure, kind, model.summary, held.values, values).mean())
    answers: NDArray[np.generic] | None = None
    if kind == "classification":
        answers = predict(values)[:, np.newaxis]
    elif kind == "multi-label":
        answers = values >= THRESHOLD
    return Part(round(score, 9), answers)


def compare(recipe: str, whole: Part, parts: Sequence[Part], trial: Trial, part_samples: int) -> StabilityResult:
    """What the record says."""
    everybody = [part.answers for part in (*parts, whole) if part.answers is not None]
    shares = [float((one == other).all(axis=1).mean()) for one, other in combinations(everybody, 2)]
    agreement = min(shares, default=None)
    scores = [part.score for part in parts]
    is_alike = max(scores) <= FACTOR * whole.score if agreement is None else agreement >= AGREEMENT
    return StabilityResult(
        parts=len(parts),
        part_samples=part_samples,
        recipe=recipe,
        compared_samples=len(trial.held.samples),
        scores=scores,
        whole_score=whole.score,
        measure=trial.held.measure,
        smallest_agreement=agreement,
        is_enough=is_alike,
    )


def advise(found: StabilityResult, path: str) -> Advice:
    """What to do about the calibration set."""
    agreement = found.smallest_agreement
    share = "" if agreement is None else f", and any two of the models agree on {100 * agreement:.1f} % of the answers"
    facts = (
        f"Of {found.parts} disjoint parts of the calibration set ({found.part_samples} samples or more each), the "
        f"quantized model's score is {min(found.scores):.3g} to {max(found.scores):.3g}; that of the whole set is "
        f"{found.whole_score:.3g}{share} (recipe {found.recipe}, {found.compared_samples} held-back samples)"
    )
    if found.is_enough:
        return Advice(code="calibration-stable", text=f"{facts}: the set is large enough.")
    text = (
        f"{facts}: which samples were chosen decides what comes of it. Add samples to {path}, look for outliers among "
        "them, or take a recipe that clips, such as percentile-99.9."
    )
    return Advice(code="calibration-unstable", text=text)
