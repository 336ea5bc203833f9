"""From a picture of any size to one of the model's: stretched, cut or letterboxed, by the rules of each library."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from quantci.data.resize_opencv import resize_opencv
from quantci.data.resize_tensorflow import resize_tensorflow
from quantci.errors import ConfigError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quantci.records.input_config import Fit as Kind
    from quantci.records.input_config import InputConfig, Resize, ResizeLibrary

_UNLIKE_PILLOW: Final = frozenset({"nearest", "bilinear", "bicubic", "area"})
METHODS: Final = {
    "pillow": frozenset({"nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"}),
    "tensorflow": _UNLIKE_PILLOW,
    "opencv": _UNLIKE_PILLOW,
}


@dataclass(frozen=True)
class Fit:
    """How a picture gets the model's size.

    Attributes:
        size: height and width.
        kind: stretch, crop or letterbox.
        shorter: with crop, what the shorter side is resized to before the middle is cut out; None cuts first.
        method: the interpolation.
        library: whose it is.
        background: grey or R, G, B of the bars.
    """

    size: tuple[int, int]
    kind: Kind
    shorter: int | None
    method: Resize
    library: ResizeLibrary
    background: tuple[int, ...]

    @classmethod
    def of(cls, config: InputConfig, size: tuple[int, int]) -> Fit:
        """Check the configuration.

        Raises:
            ConfigError: `input-resize`.
        """
        if config.resize not in METHODS[config.resize_library]:
            words = ", ".join(sorted(METHODS[config.resize_library]))
            raise _fault("resize", f"{config.resize_library} does not resize by {config.resize}", f"Use one of {words}")
        if config.resize_shorter is not None and config.fit != "crop":
            raise _fault(
                "resize_shorter",
                f"resize_shorter cuts after resizing, and fit is {config.fit}",
                'Set fit = "crop", or remove resize_shorter',
            )
        if config.resize_shorter is not None and config.resize_shorter < max(size):
            raise _fault(
                "resize_shorter",
                f"resize_shorter is {config.resize_shorter}, less than the {max(size)} pixels that are cut out",
                "Take the number of the training's Resize, which comes before its CenterCrop",
            )
        return cls(size, config.fit, config.resize_shorter, config.resize, config.resize_library, config.background)

    def apply(self, pixels: NDArray[np.uint8]) -> NDArray[Any]:
        """The picture, uint8 [height, width] or [height, width, 3], in the model's size; floats where TensorFlow's."""
        if self.kind == "letterbox":
            return self._letterbox(pixels)
        if self.kind == "crop" and self.shorter is None:
            return self._resize(_middle(pixels, _same_ratio(pixels.shape, self.size), math.floor), self.size)
        if self.kind == "crop":
            height, width = pixels.shape[:2]
            short, long = min(height, width), max(height, width)
            other = int(self.shorter * long / short) if self.shorter else long
            scaled = (self.shorter or short, other) if height <= width else (other, self.shorter or short)
            return _middle(self._resize(pixels, scaled), self.size, round)
        return self._resize(pixels, self.size)

    def _resize(self, pixels: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[Any]:
        if pixels.shape[:2] == size:
            return pixels
        if self.library == "tensorflow":
            return resize_tensorflow(pixels, size, self.method)
        if self.library == "opencv":
            return resize_opencv(pixels, size, self.method)
        from PIL import Image

        resampling = Image.Resampling[self.method.upper()]
        # reducing_gap would shrink in two steps: faster, and other pixels.
        return np.asarray(Image.fromarray(pixels).resize((size[1], size[0]), resampling, reducing_gap=None))

    def _letterbox(self, pixels: NDArray[np.uint8]) -> NDArray[Any]:
        """tf.image.resize_with_pad, Pillow's ImageOps.pad, or for OpenCV the letterbox of Ultralytics' YOLO."""
        size = np.array(self.size)
        if self.library == "tensorflow":
            sides = np.array(pixels.shape[:2], np.float32)
            exact = sides / (sides / size.astype(np.float32)).max()
            inner, left_over = np.floor(exact), size - exact
        else:
            sides = np.array(pixels.shape[:2])
            inner = np.rint(sides * (size / sides).min())
            left_over = size - inner
        height, width = (int(side) for side in np.clip(inner, 1, size))
        small = self._resize(pixels, (height, width))
        half = [float(space) / 2 for space in left_over]
        top, left = (round(space) if self.library == "pillow" else math.floor(space) for space in half)
        result = np.empty((*self.size, *small.shape[2:]), small.dtype)
        result[...] = in_colour(self.background) if small.ndim == 3 else in_grey(self.background)
        result[top : top + height, left : left + width] = small
        return result


def in_colour(background: tuple[int, ...]) -> tuple[int, int, int]:
    """R, G and B."""
    red, green, blue = background if len(background) == 3 else background[:1] * 3
    return red, green, blue


def in_grey(background: tuple[int, ...]) -> int:
    """ITU-R 601, rounded as Pillow does for pixels."""
    red, green, blue = in_colour(background)
    return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16


def _same_ratio(shape: tuple[int, ...], size: tuple[int, int]) -> tuple[int, int]:
    """Keras' crop_to_aspect_ratio: the largest part of the shape whose sides are as those of the size."""
    height, width = shape[:2]
    return min(height, int(width * size[0] / size[1])) or 1, min(width, int(height * size[1] / size[0])) or 1


def _middle(pixels: NDArray[Any], size: tuple[int, int], rounded: Any) -> NDArray[Any]:
    top, left = (rounded((old - new) / 2) for old, new in zip(pixels.shape, size, strict=False))
    return np.ascontiguousarray(pixels[top : top + size[0], left : left + size[1]])


def _fault(key: str, problem: str, remedy: str) -> ConfigError:
    return ConfigError("input-resize", f"{problem}.", where=f"input.{key}", remedy=f"{remedy}.")
