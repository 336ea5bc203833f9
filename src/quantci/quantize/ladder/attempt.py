"""One recipe, tried: the INT8 model and its figures. Everything here runs in a worker, where native code may crash."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from quantci.chip.graph import read_graph
from quantci.chip.prediction import predict
from quantci.quantize.int8 import make_int8
from quantci.quantize.ladder.estimate import estimate
from quantci.quantize.ladder.held_back import kept_of
from quantci.quantize.ladder.score import scores
from quantci.quantize.recipe import recipe_named
from quantci.quantize.strip import strip
from quantci.records.ladder import LadderTry
from quantci.tflite.integer_only import check_integer_only
from quantci.tflite.oracle import open_oracle
from quantci.workers.here import Here

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from quantci.errors import QuantciError
    from quantci.quantize.int8 import Int8
    from quantci.quantize.ladder.estimate import Right
    from quantci.quantize.ladder.held_back import HeldBack
    from quantci.quantize.prepare import Prepared
    from quantci.records.config import Config
    from quantci.tasks.task import Task
    from quantci.tflite.model import Model
    from quantci.tflite.oracle import Oracle


class Trial(NamedTuple):
    """What every try starts from.

    Attributes:
        config: the effective configuration.
        base: folder that relative paths in it start from.
        prepared: the float model, calibrated.
        held: what recipes are compared on.
        right: what counts as right there; None where nothing does.
        task: what the model answers.
        oracle: what judges INT8.
    """

    config: Config
    base: Path
    prepared: Prepared
    held: HeldBack
    right: Right | None
    task: Task
    oracle: Oracle


class Attempt(NamedTuple):
    """What came of a try.

    Attributes:
        tried: its line in the record.
        made: the models; None if they were refused.
        float_metric: of the float model on the same samples; None where there is no estimate.
        error: why it was refused.
    """

    tried: LadderTry
    made: Int8 | None = None
    float_metric: float | None = None
    error: QuantciError | None = None


def refused(name: str, error: QuantciError, duration_s: float) -> Attempt:
    """A recipe that gives no INT8 model."""
    tried = LadderTry(
        recipe=name,
        refused=f"{error.cause} [{error.code}]",
        score=None,
        estimate=None,
        model_sha256=None,
        file_bytes=None,
        arena_bytes=None,
        arena_memory=None,
        latency_us=None,
        latency_reason=None,
        misses=[],
        duration_s=duration_s,
    )
    return Attempt(tried, error=error)


# A worker is a fork that has the trial already, or is sent it once: what recipes share of statistics is kept in there.
_trial: Trial | None = None


def take_trial(trial: Trial) -> None:
    """Initializer of a worker."""
    global _trial  # noqa: PLW0603
    _trial = trial


def try_recipe(name: str) -> Attempt:
    """Quantize with the recipe of this name, and judge the model.

    Raises:
        ModelRejected, ToolError: as the recipe's steps raise it.
    """
    trial = taken_trial()
    start_s = time.monotonic()
    recipe = recipe_named(name, trial.config.quantization, needs_tensorflow=False)
    made = make_int8(trial.prepared, recipe, workers=Here(), tensorflow=Here())  # type: ignore[arg-type]  # never asked
    return judge_in(trial, name, made, start_s)


def judge(name: str, made: Int8, spent_s: float) -> Attempt:
    """Judge a model that was made elsewhere, in so many seconds."""
    return judge_in(taken_trial(), name, made, time.monotonic() - spent_s)


def judge_in(trial: Trial, name: str, made: Int8, start_s: float) -> Attempt:
    """The figures of a model.

    Args:
        trial: what it is compared with.
        name: of the recipe.
        made: the model.
        start_s: when the try began.
    """
    config, held = trial.config, trial.held
    if config.gates.int_only:
        check_integer_only(made.model, frozenset(config.embed.custom_ops))
    model = strip(made.model) if config.quantization.strip else made.model
    values, kept = run_int8(trial, model)
    found = scores(held.measure, config.task.kind, model.summary, held.values, values)
    judged = (
        None if trial.right is None else estimate(trial.right, trial.task, model.summary, before=held.kept, after=kept)
    )
    chip = predict(config.target, trial.base, model, read_graph(model), Here(), has_custom_ops=_has_custom_ops(model))
    latency = chip.latency
    reasons = [advice.text for advice in chip.advice if advice.code == "latency-unknown"]
    tried = LadderTry(
        recipe=name,
        refused=None,
        score=round(float(found.mean()), 9),
        estimate=judged[1] if judged else None,
        model_sha256=model.sha256,
        file_bytes=len(model.data),
        arena_bytes=chip.arena.recommended_bytes if chip.arena else None,
        arena_memory=chip.arena.memory if chip.arena else None,
        latency_us=latency.total_us if latency else None,
        latency_reason=latency.reason if latency else " ".join(reasons),
        misses=[],
        duration_s=round(time.monotonic() - start_s, 3),
    )
    return Attempt(tried, made, judged[0] if judged else None)


def run_int8(trial: Trial, model: Model) -> tuple[NDArray[np.float32], NDArray[np.generic]]:
    """What the model answers to the samples in the oracle: real values [n, d], and what the task keeps of them."""
    runner = open_oracle(model, trial.oracle)
    (taken,) = runner.inputs
    raw, values = [], []
    for tensor in trial.held.tensors:
        outputs = [output.reshape(1, -1) for output in runner.run([taken.from_real(tensor)])]
        raw.append(outputs)
        values.append([spec.to_real(output) for spec, output in zip(runner.outputs, outputs, strict=True)])
    return kept_of(trial.task, trial.held.tensors, raw, values)


def _has_custom_ops(model: Model) -> bool:
    return any(op.is_custom for op in model.summary.ops)


def taken_trial() -> Trial:
    """What this process has taken."""
    assert _trial is not None, "take_trial() comes first"
    return _trial
