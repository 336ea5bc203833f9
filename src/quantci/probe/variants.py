"""The usual preprocessings, each as [input] says it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec.structs import asdict, replace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from quantci.records.input_config import InputConfig

# What each is called -> what it says. Sources: keras/src/applications/imagenet_utils.py (modes tf, torch, caffe) and
# torchvision/transforms/_presets.py (ImageClassification); MNIST's mean and deviation as PyTorch's examples have them.
_SCALES: Final[Mapping[str, dict[str, Any]]] = {
    "raw 0..255": {"preprocess": "in-model"},
    "0..1": {"preprocess": "normalize", "mean": (0.0,), "std": (255.0,)},
    "-1..1": {"preprocess": "normalize", "mean": (127.5,), "std": (127.5,)},
    "each by its own mean": {"preprocess": "standardize"},
}
_COLOURED: Final[Mapping[str, dict[str, Any]]] = {
    "ImageNet's means (torchvision, Keras' torch)": {
        "preprocess": "normalize",
        "mean": (123.675, 116.28, 103.53),
        "std": (58.395, 57.12, 57.375),
    },
    "ImageNet's means (Keras' caffe)": {
        "preprocess": "normalize",
        "mean": (123.68, 116.779, 103.939),
        "std": (1.0,),
    },
}
_GREY: Final[Mapping[str, dict[str, Any]]] = {
    "MNIST's mean": {"preprocess": "normalize", "mean": (33.3184,), "std": (78.5655,)},
}
_OF_CHANNELS: Final = {3: _COLOURED, 1: _GREY}
_SIZES: Final[Mapping[str, dict[str, Any]]] = {
    "Pillow": {"resize_library": "pillow", "resize": "bilinear"},
    "Pillow, nearest": {"resize_library": "pillow", "resize": "nearest"},
    "tf.image": {"resize_library": "tensorflow", "resize": "bilinear"},
    "tf.image, nearest": {"resize_library": "tensorflow", "resize": "nearest"},
    "OpenCV": {"resize_library": "opencv", "resize": "bilinear"},
    "OpenCV, area": {"resize_library": "opencv", "resize": "area"},
}
_FITS: Final = {"stretched": "stretch", "middle cut out": "crop", "letterboxed": "letterbox"}


class Variant(NamedTuple):
    """A preprocessing to try.

    Attributes:
        name: in words.
        input: as [input] says it.
    """

    name: str
    input: InputConfig


def as_configured(input: InputConfig) -> Variant:  # noqa: A002 - the name in quantci.toml
    """What quantci.toml says now."""
    return Variant("as configured", input)


def values_of(input: InputConfig, channels: int) -> Iterator[Variant]:  # noqa: A002
    """Every usual scale and order of colours, with everything else as it is.

    Args:
        input: what quantci.toml says now.
        channels: 3 for colours, 1 for grey, 0 for what is not a picture.
    """
    plain = replace(input, color="auto") if input.color == "bgr" else input
    for name, keys in {**_SCALES, **_OF_CHANNELS.get(channels, {})}.items():
        yield Variant(name, replace(plain, **keys))
        if channels == 3:  # mean and std stand in the order of the channels
            turned = {key: value[::-1] if isinstance(value, tuple) else value for key, value in keys.items()}
            yield Variant(f"{name}, BGR", replace(plain, **turned, color="bgr"))


def sizes_of(variant: Variant, *, has_ratios: bool = True) -> Iterator[Variant]:
    """Every usual way to the model's size, with the values of this one.

    Args:
        variant: what says the values.
        has_ratios: whether a picture has another aspect ratio than the model's; else every way to fit is the same.
    """
    for fit_name, fit in _FITS.items() if has_ratios else [("stretched", "stretch")]:
        for name, keys in _SIZES.items():
            yield Variant(
                f"{variant.name}; {name}, {fit_name}",
                replace(variant.input, **keys, fit=fit, resize_shorter=None),
            )


def changes(before: InputConfig, after: InputConfig) -> dict[str, Any]:
    """The keys that differ, with their new values; keys that the new way does not read are left as they are."""
    unread = {"mean", "std"} if after.preprocess != "normalize" else set()
    was = asdict(before)
    return {key: value for key, value in asdict(after).items() if value != was[key] and key not in unread}
