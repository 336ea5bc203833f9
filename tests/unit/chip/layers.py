"""Layers and their look in a summary, for tests of the latency estimate."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from quantci.chip.esp_nn.terms import REFERENCE_TERM, TERMS
from quantci.chip.latency.coefficients import Coefficients
from quantci.chip.latency.layers import int8_op
from quantci.chip.op import Op, Tensor
from quantci.chip.window import Slide
from quantci.records.latency import LatencyCoefficients, LatencyTerm
from quantci.records.model import OpInfo
from quantci.tflite.macs import count_macs


def conv(size: int, channels: int, taps: int, units: int, *, stride: int = 1, is_int8: bool = True) -> Op:
    """A square convolution, padded to SAME."""
    out = -(-size // stride)
    made = op(
        "CONV_2D",
        (1, size, size, channels),
        (units, taps, taps, channels),
        (units,),
        output=(1, out, out, units),
        slide=Slide(stride=(stride, stride)),
    )
    return made if is_int8 else of_int16(made)


def op(name: str, *shapes: tuple[int, ...], output: tuple[int, ...] | None = None, slide: Slide | None = None) -> Op:
    """Any INT8 op; its output is like its first input."""
    return int8_op(name, shapes, shapes[0] if output is None else output, slide or Slide())


def of_int16(layer: Op) -> Op:
    """The same with int16 activations."""
    inputs = [tensor if tensor is None else dataclasses.replace(tensor, dtype="int16") for tensor in layer.inputs]
    return dataclasses.replace(layer, inputs=inputs)


def opened(layer: Op) -> Op:
    """The same with an output whose size is not fixed."""
    return dataclasses.replace(layer, outputs=[dataclasses.replace(layer.outputs[0], is_open=True)])


def infos(layers: Sequence[Op]) -> list[OpInfo]:
    """What the summary says of these layers."""
    return [
        OpInfo(
            index=index,
            op=layer.name,
            version=1,
            is_custom=layer.is_custom,
            inputs=[],
            outputs=[],
            output_name=f"layer {index}",
            output_shape=list(layer.outputs[0].shape),
            macs=count_macs(layer.name, shapes(layer.inputs), shapes(layer.outputs)),
            weight_bytes=0,
            fused_activation=None,
            is_float=False,
            runs_in_tflm=True,
        )
        for index, layer in enumerate(layers)
    ]


def shapes(tensors: Sequence[Tensor | None]) -> list[tuple[int, ...]]:
    """The shape of each; empty for an absent one."""
    return [tensor.shape if tensor else () for tensor in tensors]


def coefficients(error_ratio: float = 0.25, **changes: float) -> Coefficients:
    """One cycle for each unit of every term, two figures behind each; `changes` by term."""
    record = LatencyCoefficients(
        schema_version=1,
        chip="esp32s3",
        clock_hz=240_000_000,
        kernels="esp-nn",
        memory="internal",
        board=None,
        fitted_on="2026-11-24",
        figures=9,
        sources=3,
        models=4,
        error_ratio=error_ratio,
        terms={name: LatencyTerm(cycles=changes.get(name, 1.0), support=2) for name in TERMS if name != REFERENCE_TERM},
    )
    return Coefficients(record, "ab" * 32)
