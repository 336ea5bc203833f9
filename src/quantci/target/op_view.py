"""One op of a model as rules see it: shapes, types, scales and the geometry of its window."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from quantci.tflite.enums import dtype_name, op_name
from quantci.tflite.flatbuffer import parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Where the weights of an op with a window stand among its inputs, and where what it slides over.
_SLIDING = {"CONV_2D": (0, 1), "DEPTHWISE_CONV_2D": (0, 1)}


@dataclass(frozen=True, kw_only=True)
class TensorView:
    """A tensor: `shape` is empty for a scalar, `scale` 0.0 where it is not quantized, per channel the first."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    scale: float
    zero_point: int
    is_constant: bool

    @property
    def size(self) -> int:
        """Elements."""
        count = 1
        for length in self.shape:
            count *= length
        return count


@dataclass(frozen=True, kw_only=True)
class Window:
    """A convolution. Each pair is (width, height).

    Attributes:
        leading: what SAME pads on the left and on top, the smaller half.
        trailing: what it pads on the right and at the bottom.
        channels: of the input; `filter_channels` are fewer when the convolution is grouped.
    """

    input: tuple[int, int]
    channels: int
    filter: tuple[int, int]
    filter_channels: int
    output: tuple[int, int]
    output_channels: int
    stride: tuple[int, int]
    dilation: tuple[int, int]
    leading: tuple[int, int]
    trailing: tuple[int, int]
    multiplier: int

    @property
    def is_dilated(self) -> bool:
        """Whether it leaves gaps between its taps."""
        return self.dilation != (1, 1)


@dataclass(frozen=True)
class OpView:
    """An op. An absent input is None; a model from a stranger may give any op any number of inputs."""

    subgraph: int
    index: int
    name: str
    inputs: list[TensorView | None]
    outputs: list[TensorView]
    options: Any

    def input(self, position: int) -> TensorView | None:
        """The input at this position, None where the op has none there."""
        return self.inputs[position] if position < len(self.inputs) else None

    @cached_property
    def dtype(self) -> str:
        """Type of the first input that is no constant, else of the first output; empty without any."""
        for tensor in (*self.inputs, *self.outputs):
            if tensor is not None and not tensor.is_constant:
                return tensor.dtype
        return ""

    @cached_property
    def is_static(self) -> bool:
        """Whether every shape is fixed."""
        return all(size >= 0 for tensor in (*self.inputs, *self.outputs) if tensor for size in tensor.shape)

    @cached_property
    def window(self) -> Window | None:
        """The geometry of a convolution; None for other ops, and where the shapes do not make one."""
        x, weights = self.input(0), self.input(1)
        if self.name not in _SLIDING or x is None or weights is None or not self.outputs or not self.is_static:
            return None
        y, options = self.outputs[0], self.options
        if any(len(tensor.shape) != 4 or 0 in tensor.shape for tensor in (x, weights, y)) or options is None:
            return None
        stride, dilation = (options.strideW, options.strideH), (options.dilationWFactor, options.dilationHFactor)
        sizes = [(x.shape[axis], weights.shape[axis], y.shape[axis]) for axis in (2, 1)]
        pads = [
            _pads(*size, step, gap) if options.padding == 0 else (0, 0)  # 0 is SAME; VALID, 1, pads nothing
            for size, step, gap in zip(sizes, stride, dilation, strict=True)
        ]
        return Window(
            input=(sizes[0][0], sizes[1][0]),
            channels=x.shape[3],
            filter=(sizes[0][1], sizes[1][1]),
            filter_channels=weights.shape[3],
            output=(sizes[0][2], sizes[1][2]),
            output_channels=y.shape[3],
            stride=stride,
            dilation=dilation,
            leading=(pads[0][0], pads[1][0]),
            trailing=(pads[0][1], pads[1][1]),
            multiplier=getattr(options, "depthMultiplier", 1),
        )


def _pads(size: int, taps: int, output: int, stride: int, dilation: int) -> tuple[int, int]:
    """What TFLite pads before and behind with SAME: the smaller half stands before."""
    total = max(0, (output - 1) * stride + (taps - 1) * dilation + 1 - size)
    return total // 2, total - total // 2


def view_ops(model: bytes, names: Sequence[str] = ()) -> Iterator[OpView]:
    """Every op of every subgraph, in order.

    Args:
        model: a .tflite.
        names: names of the main subgraph's tensors, for a model that was stripped of them.

    Raises:
        ModelRejected: see `parse`.
    """
    graph = parse(model, "model")
    kinds = [op_name(code) for code in graph.operatorCodes]
    for number, subgraph in enumerate(graph.subgraphs):
        known = names if number == 0 and len(names) == len(subgraph.tensors) else [""] * len(subgraph.tensors)
        tensors = [_tensor(tensor, graph.buffers, name) for tensor, name in zip(subgraph.tensors, known, strict=True)]
        for index, op in enumerate(subgraph.operators):
            yield OpView(
                number,
                index,
                kinds[op.opcodeIndex],
                [tensors[place] if place >= 0 else None for place in op.inputs],
                [tensors[place] for place in op.outputs],
                op.builtinOptions,
            )


def _tensor(tensor: Any, buffers: list[Any], name: str) -> TensorView:
    quantization = tensor.quantization
    scales = [] if quantization is None or quantization.scale is None else quantization.scale
    zero_points = [] if quantization is None or quantization.zeroPoint is None else quantization.zeroPoint
    data = buffers[tensor.buffer].data
    return TensorView(
        name=(tensor.name or b"").decode(errors="replace") or name,
        shape=() if tensor.shape is None else tuple(int(size) for size in tensor.shape),
        dtype=dtype_name(tensor.type),
        scale=float(scales[0]) if len(scales) else 0.0,
        zero_point=int(zero_points[0]) if len(zero_points) else 0,
        is_constant=data is not None and len(data) > 0,
    )
