"""The stage: from the quantized model to an ESP-IDF component, sized by what TFLM used on this host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantci.data.geometry import image_geometry
from quantci.data.preprocess import Preprocessing
from quantci.data.samples import infer_labels
from quantci.embed.component import resolver_for, write_component
from quantci.embed.constants import ImageConstants
from quantci.errors import DataRejected
from quantci.records.embed import EmbedResult
from quantci.records.stage import Advice
from quantci.target.acceleration import op_kernels
from quantci.target.arena import estimate_arena
from quantci.target.known_bad.scan import advise, libraries, scan
from quantci.tflite.tflm import tflm_arena_bytes, tflm_available

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from quantci.progress import Progress
    from quantci.records.config import Config
    from quantci.records.embed import ArenaEstimate
    from quantci.records.model import ModelSummary
    from quantci.tflite.pool import Pool

COMPONENT_DIR = "component"


def embed(
    config: Config,
    base: Path,
    output: Path,
    *,
    model: bytes,
    summary: ModelSummary,
    tensor_names: Sequence[str] = (),
    worker: Pool,
    progress: Progress,
) -> EmbedResult:
    """Write the component into `output`/component/<name>.

    Args:
        config: the effective configuration.
        base: folder that relative paths in it start from.
        output: folder to write into.
        model: the quantized model.
        summary: the look into it.
        tensor_names: names of its tensors where they were stripped from it.
        worker: pool of one process, for TFLM.
        progress: told what is going on.

    Raises:
        ModelRejected, ConfigError, ToolError: as docs/errors.md lists.
    """
    progress("sizing the tensor arena")
    arena, advice = _arena(config, model, worker)
    hits = scan(model, libraries("esp-nn"), tensor_names)
    progress("writing the component")
    folder = output / COMPONENT_DIR / config.embed.component
    port = summary.inputs[0]
    preprocessing = Preprocessing.for_model(config.input, port.shape)
    # Tensors from .bin files are no pixels, even where the shape could be an image's.
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
        table = preprocessing.lookup_table(port.scale[0], port.zero_point[0], port.dtype).tolist()
    files = write_component(
        folder,
        model=model,
        summary=summary,
        config=config.embed,
        labels=_labels(config, base),
        lookup_table=table,
        image=image,
        arena=arena,
        base=base,
    )
    return EmbedResult(
        component=config.embed.component,
        component_dir=f"{COMPONENT_DIR}/{config.embed.component}",
        model_sha256=summary.sha256,
        model_bytes=len(model),
        resolver_ops=list(resolver_for(model, config.embed, base).ops),
        arena=arena,
        files=files,
        advice=[*advice, *advise(hits)],
        kernel_hits=hits,
        op_kernels=op_kernels(model, "esp-nn"),
    )


def _arena(config: Config, model: bytes, worker: Pool) -> tuple[ArenaEstimate | None, list[Advice]]:
    """TFLM's own figure needs its wheel, and a model without custom ops."""
    if config.embed.custom_ops or not tflm_available():
        reason = "the model has custom ops" if config.embed.custom_ops else "TFLM has no wheel for this machine"
        text = f"The tensor arena is not known because {reason}: set kArenaSize by trying it on the chip."
        return None, [Advice(code="arena-unknown", text=text)]
    return estimate_arena(model, worker.call(tflm_arena_bytes, model)), []


def _labels(config: Config, base: Path) -> tuple[str, ...]:
    """Labels of the config, else those of the evaluation set, else none: the component works without them."""
    try:
        return infer_labels(config.evaluation.data, base, config.task)
    except DataRejected:
        return ()
