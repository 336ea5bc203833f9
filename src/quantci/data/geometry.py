"""The geometry of a model's input: which shapes are images, and whether the configuration agrees."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from quantci.errors import ConfigError

if TYPE_CHECKING:
    from quantci.records.input_config import InputConfig, Layout

_COLOR_CHANNELS = {"grey": 1, "rgb": 3, "bgr": 3}


def image_geometry(shape: tuple[int, ...], layout: Layout = "nhwc") -> tuple[int, int, int] | None:
    """Height, width and channels of a shape with batch; None if it is not an image's. [1, h, w] is a grey image."""
    if len(shape) == 3:
        return shape[1], shape[2], 1
    if len(shape) != 4:
        return None
    height, width, channels = shape[1:] if layout == "nhwc" else (*shape[2:], shape[1])
    return (height, width, channels) if channels in _COLOR_CHANNELS.values() else None


def channels_first_hint(config: InputConfig, shape: tuple[int, ...]) -> str:
    """A sentence for a fault, where the model's input would be an image's if its channels came first."""
    if config.layout == "nhwc" and image_geometry(shape) is None and image_geometry(shape, "nchw") is not None:
        return ' If the model takes channels first, set input.layout = "nchw".'
    return ""


def check_layout(config: InputConfig, shape: tuple[int, ...]) -> None:
    """Refuse channels first for a model whose input has no such axis.

    Raises:
        ConfigError: `input-size`.
    """
    if config.layout == "nchw" and len(shape) != 4:
        raise ConfigError(
            "input-size",
            f"layout is nchw, but the model's input {list(shape)} is not [1, channels, height, width].",
            where="input.layout",
            remedy="Remove input.layout.",
        )


def check_size(config: InputConfig, shape: tuple[int, ...]) -> None:
    """Refuse a width, height or shape of the configuration that is not the model's.

    Raises:
        ConfigError: `input-size`.
    """
    geometry = image_geometry(shape, config.layout)
    for key, wanted, actual in (
        ("height", config.height, geometry[0] if geometry else None),
        ("width", config.width, geometry[1] if geometry else None),
    ):
        if wanted is not None and wanted != actual:
            raise ConfigError(
                "input-size",
                f"{key} is {wanted}, but the model's input is {list(shape)}.",
                where=f"input.{key}",
                remedy=f"Remove input.{key}, which then follows the model, or use the other model."
                f"{channels_first_hint(config, shape)}",
            )
    if config.shape and math.prod(config.shape) != math.prod(shape):
        raise ConfigError(
            "input-size",
            f"shape is {list(config.shape)}, which does not have as many values as the model's input {list(shape)}.",
            where="input.shape",
            remedy="Remove input.shape, which then follows the model, or use the other model.",
        )


def check_color(config: InputConfig, shape: tuple[int, ...]) -> None:
    """Refuse a colour of the configuration that is not the model's, or is none.

    Raises:
        ConfigError: `input-color`.
    """
    geometry = image_geometry(shape, config.layout)
    if config.color != "auto" and (geometry is None or geometry[2] != _COLOR_CHANNELS[config.color]):
        raise ConfigError(
            "input-color",
            f"color is {config.color}, but the model's input is {list(shape)}.",
            where="input.color",
            remedy="Remove input.color, which then follows the model's channels, or use the other model."
            f"{channels_first_hint(config, shape)}",
        )
    if len(config.background) == 2:
        raise ConfigError(
            "input-color",
            f"background is {list(config.background)}, which is neither grey nor R, G, B.",
            where="input.background",
            remedy="Give one value or three, 0..255.",
        )


def check_turned(config: InputConfig, shape: tuple[int, ...]) -> None:
    """Refuse channels first for a model that takes pictures with channels last.

    Raises:
        ConfigError: `input-size`.
    """
    if config.layout == "nchw" and image_geometry(shape, "nchw") is None and image_geometry(shape) is not None:
        raise ConfigError(
            "input-size",
            f"layout is nchw, but the float model takes its channels last, {list(shape)}: those of an ONNX or PyTorch "
            "source are moved there.",
            where="input.layout",
            remedy="Remove input.layout; arrays of channels first are turned as they are read.",
        )
