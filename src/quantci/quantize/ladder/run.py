"""recipe = "auto", and the test of the calibration set: from what was prepared to the INT8 model that is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from quantci.data.culprits import plural
from quantci.errors import ModelRejected
from quantci.quantize.int8 import make_int8
from quantci.quantize.ladder import stability
from quantci.quantize.ladder.attempt import Trial, take_trial
from quantci.quantize.ladder.choose import best_of, holds, pareto
from quantci.quantize.ladder.climb import WERE_OVER, climb
from quantci.quantize.ladder.estimate import right_answers
from quantci.quantize.ladder.held_back import hold_back
from quantci.quantize.ladder.keep import TRIES, Kept
from quantci.quantize.ladder.rungs import first_rung
from quantci.quantize.ladder.side_by_side import SideBySide
from quantci.quantize.recipe import recipe_named
from quantci.quantize.recipe_name import QAT
from quantci.quantize.strip import strip
from quantci.records.ladder import AUTO, LadderResult
from quantci.records.stage import Advice
from quantci.tasks.choose import choose_task
from quantci.tflite.oracle import choose_oracle
from quantci.workers.here import Here
from quantci.workers.pool import Pool

if TYPE_CHECKING:
    from pathlib import Path

    from quantci.progress import Progress
    from quantci.quantize.int8 import Int8
    from quantci.quantize.ladder.attempt import Attempt
    from quantci.quantize.ladder.climb import Climbed
    from quantci.quantize.prepare import Prepared
    from quantci.quantize.recipe import Recipe
    from quantci.records.config import Config
    from quantci.records.ladder import LadderTry, StabilityResult
    from quantci.workers.jail import Jail


class TriedOut(NamedTuple):
    """What is kept, and what the record says of it.

    Attributes:
        recipe: that was chosen or named.
        made: its models.
        result: of the ladder; None where a recipe was named.
        stability: of the calibration set; None unless it was asked for.
        advice: on both.
    """

    recipe: Recipe
    made: Int8
    result: LadderResult | None
    stability: StabilityResult | None
    advice: list[Advice]


def try_out(
    prepared: Prepared,
    config: Config,
    base: Path,
    *,
    workers: Pool,
    tensorflow: Jail,
    progress: Progress,
    parts: int,
    kept_in: Path | None,
) -> TriedOut:
    """Climb the ladder if the recipe is `auto`, and test the calibration set if that is asked for.

    Args:
        prepared: the float model, calibrated.
        config: the effective configuration.
        base: folder that relative paths in it start from.
        workers: pool for LiteRT and TFLM; as many recipes are tried at the same time.
        tensorflow: where engines and training run that are no worker's.
        progress: told what is going on.
        parts: of the calibration set; 0 does not test it.
        kept_in: where tries are kept from run to run; None keeps none.

    Raises:
        ModelRejected, DataRejected, ConfigError, ToolError: as docs/errors.md lists.
    """
    progress("running the float model on samples to choose on")
    trial = prepare_trial(prepared, config, base, workers)
    kept = Kept(None if kept_in is None else kept_in / TRIES, trial)
    if config.quantization.recipe == AUTO and not kept.holds_all(first_rung(config).recipes):
        progress("counting the values of each activation")
        prepared.observed.statistics(*prepared.statistics[:2], workers).observe()  # most recipes ask for it
    # Those who are forked now have all of it at once; each keeps what recipes share beyond that.
    with Pool(workers.size, where=prepared.statistics.float_model.where, initializer=take_trial, initargs=(trial,)) as (
        forked
    ):
        result, advice, found = None, [], None
        name = config.quantization.recipe
        if name == AUTO:
            made, result = run_ladder(trial, kept, workers=forked, tensorflow=tensorflow, progress=progress)
            name, advice = result.chosen, advise(result)
            recipe = recipe_named(name, trial.config.quantization, needs_tensorflow=False)
        else:
            recipe = recipe_named(name, trial.config.quantization, needs_tensorflow=False)
            made = make_int8(prepared, recipe, workers=workers, tensorflow=tensorflow, progress=progress)
        if parts:
            progress(f"calibrating on {parts} parts of the set")
            place = forked
            if QAT in name.split("+"):  # training starts a process, which no worker may
                take_trial(trial)
                place = Here()
            found = stability.stability(trial, name, strip(made.model), parts, workers=place)
            advice = [*advice, stability.advise(found, prepared.calibration.path)]
    return TriedOut(recipe, made, result, found, advice)


def prepare_trial(prepared: Prepared, config: Config, base: Path, workers: Pool) -> Trial:
    """What recipes are compared on, read.

    Raises:
        DataRejected, ConfigError: see `hold_back`.
    """
    quantization = config.quantization
    if quantization.engine == "auto":  # no recipe gains by TensorFlow's quantizer, and it runs in no worker
        config = msgspec.structs.replace(config, quantization=msgspec.structs.replace(quantization, engine="litert"))
    task = choose_task(config.task)
    held = hold_back(config, base, prepared, task, workers)
    right = right_answers(held, config.task.kind, task)
    return Trial(config, base, prepared, held, right, task, choose_oracle(config.evaluation.oracle))


def run_ladder(
    trial: Trial, kept: Kept, *, workers: Pool, tensorflow: Jail, progress: Progress
) -> tuple[Int8, LadderResult]:
    """Try recipes, and keep the best.

    Args:
        trial: what they start from.
        kept: tries of earlier runs.
        workers: that have taken it.
        tensorflow: where engines and training run that are no worker's.
        progress: told which recipes are tried.

    Raises:
        ModelRejected, ToolError: no recipe gave an INT8 model: why the first one did not.
    """
    tries = SideBySide(trial, workers=workers, tensorflow=tensorflow, kept=kept, progress=progress)
    climbed = climb(trial.config, tries.try_all)
    kept.tidy()
    best = best_of(climbed.tries)
    attempt = tries.attempts[best.recipe] if best else None
    if best is None or attempt is None or attempt.made is None:
        raise _nothing(tries.attempts, trial)
    return attempt.made, _result(trial, climbed, best, attempt.float_metric)


def _nothing(attempts: dict[str, Attempt], trial: Trial) -> Exception:
    error = next((one.error for one in attempts.values() if one.error is not None), None)
    where = trial.prepared.statistics.float_model.where
    return error or ModelRejected("no-recipe", "No recipe was tried.", where=where, remedy="Raise ladder.budget_s.")


def _result(trial: Trial, climbed: Climbed, best: LadderTry, float_metric: float | None) -> LadderResult:
    held, right = trial.held, trial.right
    has_estimate = right is not None and best.estimate is not None
    return LadderResult(
        chosen_on=held.chosen_on,
        path=held.path,
        samples=held.digests,
        measure=held.measure,
        metric=right.metric if right and has_estimate else None,
        truth=right.truth if right and has_estimate else None,
        float_metric=float_metric,
        goal=climbed.goal,
        is_goal_met=holds(best, climbed.goal),
        tries=climbed.tries,
        not_tried=climbed.not_tried,
        chosen=best.recipe,
        pareto=pareto(climbed.tries),
        is_cut=climbed.is_cut,
    )


def advise(result: LadderResult) -> list[Advice]:
    """What the ladder leaves to be done."""
    found = []
    if result.is_cut:
        missed = ", ".join(one.recipe for one in result.not_tried if one.reason.endswith(WERE_OVER))
        text = (
            f"The budget ended the ladder before {missed}: with a larger ladder.budget_s or ladder.tries the choice "
            "may be another. What was tried is kept, so a further run goes on from there."
        )
        found.append(Advice(code="ladder-cut", text=text))
    if result.is_goal_met is False and result.goal is not None:
        text = (
            f"No recipe that was tried meets the goal, a loss of {100 * result.goal:g} points at most, by the estimate "
            f"on {plural(len(result.samples), 'sample')}; {result.chosen} is the best of them."
        )
        found.append(Advice(code="ladder-goal-missed", text=text))
    return found
