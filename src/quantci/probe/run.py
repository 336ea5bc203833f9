"""The float model on labelled samples, each read once, under every usual preprocessing; ranked by accuracy."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from quantci.data.geometry import image_geometry
from quantci.data.preprocess import Preprocessing
from quantci.data.samples import find_samples
from quantci.data.stratified import choose
from quantci.errors import ConfigError, DataRejected, QuantciError
from quantci.probe.variants import as_configured, changes, sizes_of, values_of
from quantci.records.truth import ClassTruth
from quantci.statistics.paired import mcnemar_p
from quantci.statistics.proportion import wilson_interval
from quantci.tasks.choose import choose_task
from quantci.tasks.class_metrics import predict
from quantci.tasks.outputs import check_one_output, only_input
from quantci.tflite.lite_rt import open_lite_rt

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from quantci.data.sample import Sample
    from quantci.probe.variants import Variant
    from quantci.progress import Progress
    from quantci.records.config import Config
    from quantci.records.input_config import InputConfig
    from quantci.tflite.model import Model
    from quantci.workers.pool import Pool

MOST_SAMPLES: Final = 100
_SIZED: Final = 3  # so many of the best scales are tried with every way to the model's size
_SURE: Final = 0.01  # McNemar's p, over all that were tried (Bonferroni), below which one is better than the configured
_BATCH: Final = 8


class Row(NamedTuple):
    """One preprocessing.

    Attributes:
        variant: what was tried.
        right: by sample, whether the model found its class, [n].
    """

    variant: Variant
    right: NDArray[np.bool_]

    @property
    def accuracy(self) -> float:
        """Share of samples whose class was found."""
        return float(self.right.mean())

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of that share."""
        return wilson_interval(self.accuracy, len(self.right))


class Probed(NamedTuple):
    """What came of it.

    Attributes:
        rows: the best first; of equals the one that changes less.
        configured: the one that quantci.toml says.
        fits: the simplest of the best, where it is better than that beyond doubt; else None.
    """

    rows: list[Row]
    configured: Row
    fits: Row | None


def probe(config: Config, base: Path, model: Model, *, workers: Pool, progress: Progress) -> Probed:
    """Try the usual preprocessings on up to 100 samples of the evaluation set.

    Args:
        config: the effective configuration.
        base: folder that relative paths in it start from.
        model: the float model.
        workers: for LiteRT.
        progress: told how far it is.

    Raises:
        ConfigError: `probe-task`: the task is not classification; `input-...`: [input] does not go with the model.
        DataRejected: the set cannot be read, or has no labels.
        ModelRejected, ToolError: as docs/errors.md lists.
    """
    if config.task.kind != "classification":
        raise ConfigError(
            "probe-task",
            f"A probe ranks by accuracy, and the task is {config.task.kind}.",
            where="task.kind",
            remedy="Set [input] as the training does: docs/configuration.md says who trains how.",
        )
    task = choose_task(config.task)
    shape = only_input(model.summary, model.where).shape
    check_one_output(model.summary, config.task.kind)
    found = find_samples(config.evaluation.data, base, task, config.input, "evaluation").samples
    samples = choose(found, MOST_SAMPLES, config.evaluation.seed)
    Preprocessing.for_model(config.input, shape)  # of the others, what does not go with the model is left out
    geometry = image_geometry(tuple(shape), config.input.layout) if config.input.dtype is None else None
    progress(f"trying the usual preprocessings on {len(samples)} samples")
    tried = partial(_try, model=model, shape=shape, samples=samples, workers=workers, progress=progress)
    rows, has_sizes, has_ratios = tried(
        [as_configured(config.input), *_changing(values_of(config.input, geometry[2] if geometry else 0), config.input)]
    )
    configured = rows[0]
    if has_sizes:
        best = [configured, *sorted(rows[1:], key=lambda row: -row.accuracy)[:_SIZED]]
        others = [other for row in best for other in sizes_of(row.variant, has_ratios=has_ratios)]
        known = {row.variant.input for row in rows}
        rows += tried([other for other in _changing(others, config.input) if other.input not in known])[0]
    ranked = sorted(rows, key=lambda row: (-row.accuracy, len(changes(config.input, row.variant.input))))
    return Probed(ranked, configured, _clearly(_simplest(ranked, config.input), configured, len(rows) - 1))


