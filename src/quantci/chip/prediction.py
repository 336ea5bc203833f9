"""What the chip will do with a model, before anything is flashed: memory, time, kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from quantci.chip.acceleration import op_kernels
from quantci.chip.arena.estimate import estimate_arena
from quantci.chip.datasheet import load_chip
from quantci.chip.esp_nn.version import VERSION
from quantci.chip.known_bad.release import choose_release
from quantci.chip.known_bad.scan import advise
from quantci.chip.latency.advice import advise_faster
from quantci.chip.latency.coefficients import published_coefficients, read_coefficients
from quantci.chip.latency.conditions import assumed, build_of, module_of
from quantci.chip.latency.estimate import estimate_latency
from quantci.chip.latency.saving import with_savings
from quantci.records.stage import Advice
from quantci.tflite.tflm import tflm_arena_bytes, tflm_available

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from quantci.chip.datasheet import Chip
    from quantci.chip.graph import Graph
    from quantci.chip.known_bad.release import Release
    from quantci.chip.latency.coefficients import Coefficients
    from quantci.chip.latency.conditions import Module
    from quantci.chip.op import Op
    from quantci.records.arena import Arena
    from quantci.records.kernels import OpKernel
    from quantci.records.latency import LatencyEstimate
    from quantci.records.model import ModelSummary
    from quantci.records.target_config import TargetConfig
    from quantci.tflite.model import Model
    from quantci.workers.pool import Pool


class Prediction(NamedTuple):
    """What the record says."""

    arena: Arena | None
    latency: LatencyEstimate | None
    release: Release
    op_kernels: list[OpKernel]
    advice: list[Advice]


def predict(
    target: TargetConfig, base: Path, model: Model, graph: Graph, workers: Pool, *, has_custom_ops: bool
) -> Prediction:
    """Predict for the chip that the configuration names.

    Args:
        target: the chip.
        base: folder that relative paths in it start from.
        model: the quantized model.
        graph: the same as the chip sees it.
        workers: for TFLM, which is asked only where the arena cannot be simulated; it starts only if it is used.
        has_custom_ops: whether the firmware brings ops that TFLM on this host does not have.

    Raises:
        ModelRejected, ConfigError: as docs/errors.md lists.
    """
    chip = load_chip(target.chip)
    arena, advice = _arena(target.chip, chip, model, graph, workers, has_custom_ops=has_custom_ops)
    file = target.latency_coefficients
    coefficients = published_coefficients() if file is None else read_coefficients(base / file)
    coefficients = coefficients.at(target.clock_hz)
    release = choose_release(graph, chip, target)
    module = module_of(target, chip, release.esp_nn)
    latency, unknown = _latency(chip, coefficients, graph.ops, model.summary, arena, module, target)
    kernels = op_kernels(graph, chip)
    if kernels is None:
        kernels = []
        text = f"Which layers ESP-NN accelerates on {chip.name}, and its faults there, are unknown to quantci."
        unknown = [*unknown, Advice(code="kernels-unknown", text=text)]
    if latency is not None:
        build = build_of(graph.ops, module, kernels=latency.kernels, memory=latency.memory, clock_hz=latency.clock_hz)
        kernels = with_savings(kernels, graph.ops, coefficients.record, build)
        if latency.total_us is not None:  # else nobody knows what share of it would be saved
            unknown = [*unknown, *advise_faster(graph, kernels, coefficients.record, build, module.data_cache_bytes)]
    return Prediction(
        arena, latency, release, kernels, [*advice, *unknown, *_other_release(release), *advise(release.hits)]
    )


def _other_release(release: Release) -> list[Advice]:
    """That arena and kernels are those of another release."""
    if release.is_usual:
        return []
    text = (
        f"esp-nn {release.esp_nn}: {release.reason} Tensor arena and kernels were worked out for {VERSION}; "
        "measure the arena on the chip."
    )
    return [Advice(code="esp-nn-release", text=text)]


def _latency(
    chip: Chip,
    coefficients: Coefficients,
    layers: Sequence[Op],
    summary: ModelSummary,
    arena: Arena | None,
    module: Module,
    target: TargetConfig,
) -> tuple[LatencyEstimate | None, list[Advice]]:
    """The estimate, unless the figures behind the coefficients are another chip's."""
    if chip.kernel_set != load_chip(coefficients.record.chip).kernel_set:
        text = (
            f"The latency on {chip.name} is not estimated: the figures behind the estimate are those of "
            f"{coefficients.record.chip}."
        )
        return None, [Advice(code="latency-unknown", text=text)]
    board = coefficients.record.board
    estimate = estimate_latency(
        layers,
        summary.ops,
        coefficients,
        kernels=chip.kernels if board is None else coefficients.record.kernels,  # a board may be built without ESP-NN
        memory="internal" if arena is None or arena.memory == "internal" else "psram",
        module=module,
        assumed=assumed(target, module),
    )
    return estimate, []


def _arena(
    name: str, chip: Chip, model: Model, graph: Graph, workers: Pool, *, has_custom_ops: bool
) -> tuple[Arena | None, list[Advice]]:
    """The host's TFLM is asked only for what the simulation does not know; it cannot say anything about custom ops."""

    def host_bytes() -> int:
        return workers.call(tflm_arena_bytes, model)

    can_ask = tflm_available() and not has_custom_ops
    arena = estimate_arena(graph, name, chip, host_bytes=host_bytes if can_ask else None)
    if arena is None:
        reason = "the model has custom ops" if has_custom_ops else "TFLM has no wheel for this machine"
        text = f"The tensor arena is not known because {reason}: find kArenaSize by trial on the chip."
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
            f"The arena of {need} bytes does not fit into the {room} bytes of internal memory that a typical firmware "
            "leaves free; in PSRAM every layer is slower. The section Memory names the tensors to shrink."
        )
        found.append(Advice(code="arena-psram", text=text))
    if arena.memory == "none":
        rooms = f"{room} bytes of internal memory"
        rooms += (
            f" and {arena.psram_room_bytes:,} bytes of PSRAM" if arena.psram_room_bytes else ", and it has no PSRAM"
        )
        text = (
            f"The arena of {need} bytes fits nowhere on {chip}: a typical firmware leaves {rooms}. Shrink the tensors "
            "that the section Memory names, or name a chip with more memory in target.chip."
        )
        found.append(Advice(code="arena-too-large", text=text))
    return found
