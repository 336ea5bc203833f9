"""What it would save on the chip to give a layer the number of channels that its fast kernel wants."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from msgspec import structs

from quantci.target.latency import cycles_of
from quantci.target.latency_terms import work_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantci.records.kernels import OpKernel
    from quantci.records.latency import LatencyCoefficients
    from quantci.target.layer import Layer, Shape


def with_savings(
    kernels: Sequence[OpKernel], layers: Sequence[Layer], coefficients: LatencyCoefficients
) -> list[OpKernel]:
    """The kernels, each with what its remedy would save, where that is a number of channels.

    Args:
        kernels: of all ops of the main subgraph, in order.
        layers: the same ops.
        coefficients: what each unit of work costs.
    """
    return [
        kernel
        if kernel.wanted is None
        else structs.replace(kernel, saved_us=saved_us(layer, kernel.wanted, coefficients))
        for kernel, layer in zip(kernels, layers, strict=True)
    ]


def saved_us(layer: Layer, wanted: int, coefficients: LatencyCoefficients) -> float | None:
    """Estimated time that the layer alone takes less with `wanted` channels (or inputs), in microseconds.

    Negative where the added channels cost more than the faster kernel saves. The layer before, which has to make
    them, is not counted. None where no published figure says what one of the two costs.
    """
    wide = widened(layer, wanted)
    works = [None if one is None else work_of(one, coefficients.kernels) for one in (layer, wide)]
    now, then = (None if work is None else cycles_of(work, coefficients) for work in works)
    return None if now is None or then is None else 1e6 * (now - then) / coefficients.clock_hz


def widened(layer: Layer, wanted: int) -> Layer | None:
    """The layer with `wanted` input channels, or inputs; None for an op that this says nothing about."""
    if layer.op in {"CONV_2D", "FULLY_CONNECTED"}:
        data, weights, *rest = layer.inputs
        return replace(layer, inputs=(_last(data, wanted), _last(weights, wanted), *rest))
    if layer.op == "DEPTHWISE_CONV_2D":
        data, weights, *rest = layer.inputs
        inputs = (_last(data, wanted), _last(weights, wanted), *rest)
        return replace(layer, inputs=inputs, output=_last(layer.output, wanted))
    if layer.op in {"AVERAGE_POOL_2D", "MAX_POOL_2D"}:
        return replace(layer, inputs=(_last(layer.inputs[0], wanted),), output=_last(layer.output, wanted))
    return None


def _last(shape: Shape, size: int) -> Shape:
    return (*shape[:-1], size)
