"""Layers and their look in a summary, for tests of the latency estimate."""

from __future__ import annotations

from collections.abc import Sequence

from quantci.records.latency import LatencyCoefficients, LatencyTerm
from quantci.records.model import OpInfo
from quantci.target.latency_coefficients import Coefficients
from quantci.target.latency_terms import TERMS
from quantci.target.layer import Layer
from quantci.tflite.macs import count_macs


def conv(size: int, channels: int, taps: int, units: int, *, stride: int = 1, is_int8: bool = True) -> Layer:
    """A square convolution, padded to SAME."""
    out = -(-size // stride)
    return Layer(
        op="CONV_2D",
        is_int8=is_int8,
        inputs=((1, size, size, channels), (units, taps, taps, channels), (units,)),
        output=(1, out, out, units),
        stride=(stride, stride),
    )


def op(name: str, *shapes: tuple[int, ...], output: tuple[int, ...] | None = None, is_int8: bool = True) -> Layer:
    """Any op; its output is like its first input."""
    return Layer(op=name, is_int8=is_int8, inputs=shapes, output=shapes[0] if output is None else output)


def infos(layers: Sequence[Layer]) -> list[OpInfo]:
    """What the summary says of these layers."""
    return [
        OpInfo(
            index=index,
            op=layer.op,
            version=1,
            is_custom=layer.op == "CUSTOM",
            inputs=[],
            outputs=[],
            output_name=f"layer {index}",
            output_shape=list(layer.output),
            macs=count_macs(layer.op, layer.inputs, [layer.output]),
            weight_bytes=0,
            fused_activation=None,
            is_float=False,
            runs_in_tflm=True,
        )
        for index, layer in enumerate(layers)
    ]


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
        terms={name: LatencyTerm(cycles=changes.get(name, 1.0), support=2) for name in TERMS},
        groups_left_out={"psram": 2.5, "reference": 3.5},
    )
    return Coefficients(record, "ab" * 32)
