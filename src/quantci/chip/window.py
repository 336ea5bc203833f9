"""The geometry of a convolution or a pool. Each pair is (width, height)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

Pair = tuple[int, int]


class Slide(NamedTuple):
    """The options of an op that slides over its input.

    Attributes:
        is_same: it pads to SAME; else VALID, which pads nothing.
        pool: of a pool, what it looks at.
        multiplier: channel multiplier of a depthwise convolution.
    """

    stride: Pair = (1, 1)
    dilation: Pair = (1, 1)
    is_same: bool = True
    pool: Pair = (1, 1)
    multiplier: int = 1


@dataclass(frozen=True, kw_only=True)
class Window:
    """A convolution or a pool, as ESP-NN sees it.

    Attributes:
        channels: of the input; `filter_channels` are fewer when a convolution is grouped.
        leading: what is padded on the left and on top; with SAME the smaller half.
        trailing: what is padded on the right and at the bottom.
    """

    input: Pair
    channels: int
    filter: Pair
    filter_channels: int
    output: Pair
    output_channels: int
    stride: Pair = (1, 1)
    dilation: Pair = (1, 1)
    leading: Pair = (0, 0)
    trailing: Pair = (0, 0)
    multiplier: int = 1

    @property
    def is_dilated(self) -> bool:
        """Whether it leaves gaps between its taps."""
        return self.dilation != (1, 1)

    @property
    def taps(self) -> int:
        """Elements of the input's plane that it looks at."""
        return self.filter[0] * self.filter[1]

    @property
    def is_pointwise(self) -> bool:
        """Whether it looks at one element of the plane at a time, and at each."""
        return self.filter == self.stride == (1, 1) and self.leading == (0, 0)

    @property
    def overhang(self) -> Pair:
        """Columns and rows that the last window reads, as ESP-NN counts them, beyond the input."""
        wide, high = (self.output[axis] * self.stride[axis] + self.filter[axis] - 1 for axis in (0, 1))
        return max(0, wide - self.input[0]), max(0, high - self.input[1])


def up(value: int, multiple: int) -> int:
    """The next multiple."""
    return -(-value // multiple) * multiple


def same_padding(size: int, taps: int, output: int, stride: int, dilation: int) -> Pair:
    """What TFLite pads before and behind with SAME: the smaller half stands before."""
    total = max(0, (output - 1) * stride + (taps - 1) * dilation + 1 - size)
    return total // 2, total - total // 2
