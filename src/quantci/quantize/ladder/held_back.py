"""The samples that recipes are compared on: none of them took part in calibration, and none is evaluated on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from quantci.data.audit import identify
from quantci.data.culprits import plural
from quantci.data.samples import find_samples
from quantci.data.tally import Tally
from quantci.errors import ConfigError, DataRejected
from quantci.quantize.ladder.score import measure_for
from quantci.tflite.lite_rt import open_lite_rt

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from quantci.data.preprocess import Preprocessing
    from quantci.data.sample import Sample
    from quantci.quantize.prepare import Prepared
    from quantci.records.config import Config
    from quantci.records.dataset import SampleDigest
    from quantci.records.ladder import Measure
    from quantci.tasks.task import Task
    from quantci.tflite.model import Model
    from quantci.workers.pool import Pool

FEWEST = 8


class HeldBack(NamedTuple):
    """Samples, and what the float model makes of them.

    Attributes:
        chosen_on: whose they are.
        path: of their set, as written in the configuration.
        samples: those that could be read.
        labels: class names by index.
        digests: the identity of each.
        tensors: as the float model takes them, [1, ...] each.
        values: the float model's outputs, all of a sample in one row, [n, d].
        kept: what the task keeps of them, [n, k]; see Task.keep().
        measure: what INT8 is compared with them by.
    """

    chosen_on: Literal["held-back", "tuning-set"]
    path: str
    samples: list[Sample]
    labels: tuple[str, ...]
    digests: list[SampleDigest]
    tensors: list[NDArray[np.float32]]
    values: NDArray[np.float32]
    kept: NDArray[np.generic]
    measure: Measure


def hold_back(config: Config, base: Path, prepared: Prepared, task: Task, workers: Pool) -> HeldBack:
    """Read the tuning set, or the samples that calibration left, and run them through the float model.

    Args:
        config: the effective configuration.
        base: folder that relative paths in it start from.
        prepared: what calibration left.
        task: what the model answers.
        workers: where samples are read.

    Raises:
        ConfigError: `tuning-set`: it is the evaluation set.
        DataRejected: `too-few-samples`, or what reading a set raises.
    """
    path, samples, labels = prepared.calibration.path, prepared.held_back, prepared.labels
    preprocessing = prepared.calibration_set.preprocessing
    chosen_on: Literal["held-back", "tuning-set"] = "held-back"
    if (tuning := config.ladder.tuning) is not None:
        if (base / tuning).resolve() == (base / config.evaluation.data).resolve():
            raise ConfigError(
                "tuning-set",
                "The tuning set is the evaluation set: a recipe that was chosen on it cannot be judged on it.",
                where="ladder.tuning",
                remedy="Name another labelled set, or remove the key: then calibration samples are held back.",
            )
        chosen_on, path = "tuning-set", tuning
        samples, labels = find_samples(tuning, base, task, config.input, "evaluation")
    if len(samples) < FEWEST:
        raise DataRejected(
            "too-few-samples",
            f"A recipe cannot be chosen on {plural(len(samples), 'sample')}: it takes {FEWEST} or more.",
            where=path,
            remedy=f"Add samples: a quarter of the calibration set is held back, so {4 * FEWEST} are enough; or name "
            "the recipe instead of auto.",
        )
    float_model = prepared.statistics.float_model
    size = -(-len(samples) // workers.size)
    shares = [samples[start : start + size] for start in range(0, len(samples), size)]
    waiting = [workers.submit(_run_share, float_model, preprocessing, task, share) for share in shares]
    tally, parts = Tally(), [workers.result(call) for call in waiting]
    for part in parts:
        tally.merge(part.tally)
    tally.summary(path, found=len(samples), labels=labels, seed=None)  # refuses a set that cannot be read
    values = np.concatenate([part.values for part in parts if len(part.samples)])
    return HeldBack(
        chosen_on=chosen_on,
        path=path,
        samples=[sample for part in parts for sample in part.samples],
        labels=tuple(labels),
        digests=identify(tally),
        tensors=[tensor for part in parts for tensor in part.tensors],
        values=values,
        kept=np.concatenate([part.kept for part in parts if len(part.samples)]),
        measure=measure_for(config.task.kind, values.shape[1]),
    )


class _Share(NamedTuple):
    tally: Tally
    samples: list[Sample]
    tensors: list[NDArray[np.float32]]
    values: NDArray[np.float32]
    kept: NDArray[np.generic]


def _run_share(float_model: Model, preprocessing: Preprocessing, task: Task, samples: list[Sample]) -> _Share:
    """Runs in a worker."""
    tally = Tally()
    read = list(tally.read(samples, preprocessing))
    tensors = [loaded.tensor for _, loaded in read]
    runner = open_lite_rt(float_model)
    outputs = [[output.reshape(1, -1) for output in runner.run([tensor])] for tensor in tensors]
    values, kept = kept_of(task, tensors, outputs, outputs)
    return _Share(tally, [sample for sample, _ in read], tensors, values, kept)


def kept_of(
    task: Task, tensors: Sequence[NDArray[np.float32]], raw: Sequence[Sequence[Any]], values: Sequence[Sequence[Any]]
) -> tuple[NDArray[np.float32], NDArray[np.generic]]:
    """All real outputs of each sample in a row [n, d], and what the task keeps of them; empty where it keeps one only.

    Args:
        task: what the model answers.
        tensors: what the model was given.
        raw: of each sample its outputs, [1, k] each.
        values: the same as real numbers.
    """
    if not tensors:
        return np.empty((0, 0), np.float32), np.empty((0, 0))
    real = [np.concatenate(rows).astype(np.float32) for rows in zip(*values, strict=True)]
    if len(real) > 1:  # no task judges several outputs; their values can still be compared
        return np.concatenate(real, axis=1), np.empty((len(tensors), 0))
    given = np.concatenate([tensor.reshape(1, -1) for tensor in tensors])
    return real[0], task.keep(given, [np.concatenate(rows) for rows in zip(*raw, strict=True)], real)
