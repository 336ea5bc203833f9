"""How long one inference takes on the chip: an estimate, from the kernels that will run and what those cost.

docs/latency.md has the model, the figures behind it and how far off it is.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from quantci.chip.esp_nn.work import NOT_COVERED, work_of
from quantci.chip.latency.conditions import USUAL, build_of
from quantci.chip.latency.fit import SUPPORT_SHARE
from quantci.chip.latency.scope import EstimatedOp, no_total, thin_share, uncovered_mac_share
from quantci.records.latency import LatencyEstimate, OpLatency, UncoveredOp

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from quantci.chip.esp_nn.work import Build, Work
    from quantci.chip.latency.coefficients import Coefficients
    from quantci.chip.latency.conditions import Module
    from quantci.chip.op import Op
    from quantci.records.latency import Kernels, LatencyCoefficients, Memory
    from quantci.records.model import OpInfo


def estimate_latency(
    layers: Sequence[Op],
    infos: Sequence[OpInfo],
    coefficients: Coefficients,
    *,
    kernels: Kernels = "esp-nn",
    memory: Memory = "internal",
    module: Module = USUAL,
    assumed: Sequence[str] = (),
) -> LatencyEstimate:
    """Cycles of each op and their sum, with the error that the coefficients state.

    Args:
        layers: of the quantized model, in its order.
        infos: the same ops in the model's summary.
        coefficients: what each unit of work costs.
        kernels: what will run.
        memory: where the tensor arena will lie.
        module: what decides how long weights take to come.
        assumed: what of all this the configuration does not say.
    """
    coefficients = coefficients.of(kernels, memory) or coefficients
    record = coefficients.record
    build = build_of(layers, module, kernels=kernels, memory=memory, clock_hz=record.clock_hz)
    ops = [_op(info, layer, record, build) for layer, info in zip(layers, infos, strict=True)]
    cycles = math.fsum(op.cycles or 0 for op in ops)
    reason = no_total(ops, record, kernels, memory)
    total = None if reason else 1e6 * cycles / record.clock_hz
    thin = thin_share(ops, record)
    error = min(1.0, record.error_ratio + (thin if thin > SUPPORT_SHARE else 0))
    return LatencyEstimate(
        kind="estimated",
        chip=record.chip,
        clock_hz=record.clock_hz,
        kernels=kernels,
        memory=memory,
        total_us=total,
        low_us=None if total is None else total * (1 - error),
        high_us=None if total is None else total * (1 + error),
        error_ratio=None if total is None else error,
        reason=reason,
        basis=_basis(coefficients, 0 if total is None else error - record.error_ratio),
        coefficients_sha256=coefficients.sha256,
        not_covered=_count(op for op in ops if op.work is None),
        not_covered_mac_share=uncovered_mac_share(ops),
        ops=[_record(op, record.clock_hz, cycles) for op in ops],
        board=record.board,
        networks=record.models,
        assumed=list(assumed),
    )


def _op(info: OpInfo, layer: Op, record: LatencyCoefficients, build: Build) -> EstimatedOp:
    work = work_of(layer, build)
    cycles = None if work is None else complete_cycles(work, record)
    return EstimatedOp(info, layer, None if cycles is None else work, cycles)


def complete_cycles(work: Work, record: LatencyCoefficients) -> float | None:
    """What this work costs; None where one of its terms has no coefficient."""
    if not work.terms.keys() <= record.terms.keys():
        return None
    return math.fsum(units * record.terms[name].cycles for name, units in work.terms.items())


def _record(op: EstimatedOp, clock_hz: int, total: float) -> OpLatency:
    return OpLatency(
        index=op.info.index,
        op=op.info.op,
        name=op.info.output_name,
        path=op.work.path if op.work else NOT_COVERED,
        cycles=op.cycles,
        latency_us=None if op.cycles is None else 1e6 * op.cycles / clock_hz,
        share=None if op.cycles is None else min(1.0, op.cycles / total) if total else 0.0,
    )


def _count(missing: Iterable[EstimatedOp]) -> list[UncoveredOp]:
    kinds: dict[str, list[EstimatedOp]] = {}
    for op in missing:
        kinds.setdefault(op.info.op, []).append(op)
    return [
        UncoveredOp(
            op=name,
            count=len(same),
            macs=None if any(op.info.macs is None for op in same) else sum(op.info.macs or 0 for op in same),
        )
        for name, same in kinds.items()
    ]


def _basis(coefficients: Coefficients, thin: float) -> str:
    record = coefficients.record
    origin = (
        f"{record.figures} published figures from {record.sources} sources"
        if record.board is None
        else f"{record.figures} figures measured on {record.board}"
    )
    if record.published_sha256:
        origin += f", shrunk towards published ones ({record.published_sha256[:12]})"
    kind = "networks" if record.board is None else "models"
    error = (
        f"the 90th percentile over {record.models} {kind}, each left out of the fit"
        if record.models
        else "that of the published ones, since no measured model could be left out of the fit"
    )
    if thin:
        error += f", and {100 * thin:.0f} % more for what rests on a single network"
    return (
        f"Cycles by kernel, fitted on {record.fitted_on} to {origin} (coefficients {coefficients.sha256[:12]}); the "
        f"error is {error}. This model was not measured."
    )
