"""What is to be scored: the models, the samples and how they are read, checked before a worker starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from quantci.data.preprocess import Preprocessing
from quantci.data.samples import find_samples, infer_labels
from quantci.evaluate.ports import check_classes, check_ports
from quantci.evaluate.score import Job
from quantci.tflite.oracle import choose_oracle
from quantci.tflite.pool import core_count

if TYPE_CHECKING:
    from pathlib import Path

    from quantci.data.samples import Sample
    from quantci.records.config import Config
    from quantci.records.model import ModelSummary, TensorInfo


class Plan(NamedTuple):
    """What is to be scored, and with what.

    Attributes:
        job: what a worker needs.
        port: the one output of the INT8 model.
        samples: the whole evaluation set, in its order.
        labels: class names by index.
        workers: number of worker processes.
    """

    job: Job
    port: TensorInfo
    samples: list[Sample]
    labels: tuple[str, ...]
    workers: int


def make_plan(config: Config, base: Path, *, float_model: bytes, quantized_model: bytes, summary: ModelSummary) -> Plan:
    """Find the samples and check that configuration, set and model fit each other.

    Args:
        config: the effective configuration.
        base: folder that relative paths in it start from.
        float_model: the reference.
        quantized_model: the INT8 model.
        summary: the look into the INT8 model.

    Raises:
        DataRejected, ModelRejected, ConfigError, ToolError: as docs/errors.md lists.
    """
    port = check_ports(summary)
    job = Job(
        float_model=float_model,
        quantized_model=quantized_model,
        preprocessing=Preprocessing.for_model(config.input, summary.inputs[0].shape),
        oracle=choose_oracle(config.evaluation.oracle),
        task=config.task.kind,
    )
    samples = find_samples(config.evaluation.data, base, config.task, config.input, "evaluation")
    labels = infer_labels(config.evaluation.data, base, config.task)
    if config.task.kind == "classification":
        check_classes(labels, port, config.evaluation.data)
    return Plan(job, port, samples, labels, config.evaluation.workers or core_count())
