"""How large a tensor arena to give the model on a chip: simulated where every op is known, else estimated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from quantci.chip.arena.kernel_memory import kernel_of
from quantci.chip.arena.layout import align
from quantci.chip.arena.lifetimes import lifetimes
from quantci.chip.arena.peak import alive_at, find_peak, timeline
from quantci.chip.arena.simulate import Simulation, simulate
from quantci.chip.esp_nn.scratch import scratch_of
from quantci.chip.esp_nn.version import ESP_TFLITE_MICRO, VERSION
from quantci.records.arena import Arena

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from quantci.chip.datasheet import Chip
    from quantci.chip.graph import Graph
    from quantci.chip.op import Op

STEP: Final = 256  # the recommended size is a multiple of it
HEADROOM: Final = (1024, 50)  # bytes, or one part in so many if that is more: for other versions of TFLM and esp-nn
MARGIN: Final = (4096, 10)  # the same on top of an estimate


@dataclass(frozen=True, kw_only=True)
class _Figures:
    """What was found by one of the two ways, in bytes."""

    kind: Literal["simulated", "estimated"]
    used: int
    minimum: int
    basis: str
    simulation: Simulation | None = None
    host: int | None = None


def estimate_arena(
    graph: Graph,
    chip_name: str,
    chip: Chip,
    *,
    host_bytes: Callable[[], int] | None,
) -> Arena | None:
    """The arena of an INT8 model on this chip, with ESP-NN.

    Args:
        graph: of the quantized model.
        chip_name: name of the chip's file.
        chip: what it can do.
        host_bytes: gives what TFLM used on this host; called only where an op is not in the table; None where there is
            no TFLM.

    Returns:
        None when an op is not in the table and there is no TFLM to ask.
    """
    scratch = scratch_of(chip.kernel_set)
    kernels = f"esp-nn {VERSION} on {chip.name}" if chip.kernels == "esp-nn" else f"TFLM's own kernels on {chip.name}"
    unknown = sorted({op.name for op in graph.ops if kernel_of(op) is None})
    if not unknown and not graph.obstacles:
        figures = _simulated(graph, scratch, kernels)
    elif host_bytes is not None:
        reasons = [*(f"the table of kernels has no {op}" for op in unknown), *graph.obstacles]
        figures = _estimated(host_bytes(), max(map(scratch, graph.ops), default=0), kernels, reasons)
    else:
        return None
    return _record(figures, graph, scratch, chip_name=chip_name, chip=chip, unknown=unknown)


def _simulated(graph: Graph, scratch: Callable[[Op], int], kernels: str) -> _Figures:
    simulation = simulate(graph, "esp-nn", scratch)
    basis = (
        f"TFLM's allocator (esp-tflite-micro {ESP_TFLITE_MICRO}) simulated to the byte, with the scratch of {kernels}"
    )
    return _Figures(
        kind="simulated",
        used=simulation.used,
        minimum=simulation.minimum,
        basis=f"{basis}; not measured on a chip.",
        simulation=simulation,
    )


def _estimated(host: int, scratch: int, kernels: str, reasons: Sequence[str]) -> _Figures:
    used = host + scratch
    basis = (
        f"Not simulated, because {', '.join(reasons)}: what 64-bit TFLM used on the host, the largest scratch of any "
        f"op with {kernels}, and a margin of {100 // MARGIN[1]} %, at least {MARGIN[0] // 1024} KiB; not measured on a "
        "chip."
    )
    return _Figures(
        kind="estimated", used=used, minimum=align(used + max(MARGIN[0], -(-used // MARGIN[1]))), basis=basis, host=host
    )


def _record(
    figures: _Figures,
    graph: Graph,
    scratch: Callable[[Op], int],
    *,
    chip_name: str,
    chip: Chip,
    unknown: list[str],
) -> Arena:
    recommended = align(figures.minimum + max(HEADROOM[0], figures.minimum // HEADROOM[1]), STEP)
    scratches = [(op.index, size) for op in graph.ops if (size := scratch(op))]
    simulation = figures.simulation
    planned = simulation.planned if simulation else lifetimes(graph, scratches)
    peak = find_peak(graph, planned) if graph.subgraphs == 1 else None
    return Arena(
        kind=figures.kind,
        used_bytes=figures.used,
        minimum_bytes=figures.minimum,
        recommended_bytes=recommended,
        headroom_bytes=recommended - figures.minimum,
        head_bytes=simulation.head if simulation else None,
        tail_bytes=simulation.tail if simulation else None,
        scratch_bytes=max((size for _, size in scratches), default=0),
        host_used_bytes=figures.host,
        basis=figures.basis,
        chip=chip_name,
        memory=_memory(recommended, chip),
        internal_room_bytes=chip.internal_room_bytes,
        psram_room_bytes=chip.psram_bytes,
        unknown_ops=unknown,
        peak=peak,
        alive=alive_at(graph, planned, peak, simulation) if peak else [],
        timeline=timeline(planned, len(graph.ops)) if peak else [],
    )


def _memory(needed: int, chip: Chip) -> Literal["internal", "psram", "none"]:
    if needed <= chip.internal_room_bytes:
        return "internal"
    return "psram" if needed <= chip.psram_bytes else "none"
