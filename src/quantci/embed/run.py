"""The stage: from the quantized model to an ESP-IDF component, with the arena that it needs on the chip."""

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
from quantci.target.arena.estimate import estimate_arena
from quantci.target.chip import load_chip
from quantci.target.known_bad.scan import advise, libraries, scan
from quantci.target.latency import estimate_latency
from quantci.target.latency_coefficients import published, read_coefficients
from quantci.target.layer import read_layers
from quantci.tflite.flatbuffer import parse
from quantci.tflite.tflm import tflm_arena_bytes, tflm_available

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from quantci.progress import Progress
    from quantci.records.arena import Arena
    from quantci.records.config import Config
    from quantci.records.latency import LatencyEstimate
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
    names: Sequence[str],
    make_worker: Callable[[], Pool],
    progress: Progress,
) -> EmbedResult:
    """Write the component into `output`/component/<name>.

    Args:
        config: the effective configuration.
        base: folder that relative paths in it start from.
        output: folder to write into.
        model: the quantized model.
        summary: the look into it.
        names: names of its tensors from before stripping, by index; empty where they are still in it.
        make_worker: makes a pool of one process, for TFLM; called only where the arena cannot be simulated.
        progress: told what is going on.

    Raises:
        ModelRejected, ConfigError, ToolError: as docs/errors.md lists.
    """
    progress("sizing the tensor arena")
    arena, advice = _arena(config, model, names, make_worker)
    chip = load_chip(config.target.chip)
    hits = scan(model, libraries(chip.kernels), names)
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
    latency, unknown = _latency(config, base, model, summary, arena)
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
        advice=[*advice, *unknown, *advise(hits)],
        latency=latency,
        kernel_hits=hits,
        # What ESP-NN's other set of vector kernels takes is not known here: nothing is said of it.
        op_kernels=[] if chip.kernel_set == "esp32p4" else op_kernels(model, chip.kernels),
    )


def _latency(
    config: Config, base: Path, model: bytes, summary: ModelSummary, arena: Arena | None
) -> tuple[LatencyEstimate | None, list[Advice]]:
    """The estimate with the coefficients of the config, else with the published ones, which are those of one chip."""
    file, chip = config.target.latency_coefficients, load_chip(config.target.chip)
    coefficients = published() if file is None else read_coefficients(base / file)
    if file is None and chip.kernel_set != load_chip(coefficients.record.chip).kernel_set:
        text = (
            f"The latency on {chip.name} is not estimated: the published figures behind the estimate are those of "
            f"{coefficients.record.chip}. Name figures of your own board in target.latency_coefficients."
        )
        return None, [Advice(code="latency-unknown", text=text)]
    estimate = estimate_latency(
        read_layers(parse(model, summary.file_name)),
        summary.ops,
        coefficients,
        kernels=chip.kernels,
        memory="internal" if arena is None or arena.memory == "internal" else "psram",
    )
    return estimate, []


def _arena(
    config: Config, model: bytes, names: Sequence[str], make_worker: Callable[[], Pool]
) -> tuple[Arena | None, list[Advice]]:
    """The host's TFLM is asked only for what the simulation does not know; it cannot say anything about custom ops."""

    def host_bytes() -> int:
        with make_worker() as worker:
            return worker.call(tflm_arena_bytes, model)

    can_ask = tflm_available() and not config.embed.custom_ops
    chip = load_chip(config.target.chip)
    arena = estimate_arena(model, config.target.chip, chip, host_bytes=host_bytes if can_ask else None, names=names)
    if arena is None:
        reason = "the model has custom ops" if config.embed.custom_ops else "TFLM has no wheel for this machine"
        text = f"The tensor arena is not known because {reason}: set kArenaSize by trying it on the chip."
        return None, [Advice(code="arena-unknown", text=text)]
    return arena, _advice(arena, chip.name)


def _advice(arena: Arena, chip: str) -> list[Advice]:
    found = []
    if arena.kind == "estimated":
        text = "The tensor arena is a rough estimate, with a margin: print arena_used_bytes() on the chip once."
        found.append(Advice(code="arena-estimated", text=text))
    need, room = f"{arena.recommended_bytes:,}", f"{arena.internal_room_bytes:,}"
    if arena.memory == "psram":
        text = (
            f"The arena of {need} bytes does not fit into the {room} bytes of internal memory that a usual firmware "
            "leaves free; in PSRAM every layer is slower. The section Memory names the tensors to shrink."
        )
        found.append(Advice(code="arena-psram", text=text))
    if arena.memory == "none":
        rooms = f"{room} bytes of internal memory"
        rooms += (
            f" and {arena.psram_room_bytes:,} bytes of PSRAM" if arena.psram_room_bytes else ", and it has no PSRAM"
        )
        text = (
            f"The arena of {need} bytes fits nowhere on {chip}: a usual firmware leaves {rooms}. Shrink the tensors "
            "that the section Memory names, or name a chip with more memory in target.chip."
        )
        found.append(Advice(code="arena-too-large", text=text))
    return found


def _labels(config: Config, base: Path) -> tuple[str, ...]:
    """Labels of the config, else those of the evaluation set, else none: the component works without them."""
    try:
        return infer_labels(config.evaluation.data, base, config.task)
    except DataRejected:
        return ()
