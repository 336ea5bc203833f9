"""How the numbers of a sample become those that the model takes: mean and std, or each sample's own."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from quantci.data.geometry import channels_first_hint
from quantci.errors import ConfigError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quantci.records.input_config import InputConfig


@dataclass(frozen=True)
class Normalization:
    """That of one model.

    Attributes:
        shape: the model's input shape, batch 1 first.
        config: [input].
    """

    shape: tuple[int, ...]
    config: InputConfig

    def check(self) -> None:
        """Check mean and std against the model's input.

        Raises:
            ConfigError: `input-normalization`.
        """
        config, shape = self.config, self.shape
        if config.preprocess != "normalize":
            return
        channels = shape[self.channel_axis]
        for key, values in (("mean", config.mean), ("std", config.std)):
            single = np.asarray(values, np.float32)
            if len(values) not in {1, channels}:
                problem = f"has {len(values)} values, but the model's input {list(shape)} has {channels} channels"
            elif not np.isfinite(single).all():
                problem = f"is {list(values)}, and float32 has no such number"
            elif key == "std" and not single.all():
                problem = f"is {list(values)}, and nothing can be divided by 0"
            else:
                continue
            raise ConfigError(
                "input-normalization",
                f"{key} {problem}.",
                where=f"input.{key}",
                remedy=f"Give {key} in pixel values 0..255: one, or one for each channel."
                f"{channels_first_hint(config, shape)}",
            )

    @property
    def channel_axis(self) -> int:
        """Along which mean and std may differ."""
        return 1 if self.config.layout == "nchw" else len(self.shape) - 1

    @property
    def statistics(self) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
        """Mean and std, one or one a channel; None where the values stay as they are or each sample has its own."""
        return (self.config.mean, self.config.std) if self.config.preprocess == "normalize" else None

    @property
    def channels(self) -> int:
        """Channels that can differ in mean and std: those of an image, else as many as mean or std tell apart."""
        if len(self.shape) == 4:
            return self.shape[self.channel_axis]
        return max(map(len, self.statistics or ((0.0,),)))

    def normalize(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """(values - mean) / std in float32, or the values themselves where there are none; channels are last.

        Everything that feeds the model goes through here, the table in the generated C header too: one subtraction and
        one division, each rounded to float32, so that no second implementation can differ in a bit.
        """
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite afterwards is refused by whoever asks
            raw = values.astype(np.float32)
            if self.statistics is None:
                return raw
            mean, std = (np.asarray(numbers, np.float32) for numbers in self.statistics)
            centred = np.subtract(raw, mean, dtype=np.float32)
            return np.divide(centred, std, dtype=np.float32)

    def lookup_table(self, scale: float, zero_point: int, dtype: str) -> NDArray[Any]:
        """The quantized value of each 8-bit pixel, [channels, 256] of `dtype` ("int8" or "uint8")."""
        from quantci.tflite.fixed_point import quantize

        pixels = np.repeat(np.arange(256, dtype=np.uint8)[:, np.newaxis], self.channels, axis=1)
        return np.ascontiguousarray(quantize(self.normalize(pixels), scale, zero_point, dtype).T)

    def of_sample(self, values: NDArray[Any], *, is_image: bool) -> NDArray[np.float32]:
        """The numbers of a whole sample; channels are last."""
        if self.config.preprocess == "standardize":
            return _standardize(values, is_image=is_image)
        return self.normalize(values)


def _standardize(values: NDArray[Any], *, is_image: bool) -> NDArray[np.float32]:
    """(value - mean) / deviation, both of this sample.

    Of an image the deviation counts as 1 / sqrt(number of values) at least, as in tf.image.per_image_standardization;
    of a tensor, whose unit may be small, as it is: where all values are the same they become 0.
    """
    wide = values.astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        mean, deviation = wide.mean(), wide.std()
        least = 1 / math.sqrt(wide.size) if is_image else 0.0
        return ((wide - mean) / (max(deviation, least) or 1.0)).astype(np.float32)
