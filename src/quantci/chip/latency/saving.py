"""What it would save on the chip to give a layer the number of channels that its fast kernel wants."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from msgspec import structs

from quantci.chip.esp_nn.work import USUAL, work_of
from quantci.chip.latency.estimate import complete_cycles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantci.chip.esp_nn.work import Build
    from quantci.chip.op import Op, Tensor
    from quantci.records.kernels import OpKernel
    from quantci.records.latency import LatencyCoefficients


def with_savings(
    kernels: Sequence[OpKernel], layers: Sequence[Op], coefficients: LatencyCoefficients, build: Build = USUAL
) -> list[OpKernel]:
    """The kernels, each with what its remedy would save, where that is a number of channels.

    Args:
        kernels: of all ops of the main subgraph, in order.
        layers: the same ops.
        coefficients: what each unit of work costs.
        build: what their time depends on.
    """
    return [
        kernel
        if kernel.wanted is None
        else structs.replace(kernel, saved_us=saved_us(layer, kernel.wanted, coefficients, build))
        for kernel, layer in zip(kernels, layers, strict=True)
    ]


def saved_us(layer: Op, wanted: int, coefficients: LatencyCoefficients, build: Build = USUAL) -> float | None:
    """Estimated time that the layer alone takes less with `wanted` channels (or inputs), in microseconds.

    Negative where the added channels cost more than the faster kernel saves. The layer before, which has to make
    them, is not counted. None where no published figure says what one of the two costs.
    """
    wide = widened(layer, wanted)
    works = [None if one is None else work_of(one, build) for one in (layer, wide)]
    now, then = (None if work is None else complete_cycles(work, coefficients) for work in works)
    return None if now is None or then is None else 1e6 * (now - then) / coefficients.clock_hz


def widened(layer: Op, wanted: int) -> Op | None:
    """The layer with `wanted` input channels, or inputs; None for an op that this says nothing about."""
    if layer.name not in {"CONV_2D", "FULLY_CONNECTED", "DEPTHWISE_CONV_2D", "AVERAGE_POOL_2D", "MAX_POOL_2D"}:
        return None
    inputs = [None if tensor is None else _wide(tensor, wanted) for tensor in layer.inputs[:2]]
    outputs = layer.outputs
    if layer.name not in {"CONV_2D", "FULLY_CONNECTED"}:
        outputs = [_wide(tensor, wanted) for tensor in outputs]
    return replace(layer, inputs=[*inputs, *layer.inputs[2:]], outputs=outputs)


def _wide(tensor: Tensor, size: int) -> Tensor:
    return replace(tensor, shape=(*tensor.shape[:-1], size))
