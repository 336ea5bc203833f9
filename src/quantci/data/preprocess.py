"""From a file to the model's input, the same for calibration, evaluation and the chip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from quantci.data.fit import Fit
from quantci.data.geometry import (
    channels_first_hint,
    check_color,
    check_layout,
    check_size,
    check_turned,
    image_geometry,
)
from quantci.data.image import Decoding, decode_image, to_rgb
from quantci.data.normalization import Normalization
from quantci.data.tensor import digest_tensor, read_tensor
from quantci.errors import ConfigError, DataRejected, ModelRejected
from quantci.records.dataset import ImageCounts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from quantci.data.sample import Sample
    from quantci.records.input_config import InputConfig


@dataclass(frozen=True)
class RawSample:
    """A sample as it was read: what depends on the file and not on the model.

    Attributes:
        values: of an image its pixels, uint8 [height, width] or [height, width, 3]; else the tensor in the model's
            shape without batch.
        content_sha256: digest of them.
        counts: what the file needed, each 0 or 1.
        is_image: whether they are pixels.
        sample: what was read.
    """

    values: NDArray[Any]
    content_sha256: str
    counts: ImageCounts
    is_image: bool
    sample: Sample


@dataclass(frozen=True)
class LoadedSample:
    """A sample as the model takes it.

    Attributes:
        tensor: float32, of the model's input shape, batch 1.
        content_sha256: digest of the decoded pixels before resizing, or of the raw tensor.
        counts: what the file needed, each 0 or 1.
        pixels: how many of an image were decoded; 0 for a tensor.
        raw: what it was made of; None where nobody kept it.
    """

    tensor: NDArray[np.float32]
    content_sha256: str
    counts: ImageCounts
    pixels: int = 0
    raw: RawSample | None = None


@dataclass(frozen=True)
class Preprocessing:
    """How files become the input of one model. Picklable, so workers get their copy.

    To try several on the same files, `read` each file once and give it to `load_raw` of each.

    Attributes:
        shape: the model's input shape, batch 1 first.
        config: [input], checked against it.
    """

    shape: tuple[int, ...]
    config: InputConfig

    @classmethod
    def for_model(cls, input: InputConfig, shape: Sequence[int]) -> Self:  # noqa: A002 - the name in quantci.toml
        """Check the configuration against the model's input shape, such as [1, height, width, channels].

        Raises:
            ConfigError: `input-size`, `input-color`, `input-resize` or `input-normalization`.
            ModelRejected: `dynamic-shape`.
        """
        shape = tuple(int(size) for size in shape)
        if len(shape) < 2 or shape[0] not in {1, -1} or min(shape[1:]) < 1:
            raise ModelRejected(
                "dynamic-shape",
                f"The model's input has shape `{list(shape)}`; it must be fixed, with a batch of 1.",
                remedy="Export the model with a fixed input shape and batch size 1.",
            )
        made = cls((1, *shape[1:]), input)
        check_layout(input, made.shape)
        check_size(input, made.shape)
        check_color(input, made.shape)
        check_turned(input, made.shape)
        Fit.of(input, (made.geometry or (1, 1, 1))[:2])
        made.normalization.check()
        return made

    @property
    def geometry(self) -> tuple[int, int, int] | None:
        """Height, width and channels, if the model's input can be an image's."""
        return image_geometry(self.shape, self.config.layout)

    @property
    def normalization(self) -> Normalization:
        """How the numbers that were read become those that the model takes."""
        return Normalization(self.shape, self.config)

    def load(self, sample: Sample) -> LoadedSample:
        """Read one sample.

        Raises:
            DataRejected: `unreadable-image` or `unreadable-tensor` (a few may be skipped, see `Tally`), `tensor-size`,
                `manifest`, `not-finite`.
            ConfigError: `input-color` (the model's input is no image), `input-dtype`.
        """
        return self.load_raw(self.read(sample))

    def load_again(self, sample: Sample, loaded: LoadedSample, before: Preprocessing) -> LoadedSample:
        """`load` of a sample that another preprocessing has loaded: its file is read once, if both read it alike.

        Args:
            sample: the sample.
            loaded: what the other one made of it.
            before: the other one.

        Raises:
            QuantciError: see `load`.
        """
        if self == before:
            return loaded
        if loaded.raw is None or self._reading(loaded.raw) != before._reading(loaded.raw):
            return self.load(sample)
        return self.load_raw(loaded.raw)

    def _reading(self, raw: RawSample) -> object:
        """What `read` depends on, for a file of this kind."""
        return self._decoding if raw.is_image else (self.config.dtype, self.config.shape, self.shape[1:])

    @property
    def _decoding(self) -> Decoding:
        return Decoding(self.config.alpha, self.config.background, self.config.exif)

    def read(self, sample: Sample) -> RawSample:
        """The part of `load` that reads the file; of the configuration only alpha, background, exif and dtype count."""
        values = read_tensor(sample, self.config.dtype, self.shape[1:], self.config.shape)
        if values is not None:
            return RawSample(values, digest_tensor(values), ImageCounts(), is_image=False, sample=sample)
        image = decode_image(sample.path, self._decoding)
        return RawSample(image.pixels, image.content_sha256, image.counts, is_image=True, sample=sample)

    def load_raw(self, raw: RawSample) -> LoadedSample:
        """The part of `load` that makes the model's input of what was read."""
        is_first = self.config.layout == "nchw"
        if raw.is_image:
            values, counts = self._fit(raw)
        else:
            values, counts = np.moveaxis(raw.values, 0, -1) if is_first else raw.values, raw.counts
        tensor = self.normalization.of_sample(values, is_image=raw.is_image)
        if is_first:
            tensor = np.ascontiguousarray(np.moveaxis(tensor, -1, 0))
        tensor = tensor.reshape(self.shape)
        if not np.isfinite(tensor).all():
            raise DataRejected(
                "not-finite",
                f"{int(np.size(tensor) - np.isfinite(tensor).sum())} of {tensor.size} values are NaN or infinite.",
                where=f"{raw.sample.path} ({raw.sample.id})",
                remedy="Correct the file: no integer model can represent these values.",
            )
        pixels = raw.values.shape[0] * raw.values.shape[1] if raw.is_image else 0
        return LoadedSample(tensor, raw.content_sha256, counts, pixels, raw)

    def _fit(self, raw: RawSample) -> tuple[NDArray[Any], ImageCounts]:
        """Pixels [height, width, channels] of the model's size, in the order of its channels."""
        from PIL import Image

        if self.geometry is None:
            raise ConfigError(
                "input-color",
                f"{raw.sample.path.name} is an image, but the model's input {list(self.shape)} is not.",
                where="input",
                remedy="Give tensors as .npy or .bin, or a model with an input of [1, height, width, 1 or 3]."
                f"{channels_first_hint(self.config, self.shape)}",
            )
        height, width, channels = self.geometry
        pixels: NDArray[Any] = raw.values
        counts = {name: getattr(raw.counts, name) for name in raw.counts.__struct_fields__}
        # Colour before size, as Keras and torchvision load: the other order rounds differently.
        if channels == 1 and pixels.ndim == 3:
            counts["colour_to_grey"] = 1
            pixels = np.asarray(Image.fromarray(pixels).convert("L"))
        if channels == 3 and pixels.ndim == 2:
            counts["greyscale"] = 1
        counts["resized"] = int(pixels.shape[:2] != (height, width))
        fit = Fit.of(self.config, (height, width))
        if pixels.ndim == 2 and channels == 3 and len(set(fit.background)) == 1:
            # Resized as grey: three equal channels would be resized to the same three times over.
            pixels = to_rgb(fit.apply(pixels))
        else:
            pixels = fit.apply(to_rgb(pixels) if channels == 3 else pixels)
        if self.config.color == "bgr":
            pixels = pixels[:, :, ::-1]
        return pixels.reshape(height, width, channels), ImageCounts(**counts)
