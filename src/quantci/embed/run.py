"""The stage: from the quantized model to an ESP-IDF component, with the arena that it needs on the chip."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantci.chip.graph import read_graph
from quantci.data.geometry import image_geometry
from quantci.data.preprocess import Preprocessing
from quantci.data.samples import infer_labels
from quantci.embed.component import write_component
from quantci.embed.constants import PIXEL_RANGE, ImageConstants
from quantci.embed.prediction import predict
from quantci.embed.resolver import make_resolver, used_ops
from quantci.errors import DataRejected
from quantci.records.embed import EmbedResult
from quantci.tasks.choose import choose_task

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
    progress("sizing the tensor arena")
    prediction = predict(config, base, model, graph, workers)
    progress("writing the component")
    folder = output / COMPONENT_DIR / config.embed.component
    port = model.summary.inputs[0]
    preprocessing = Preprocessing.for_model(config.input, port.shape)
    # Tensors from .bin files are not pixels, even if their shape could be an image's.
    geometry = image_geometry(preprocessing.shape) if config.input.dtype is None else None
    image = table = None
    if geometry is not None:
        height, width, channels = geometry
        image = ImageConstants(
            height=height,
            width=width,
            channels=channels,
            mean=preprocessing.mean,
            std=preprocessing.std,
            resize=preprocessing.resize,
        )
        if port.dtype in PIXEL_RANGE and port.scale:  # int16 and float inputs are computed, not looked up
            table = preprocessing.lookup_table(port.scale[0], port.zero_point[0], port.dtype).tolist()
    files = write_component(
        folder,
        model=model,
        config=config.embed,
        labels=_labels(config, base),
        lookup_table=table,
        image=image,
        arena=prediction.arena,
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
        kernel_hits=prediction.kernel_hits,
        op_kernels=prediction.op_kernels,
    )


def _labels(config: Config, base: Path) -> tuple[str, ...]:
    """Labels of the config, else those of the evaluation set, else none: the component works without them."""
    try:
        return infer_labels(config.evaluation.data, base, choose_task(config.task))
    except DataRejected:
        return ()
