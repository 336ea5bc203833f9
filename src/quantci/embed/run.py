"""The stage: from the quantized model to an ESP-IDF component, with the arena that it needs on the chip."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantci.chip.graph import read_graph
from quantci.chip.prediction import predict
from quantci.data.preprocess import Preprocessing
from quantci.data.samples import holds_pixels, list_set
from quantci.embed.component import write_component
from quantci.embed.constants import PIXEL_RANGE
from quantci.embed.picture import InputConstants
from quantci.embed.resolver import make_resolver, used_ops
from quantci.errors import DataRejected, ModelRejected
from quantci.records.embed import EmbedResult
from quantci.tasks.choose import choose_task
from quantci.tflite.integer_only import name_ops
from quantci.tflite.tflm_types import wrong_types

if TYPE_CHECKING:
    from pathlib import Path

    from quantci.progress import Progress
    from quantci.records.config import Config
    from quantci.tflite.model import Model
    from quantci.workers.pool import Pool

COMPONENT_DIR = "component"


def embed(
    config: Config,
    base: Path,
    output: Path,
    *,
    model: Model,
    workers: Pool,
    progress: Progress,
) -> EmbedResult:
    """Write the component into `output`/component/<name>.

    Args:
        config: the effective configuration.
        base: folder that relative paths in it start from.
        output: folder to write into.
        model: the quantized model.
        workers: for TFLM, which is asked only where the arena cannot be simulated; it starts only if it is used.
        progress: told what is going on.

    Raises:
        ModelRejected, ConfigError, ToolError: as docs/errors.md lists.
    """
    graph = read_graph(model)
    resolver = make_resolver(used_ops(graph), config.embed.custom_ops, base)  # it names ops that TFLM only refuses
    _check_types(model)
    progress("sizing the tensor arena")
    customs = bool(config.embed.custom_ops)
    prediction = predict(config.target, base, model, graph, workers, has_custom_ops=customs)
    progress("writing the component")
    folder = output / COMPONENT_DIR / config.embed.component
    port = model.summary.inputs[0]
    preprocessing = Preprocessing.for_model(config.input, port.shape)
    labels, is_picture = _look(config, base)
    constants = InputConstants.of(preprocessing, is_picture=is_picture and preprocessing.geometry is not None)
    table = None
    # int16 and float inputs are computed, not looked up, as is what depends on the whole picture.
    if constants.size and not constants.is_standardized and port.dtype in PIXEL_RANGE and port.scale:
        table = preprocessing.normalization.lookup_table(port.scale[0], port.zero_point[0], port.dtype).tolist()
    files = write_component(
        folder,
        model=model,
        config=config.embed,
        labels=labels,
        lookup_table=table,
        constants=constants,
        arena=prediction.arena,
        release=prediction.release,
        resolver=resolver,
    )
    return EmbedResult(
        component=config.embed.component,
        component_dir=f"{COMPONENT_DIR}/{config.embed.component}",
        model_sha256=model.sha256,
        model_bytes=len(model.data),
        resolver_ops=resolver.ops,
        arena=prediction.arena,
        files=files,
        advice=prediction.advice,
        latency=prediction.latency,
        kernel_hits=prediction.release.hits,
        op_kernels=prediction.op_kernels,
    )


def _check_types(model: Model) -> None:
    """Refuse what TFLM has no kernel for in the model's types: the firmware would stop at it."""
    wrong = wrong_types(model.summary)
    if not wrong:
        return
    types = sorted({dtype for _, dtype in wrong})
    raise ModelRejected(
        "unsupported-type",
        f"TFLM has no kernel in {' and '.join(types)} for {name_ops(op for op, _ in wrong)}.",
        where=model.where,
        remedy="Convert the model with TensorFlow 2 in INT8, which may still take and give uint8."
        if types == ["uint8"]
        else "Replace the layers that these ops come from, or convert the model in INT8: quantci inspect lists them.",
    )


def _look(config: Config, base: Path) -> tuple[tuple[str, ...], bool]:
    """Labels, and whether a sample is a picture, as configuration and evaluation set tell.

    Without the set the labels are those of the configuration, perhaps none, and only the shape tells pictures.
    """
    task = choose_task(config.task)
    # Tensors from .bin files are not pixels, even if their shape could be an image's.
    may_be_picture = config.input.dtype is None
    try:
        listing = list_set(config.evaluation.data, base, task, "evaluation")
        return task.labels or task.names(listing), may_be_picture and holds_pixels(listing)
    except DataRejected:
        return task.labels, may_be_picture
