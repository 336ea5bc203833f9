"""How a sample becomes the model's input, in the words and numbers of the generated header."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from quantci.data.fit import in_colour

if TYPE_CHECKING:
    from quantci.data.preprocess import Preprocessing
    from quantci.records.input_config import InputConfig

_OPENCV: Final = {
    "nearest": "INTER_NEAREST",
    "bilinear": "INTER_LINEAR",
    "bicubic": "INTER_CUBIC",
    "area": "INTER_AREA",
}


@dataclass(frozen=True, kw_only=True)
class InputConstants:
    """What the firmware does with a picture, or with the values of a tensor.

    Attributes:
        size: height, width and channels of a picture; None for a tensor, of which only the statistics are told.
        steps: what is done with a picture before its values count.
        statistics: mean and std, one or one a channel; None where the values stay as they are, or each sample has its
            own.
        is_standardized: whether each sample has its own.
        is_bgr: whether the first channel is blue.
    """

    size: tuple[int, int, int] | None = None
    steps: str = ""
    statistics: tuple[tuple[float, ...], tuple[float, ...]] | None = None
    is_standardized: bool = False
    is_bgr: bool = False

    @classmethod
    def of(cls, preprocessing: Preprocessing, *, is_picture: bool) -> InputConstants:
        """What the configuration says."""
        config = preprocessing.config
        return cls(
            size=preprocessing.geometry if is_picture else None,
            steps=_steps(config),
            statistics=preprocessing.normalization.statistics,
            is_standardized=config.preprocess == "standardize",
            is_bgr=config.color == "bgr" and is_picture,
        )


def _steps(config: InputConfig) -> str:
    how = {
        "pillow": f"the {config.resize} filter of Pillow",
        "tensorflow": f"tf.image.resize ({config.resize}, without antialiasing)",
        "opencv": f"cv2.resize ({_OPENCV.get(config.resize, config.resize)})",
    }[config.resize_library]
    steps = [_fit(config, how)]
    if config.resize_library == "tensorflow" and config.resize != "nearest":
        steps.append("The values are then fractions; rounding them to 8 bits changes each by half a step at most.")
    if config.color == "bgr":
        steps.append("The channels are blue, green and red, in this order.")
    if config.layout == "nchw":
        steps.append("The input tensor has all of one channel, then all of the next.")
    return " ".join(steps)


def _fit(config: InputConfig, how: str) -> str:
    if config.fit == "letterbox":
        colour = ", ".join(map(str, in_colour(config.background)))
        return (
            f"An image is resized with {how} until it just fits into this size, and lies in the middle; what is left "
            f"has the colour (R, G, B) {colour}."
        )
    if config.resize_shorter is not None:
        return (
            f"An image is resized with {how} until its shorter side has {config.resize_shorter} pixels; the middle of "
            "this size is cut out."
        )
    if config.fit == "crop":
        return f"The largest middle part of an image with this ratio of sides is resized with {how} to this size."
    return f"An image is resized with {how} to this size."
