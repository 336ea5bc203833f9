"""How large a tensor arena to give the model on an ESP32-S3: an estimate, from what TFLM used on the host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from quantci.records.embed import ArenaEstimate
from quantci.target import esp_nn
from quantci.tflite.enums import dtype_name, op_name
from quantci.tflite.flatbuffer import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

MIN_HEADROOM: Final = 2048
ALIGNMENT: Final = 16


def estimate_arena(model: bytes, host_used_bytes: int, *, version: str = esp_nn.VERSION) -> ArenaEstimate:
    """Host figure, largest ESP-NN scratch of any op, and headroom of 5 % (at least 2 KiB), rounded up to 16 bytes.

    Args:
        model: the quantized model.
        host_used_bytes: arena that 64-bit TFLM used for it, without ESP-NN.
        version: version of esp-nn whose kernels run on the chip.
    """
    scratch = max(scratch_bytes(model, version), default=0)
    needed = host_used_bytes + scratch
    headroom = max(MIN_HEADROOM, -(-needed // 20))
    recommended = -(-(needed + headroom) // ALIGNMENT) * ALIGNMENT
    return ArenaEstimate(
        recommended_bytes=recommended,
        host_used_bytes=host_used_bytes,
        scratch_margin_bytes=scratch,
        headroom_bytes=recommended - needed,
        kind="estimated",
        basis=f"What 64-bit TFLM used on the host, plus the largest scratch of any op with esp-nn {version} on an "
        "ESP32-S3, plus headroom of 5 % or 2 KiB; not measured on a chip.",
    )


def scratch_bytes(model: bytes, version: str = esp_nn.VERSION) -> Iterator[int]:
    """Scratch of each int8 op that asks for any."""
    formulas = esp_nn.SCRATCH[version]
    graph = parse(model, "model")
    names = [op_name(code) for code in graph.operatorCodes]
    for subgraph in graph.subgraphs:
        tensors = subgraph.tensors
        for op in subgraph.operators:
            name = names[op.opcodeIndex]
            if not len(op.inputs) or dtype_name(tensors[op.inputs[0]].type) != "int8":
                continue
            if name == "CONV_2D":
                yield formulas.convolution(_window(op, tensors))
            elif name == "DEPTHWISE_CONV_2D":
                yield formulas.depthwise(_window(op, tensors, op.builtinOptions.depthMultiplier))
            elif name == "SOFTMAX" and dtype_name(tensors[op.outputs[0]].type) == "int8":
                yield formulas.softmax(_shape(tensors[op.inputs[0]]))


def _window(op: Any, tensors: list[Any], multiplier: int = 1) -> esp_nn.Window:
    _, height, width, channels = _shape(tensors[op.inputs[0]])
    _, filter_height, filter_width, _ = _shape(tensors[op.inputs[1]])
    _, output_height, output_width, output_channels = _shape(tensors[op.outputs[0]])
    options = op.builtinOptions
    padding = (0, 0)
    if options.padding == 0:  # SAME; VALID, 1, pads nothing
        padding = (
            left_padding(width, filter_width, output_width, options.strideW, options.dilationWFactor),
            left_padding(height, filter_height, output_height, options.strideH, options.dilationHFactor),
        )
    return esp_nn.Window(
        input=(width, height),
        channels=channels,
        filter=(filter_width, filter_height),
        output=(output_width, output_height),
        output_channels=output_channels,
        stride=(options.strideW, options.strideH),
        padding=padding,
        multiplier=multiplier,
    )


def left_padding(size: int, taps: int, output: int, stride: int, dilation: int) -> int:
    """What TFLite pads on the left or the top with SAME: the smaller half."""
    return max(0, (output - 1) * stride + (taps - 1) * dilation + 1 - size) // 2


def _shape(tensor: Any) -> tuple[int, ...]:
    return tuple(int(size) for size in tensor.shape)