def _changing(variants: Iterable[Variant], input: InputConfig) -> list[Variant]:  # noqa: A002 - the name in quantci.toml
    return [variant for variant in variants if changes(input, variant.input)]


def _simplest(ranked: Sequence[Row], configured: InputConfig) -> Row:
    """Of the best and those that find one sample less, the one that changes the fewest keys: one sample is chance."""
    most = ranked[0].right.sum()
    as_good = (row for row in ranked if most - row.right.sum() <= 1)
    return min(as_good, key=lambda row: len(changes(configured, row.variant.input)))


def _clearly(best: Row, configured: Row, others: int) -> Row | None:
    """The best of so many others, if it is better than chance lets the best of so many be."""
    broken, fixed = int((configured.right & ~best.right).sum()), int((best.right & ~configured.right).sum())
    return best if fixed > broken and mcnemar_p(broken, fixed) * others < _SURE else None


def _try(
    variants: Sequence[Variant],
    *,
    model: Model,
    shape: Sequence[int],
    samples: Sequence[Sample],
    workers: Pool,
    progress: Progress,
) -> tuple[list[Row], bool, bool]:
    """A row for each that goes with this model, and whether any picture was of another size and aspect ratio."""
    usable = [variant for variant in variants if _fits(variant.input, shape)]
    preprocessings = [Preprocessing.for_model(variant.input, shape) for variant in usable]
    batches = [list(samples[start : start + _BATCH]) for start in range(0, len(samples), _BATCH)]
    answers: list[Answers] = []
    for answered in workers.map(partial(answers_of, model, preprocessings), batches):
        answers.append(answered)
        progress(f"trying {len(usable)} preprocessings", min(len(samples), _BATCH * len(answers)), len(samples))
    table = np.concatenate([answered.right for answered in answers], axis=1)
    if not table.shape[1]:
        raise DataRejected(
            "unreadable",
            "None of the samples that were tried could be read.",
            where="evaluation.data",
            remedy="Run `quantci evaluate`: it names the files.",
        )
    rows = [Row(variant, row) for variant, row in zip(usable, table, strict=True)]
    return rows, any(answered.has_sizes for answered in answers), any(answered.has_ratios for answered in answers)


def _fits(input: InputConfig, shape: Sequence[int]) -> bool:  # noqa: A002
    try:
        Preprocessing.for_model(input, shape)
    except QuantciError:
        return False
    return True


class Answers(NamedTuple):
    """What a worker found.

    Attributes:
        right: by preprocessing and sample that can be read, whether the model found its class, [v, n].
        has_sizes: whether any of them is a picture of another size than the model's.
        has_ratios: whether any of these has another aspect ratio, so that it is stretched, cut or padded.
    """

    right: NDArray[np.bool_]
    has_sizes: bool
    has_ratios: bool


def answers_of(model: Model, preprocessings: Sequence[Preprocessing], samples: Sequence[Sample]) -> Answers:
    """Run a batch in a worker. Where a sample does not become finite, the model does not find its class."""
    runner = open_lite_rt(model)
    columns: list[list[bool]] = []
    has_sizes, has_ratios = False, False
    for sample in samples:
        try:
            raw = preprocessings[0].read(sample)
        except DataRejected:
            continue
        assert isinstance(sample.truth, ClassTruth)
        size = preprocessings[0].geometry
        if raw.is_image and size is not None:
            height, width = raw.values.shape[:2]
            has_sizes |= (height, width) != size[:2]
            has_ratios |= height * size[1] != width * size[0]
        column = []
        for preprocessing in preprocessings:
            try:
                tensor = preprocessing.load_raw(raw).tensor
            except DataRejected:
                column.append(False)
                continue
            output = runner.run([tensor])[0].reshape(1, -1).astype(np.float32)
            column.append(bool(np.isfinite(output).all() and predict(output)[0] == sample.truth.index))
        columns.append(column)
    return Answers(np.array(columns, np.bool_).reshape(-1, len(preprocessings)).T, has_sizes, has_ratios)
