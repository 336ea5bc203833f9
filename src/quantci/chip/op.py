"""An op with its tensors, as its kernel sees them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from quantci.chip.window import Slide, Window, same_padding
from quantci.tflite.enums import BITS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from quantci.chip.window import Pair

_CONVOLUTIONS: Final = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D"})
_POOLS: Final = frozenset({"AVERAGE_POOL_2D", "MAX_POOL_2D"})


@dataclass(frozen=True, kw_only=True)
class Tensor:
    """A tensor.

    Attributes:
        index: its place among the tensors of its subgraph.
        shape: as TFLM reads it; empty for a scalar.
        is_open: the file says that a size is not fixed, whatever `shape` says.
        scale: 0.0 where it is not quantized, the first one where it is quantized per channel; zero_point alike.
        channels: how many scales it has: none when it is not quantized, several when quantized per channel.
        is_constant: its data lies in the model's file, so that it takes no arena.
        is_variable: it keeps its value between inferences, so that it lies in the tail of the arena.
    """

    index: int = 0
    name: str = ""
    dtype: str
    shape: tuple[int, ...]
    is_open: bool = False
    scale: float = 0.0
    zero_point: int = 0
    channels: int = 0
    is_constant: bool = False
    is_variable: bool = False

    @property
    def elements(self) -> int:
        """How many values it has."""
        return math.prod(self.shape)

    @property
    def size(self) -> int:
        """Bytes of its data."""
        return (self.elements * BITS[self.dtype] + 7) // 8

    @property
    def is_planned(self) -> bool:
        """Whether the planner gives it a place in the head of the arena."""
        return not self.is_constant and not self.is_variable and self.size > 0


@dataclass(frozen=True, kw_only=True)
class Op:
    """An op with the tensors themselves: None where an input is absent.

    A model from a stranger may give an op that no interpreter checks any number of inputs.

    Attributes:
        subgraph, index: its subgraph, and its place there.
        name: of the builtin op, or the custom op's own.
        slide: None for an op that slides over nothing.
        activation: what is fused into it, as in the schema's ActivationFunctionType; NONE where nothing is.
    """

    subgraph: int = 0
    index: int = 0
    name: str
    is_custom: bool = False
    inputs: Sequence[Tensor | None]
    outputs: Sequence[Tensor]
    slide: Slide | None = None
    activation: str = "NONE"

    def input(self, position: int) -> Tensor | None:
        """The input at this position, None where the op has none there."""
        return self.inputs[position] if position < len(self.inputs) else None

    @property
    def tensors(self) -> Iterator[Tensor]:
        """Inputs that are there, then outputs."""
        return (tensor for tensor in (*self.inputs, *self.outputs) if tensor is not None)

    @cached_property
    def dtype(self) -> str:
        """Type of the first input that is not a constant, or else of the first output; empty if there is neither."""
        return next((tensor.dtype for tensor in self.tensors if not tensor.is_constant), "")

    @property
    def is_static(self) -> bool:
        """Whether every shape is fixed."""
        return not any(tensor.is_open for tensor in self.tensors)

    @cached_property
    def window(self) -> Window | None:
        """The geometry of a convolution or a pool; None for other ops, and where the shapes do not make one."""
        x, slide = self.input(0), self.slide
        weights = self.input(1) if self.name in _CONVOLUTIONS else x if self.name in _POOLS else None
        if x is None or weights is None or slide is None or not self.outputs:
            return None
        y = self.outputs[0]
        if any(len(tensor.shape) != 4 or 0 in tensor.shape for tensor in (x, weights, y)):
            return None
        size, taps, out = _plane(x), _plane(weights) if self.name in _CONVOLUTIONS else slide.pool, _plane(y)
        pads = [
            same_padding(size[axis], taps[axis], out[axis], slide.stride[axis], slide.dilation[axis])
            if slide.is_same
            else (0, 0)
            for axis in (0, 1)
        ]
        return Window(
            input=size,
            channels=x.shape[3],
            filter=taps,
            filter_channels=weights.shape[3],
            output=out,
            output_channels=y.shape[3],
            stride=slide.stride,
            dilation=slide.dilation,
            leading=(pads[0][0], pads[1][0]),
            trailing=(pads[0][1], pads[1][1]),
            multiplier=slide.multiplier,
        )


def _plane(tensor: Tensor) -> Pair:
    return tensor.shape[2], tensor.shape[1]
