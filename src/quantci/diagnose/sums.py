"""Sums over samples from which the figures of a layer follow; what is kept does not grow with the samples.

Sums of parts add up to the sums of the whole, so samples can be split over workers in any way.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

import numpy as np

from quantci.records.diagnose import MOST_DB
from quantci.tflite.fixed_point import dequantize

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quantci.records.model import TensorInfo

# A channel with less than this share of the largest channel's sum of squares has no signal: training has switched it
# off, and 1e-30 is left.
SILENT: Final = 1e-12
# A rounded value is half a step off, and where a scale is fixed the limit may be one step short: softmax has 256
# steps of 1/256 for 0 to 1, so that a probability of 1 is stored as 255/256. Only beyond that something is lost.
TOLERANCE_STEPS: Final = 1.5


class Integers(NamedTuple):
    """How the integers of an activation are read.

    Attributes:
        scale, zero_point: real value = (integer - zero_point) * scale.
        lowest, highest: limits of their type.
    """

    scale: float
    zero_point: int
    lowest: int
    highest: int

    @classmethod
    def of(cls, tensor: TensorInfo) -> Self:
        """Those of a quantized activation."""
        limits = np.iinfo(tensor.dtype)
        return cls(tensor.scale[0], tensor.zero_point[0], int(limits.min), int(limits.max))

    @property
    def low(self) -> float:
        """The smallest real value."""
        return (self.lowest - self.zero_point) * self.scale

    @property
    def high(self) -> float:
        """The largest real value."""
        return (self.highest - self.zero_point) * self.scale

    def real(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """The real values that these integers stand for, as the chip would compute them."""
        return dequantize(values, self.scale, self.zero_point).astype(np.float64)

    def outside(self, values: NDArray[np.float64]) -> int:
        """How many of these real values lie outside of what the integers can hold."""
        margin = TOLERANCE_STEPS * self.scale
        return int(((values < self.low - margin) | (values > self.high + margin)).sum())


@dataclass(frozen=True)
class NoiseSums:
    """Signal and error by channel, [c]: sums of squares."""

    signal: NDArray[np.float64]
    noise: NDArray[np.float64]

    @classmethod
    def of(cls, reference: NDArray[np.float64], found: NDArray[np.float64]) -> Self:
        """Of one sample; the last axis is the channel."""
        channels = reference.shape[-1] if reference.ndim else 1
        rows, error = reference.reshape(-1, channels), (reference - found).reshape(-1, channels)
        return cls(np.square(rows).sum(axis=0), np.square(error).sum(axis=0))

    def __add__(self, other: NoiseSums) -> NoiseSums:
        return NoiseSums(self.signal + other.signal, self.noise + other.noise)

    @property
    def sqnr_db(self) -> float:
        """10 log10(sum x^2 / sum (x - y)^2) over all channels."""
        return decibel(float(self.signal.sum()), float(self.noise.sum()))

    def merged(self) -> NoiseSums:
        """All channels as one."""
        return NoiseSums(self.signal.sum(keepdims=True), self.noise.sum(keepdims=True))

    @property
    def channel_sqnr_db(self) -> float:
        """The median of the channels that carry a signal; of all channels if none does."""
        carrying = np.flatnonzero(self.signal > SILENT * self.signal.max(initial=0.0))
        if len(carrying) == 0:
            return self.sqnr_db
        return float(np.median([decibel(float(self.signal[k]), float(self.noise[k])) for k in carrying]))


@dataclass(frozen=True)
class LayerSums:
    """Everything that is kept of one activation.

    Attributes:
        whole: float against INT8, each as its whole network runs.
        own: the float op against the INT8 op, both on what the INT8 op took.
        product: sum of x * y, x in float and y in INT8.
        energy: sum of y * y.
        count: values.
        saturated: integers at a limit where the float value is not.
        outside: float values that the integers cannot hold.
        largest_error: largest |x - y|.
    """

    whole: NoiseSums
    own: NoiseSums
    product: float
    energy: float
    count: int
    saturated: int
    outside: int
    largest_error: float

    @classmethod
    def of(
        cls,
        reference: NDArray[np.float32],
        quantized: NDArray[Any],
        own_reference: NDArray[np.float32] | None,
        integers: Integers,
    ) -> Self:
        """Of one sample: three tensors of one shape.

        Args:
            reference: what the float model has.
            quantized: the integers of the INT8 model.
            own_reference: what the float op makes of what the INT8 op took; None for the reference itself.
            integers: how the integers are read.
        """
        x, y = reference.astype(np.float64), integers.real(quantized)
        whole = NoiseSums.of(x, y)
        margin = TOLERANCE_STEPS * integers.scale
        at_low = (quantized == integers.lowest) & (np.abs(x - integers.low) > margin)
        at_high = (quantized == integers.highest) & (np.abs(x - integers.high) > margin)
        return cls(
            whole,
            whole if own_reference is None else NoiseSums.of(own_reference.astype(np.float64), y),
            float((x * y).sum()),
            float(np.square(y).sum()),
            x.size,
            int((at_low | at_high).sum()),
            integers.outside(x),
            float(np.abs(x - y).max(initial=0.0)),
        )

    def __add__(self, other: LayerSums) -> LayerSums:
        return LayerSums(
            self.whole + other.whole,
            self.own + other.own,
            self.product + other.product,
            self.energy + other.energy,
            self.count + other.count,
            self.saturated + other.saturated,
            self.outside + other.outside,
            max(self.largest_error, other.largest_error),
        )

    @property
    def cosine(self) -> float | None:
        """Cosine similarity over all values; None where one side is zero."""
        length = math.sqrt(float(self.whole.signal.sum())) * math.sqrt(self.energy)
        return max(-1.0, min(1.0, self.product / length)) if length > 0 else None


def decibel(signal: float, noise: float) -> float:
    """10 log10(signal / noise), within -120 to 120; without noise 120, with noise alone -120."""
    if noise == 0:
        return MOST_DB
    if signal == 0:
        return -MOST_DB
    return max(-MOST_DB, min(MOST_DB, 10 * (math.log10(signal) - math.log10(noise))))
