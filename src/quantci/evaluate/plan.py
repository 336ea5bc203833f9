"""What is to be scored: the samples and how they are read, checked against the model before one is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from quantci.data.preprocess import Preprocessing
from quantci.data.samples import find_samples
from quantci.evaluate.job import Job
from quantci.tasks.choose import choose_task
from quantci.tasks.outputs import only_input

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from quantci.data.sample import Sample
    from quantci.records.config import Config
    from quantci.records.model import ModelSummary, TensorInfo


class Plan(NamedTuple):
    """What is to be scored, and with what.

    Attributes:
        job: how the samples are read.
        outputs: those of the INT8 model that are judged.
        samples: the whole evaluation set, in its order.
        labels: class names by index.
    """

    job: Job
    outputs: Sequence[TensorInfo]
    samples: list[Sample]
    labels: tuple[str, ...]


def make_plan(config: Config, base: Path, summary: ModelSummary) -> Plan:
    """Find the samples and check that configuration, set and model fit each other.

    Args:
        config: the effective configuration.
        base: folder that relative paths in it start from.
        summary: the look into the INT8 model.

    Raises:
        DataRejected, ModelRejected, ConfigError, ToolError: as docs/errors.md lists.
    """
    task = choose_task(config.task)
    outputs = task.outputs_of(summary)
    job = Job(Preprocessing.for_model(config.input, only_input(summary, summary.file_name).shape), task)
    samples, labels = find_samples(config.evaluation.data, base, task, config.input, "evaluation")
    task.check_labels(labels, outputs, config.evaluation.data)
    return Plan(job, outputs, samples, labels)
