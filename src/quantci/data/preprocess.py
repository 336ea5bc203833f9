"""From a file to the model's input, the same for calibration, evaluation and the chip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from quantci.data.geometry import check_color, check_size, image_geometry
from quantci.data.image import DecodedImage, decode_image, to_rgb
from quantci.data.tensor import digest_tensor, item_type, read_bin, read_npy
from quantci.errors import ConfigError, DataRejected, ModelRejected
from quantci.records.dataset import ImageCounts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from quantci.data.samples import Sample
    from quantci.records.config import InputConfig


@dataclass(frozen=True)
class LoadedSample:
    """A sample as the model takes it.

    Attributes:
        tensor: float32, of the model's input shape, batch 1.
        content_sha256: digest of the decoded pixels before resizing, or of the raw tensor.
        counts: what the file needed, each 0 or 1.
        pixels: how many of an image were decoded; 0 for a tensor.
    """

    tensor: NDArray[np.float32]
    content_sha256: str
    counts: ImageCounts
    pixels: int = 0


@dataclass(frozen=True)
class Preprocessing:
    """How files become the input of one model. Picklable, so workers get their copy.

    Attributes:
        shape: the model's input shape, batch 1 first.
        resize: name of Pillow's filter.
        mean, std: float values, one or one for each channel; None where the graph normalizes by itself.
        dtype: type of the values in .bin files.
    """

    shape: tuple[int, ...]
    resize: str
    mean: tuple[float, ...] | None
    std: tuple[float, ...] | None
    dtype: str | None

    @classmethod
    def for_model(cls, input: InputConfig, shape: Sequence[int]) -> Self:  # noqa: A002 - the name in quantci.toml
        """Check the configuration against the model's input shape, such as [1, height, width, channels].

        Raises:
            ConfigError: `input-size`, `input-color` or `input-normalization`.
            ModelRejected: `dynamic-shape`.
        """
        shape = tuple(int(size) for size in shape)
        if len(shape) < 2 or shape[0] not in {1, -1} or min(shape[1:]) < 1:
            raise ModelRejected(
                "dynamic-shape",
                f"The model's input has shape `{list(shape)}`; it must be fixed, with a batch of 1.",
                remedy="Export the model with a fixed input shape and batch size 1.",
            )
        shape = (1, *shape[1:])
        check_size(input, shape)
        check_color(input, shape)
        if input.preprocess == "in-model":
            return cls(shape, input.resize, None, None, input.dtype)
        _check_normalization(input, shape)
        return cls(shape, input.resize, input.mean, input.std, input.dtype)

    @property
    def channels(self) -> int:
        """Channels that can differ in mean and std: those of an image, else as many as mean or std tell apart."""
        if len(self.shape) == 4:
            return self.shape[3]
        return max(len(self.mean or (0.0,)), len(self.std or (1.0,)))

    def normalize(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """(values - mean) / std in float32, or the values themselves where the graph does it; channels are last.

        Everything that feeds the model goes through here, the table in the generated C header too: one subtraction and
        one division, each rounded to float32, so that no second implementation can differ in a bit.
        """
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite afterwards is refused by `load`
            raw = values.astype(np.float32)
            if self.mean is None or self.std is None:
                return raw
            centred = np.subtract(raw, np.asarray(self.mean, np.float32), dtype=np.float32)
            return np.divide(centred, np.asarray(self.std, np.float32), dtype=np.float32)

    def lookup_table(self, scale: float, zero_point: int, dtype: str) -> NDArray[Any]:
        """The quantized value of each 8-bit pixel, [channels, 256] of `dtype` ("int8" or "uint8")."""
        from quantci.tflite.fixed_point import quantize

        pixels = np.repeat(np.arange(256, dtype=np.uint8)[:, np.newaxis], self.channels, axis=1)
        return np.ascontiguousarray(quantize(self.normalize(pixels), scale, zero_point, dtype).T)

    def load(self, sample: Sample) -> LoadedSample:
        """Read one sample.

        Raises:
            DataRejected: `unreadable-image` or `unreadable-tensor` (a few may be skipped, see `Tally`), `tensor-size`,
                `not-finite`.
            ConfigError: `input-color` (the model's input is no image), `input-dtype`.
        """
        suffix = sample.path.suffix.lower()
        if suffix in {".bin", ".npy"}:
            values = (
                read_bin(sample.path, item_type(self.dtype), self.shape[1:], sample.window)
                if suffix == ".bin"
                else read_npy(sample.path, self.shape[1:])
            )
            digest, counts, decoded = digest_tensor(values), ImageCounts(), 0
        else:
            image = decode_image(sample.path)
            values, counts = self._fit(image, sample.path)
            digest, decoded = image.content_sha256, image.pixels.shape[0] * image.pixels.shape[1]
        tensor = self.normalize(values).reshape(self.shape)
        if not np.isfinite(tensor).all():
            raise DataRejected(
                "not-finite",
                f"{int(np.size(tensor) - np.isfinite(tensor).sum())} of {tensor.size} values are NaN or infinite.",
                where=f"{sample.path} ({sample.id})",
                remedy="Correct the file: no integer model can represent these values.",
            )
        return LoadedSample(tensor, digest, counts, decoded)

    def _fit(self, image: DecodedImage, path: Path) -> tuple[NDArray[np.uint8], ImageCounts]:
        from PIL import Image

        geometry = image_geometry(self.shape)
        if geometry is None:
            raise ConfigError(
                "input-color",
                f"{path.name} is an image, but the model's input {list(self.shape)} is not.",
                where="input",
                remedy="Give tensors as .npy or .bin, or a model with an input of [1, height, width, 1 or 3].",
            )
        height, width, channels = geometry
        pixels = image.pixels
        counts = {name: getattr(image.counts, name) for name in image.counts.__struct_fields__}
        # Colour before size, as Keras and torchvision load: the other order rounds differently.
        if channels == 1 and pixels.ndim == 3:
            counts["colour_to_grey"] = 1
            pixels = np.asarray(Image.fromarray(pixels).convert("L"))
        if pixels.shape[:2] != (height, width):
            counts["resized"] = 1
            resampling = Image.Resampling[self.resize.upper()]
            # reducing_gap would shrink in two steps: faster, and other pixels.
            pixels = np.asarray(Image.fromarray(pixels).resize((width, height), resampling, reducing_gap=None))
        if channels == 3 and pixels.ndim == 2:
            # Resized as grey: three equal channels would be resized to the same three times over.
            counts["greyscale"] = 1
            pixels = to_rgb(pixels)
        return pixels.reshape(self.shape[1:]), ImageCounts(**counts)


def _check_normalization(config: InputConfig, shape: tuple[int, ...]) -> None:
    for key, values in (("mean", config.mean), ("std", config.std)):
        single = np.asarray(values, np.float32)
        if len(values) not in {1, shape[-1]}:
            problem = f"has {len(values)} values, but the model's input {list(shape)} has {shape[-1]} channels"
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
            remedy=f"Give {key} in pixel values 0..255: one, or one for each channel.",
        )
