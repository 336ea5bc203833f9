"""[input] of quantci.toml: how a file becomes the model's input."""

from typing import Annotated, Literal

from msgspec import Meta

from quantci.records.base import Record
from quantci.records.units import Positive

Resize = Literal["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos", "area"]
ResizeLibrary = Literal["pillow", "tensorflow", "opencv"]
Fit = Literal["stretch", "crop", "letterbox"]
Color = Literal["auto", "rgb", "bgr", "grey"]
Alpha = Literal["composite", "drop"]
Exif = Literal["apply", "ignore"]
Layout = Literal["nhwc", "nchw"]


class InputConfig(Record, frozen=True, kw_only=True):
    """How a file becomes the model's input. width and height default to the model's own."""

    width: Annotated[Positive | None, Meta(description="In pixels; if not set, the model's.")] = None
    height: Annotated[Positive | None, Meta(description="In pixels; if not set, the model's.")] = None
    layout: Annotated[
        Layout, Meta(description="Of the model's input: channels last, as Keras has them, or first, as PyTorch has.")
    ] = "nhwc"
    color: Annotated[Color, Meta(description="auto follows the model's channels; bgr is what cv2.imread gives.")] = (
        "auto"
    )
    alpha: Annotated[
        Alpha, Meta(description="composite: transparent pixels lie on the background. drop: they show what is stored.")
    ] = "composite"
    exif: Annotated[Exif, Meta(description="Whether the orientation in a photo's EXIF data turns it.")] = "apply"
    fit: Annotated[
        Fit,
        Meta(description="stretch: to the model's size. crop: its middle. letterbox: all of it, with bars around it."),
    ] = "stretch"
    resize_shorter: Annotated[
        Positive | None,
        Meta(description="For crop: resize the shorter side to this, then cut; null cuts first, then resizes."),
    ] = None
    resize: Annotated[
        Resize, Meta(description="Interpolation; pillow has no area, tensorflow and opencv no box, hamming, lanczos.")
    ] = "bilinear"
    resize_library: Annotated[
        ResizeLibrary, Meta(description="Whose: pillow (antialiased; torchvision), tensorflow (Keras) or opencv.")
    ] = "pillow"
    background: Annotated[
        tuple[Annotated[int, Meta(ge=0, le=255)], ...],
        Meta(min_length=1, max_length=3, description="Grey or R, G, B: of bars, and under transparent pixels."),
    ] = (0,)
    preprocess: Annotated[
        Literal["normalize", "in-model", "standardize"],
        Meta(
            description="normalize: x = (value - mean) / std. in-model: raw values; the model normalises them itself. "
            "standardize: by the mean and deviation of each sample."
        ),
    ] = "normalize"
    mean: Annotated[
        tuple[float, ...],
        Meta(
            min_length=1, description="In pixel values 0..255: one number, or one per channel, in the order of color."
        ),
    ] = (0.0,)
    std: Annotated[
        tuple[float, ...],
        Meta(
            min_length=1, description="In pixel values 0..255: one number, or one per channel, in the order of color."
        ),
    ] = (255.0,)
    dtype: Annotated[
        Literal["int8", "uint8", "int16", "float32"] | None, Meta(description="Type of the values in .bin files.")
    ] = None
    shape: Annotated[
        tuple[Annotated[int, Meta(ge=1)], ...],
        Meta(description="Shape of one sample in .bin and .csv files, without batch."),
    ] = ()
