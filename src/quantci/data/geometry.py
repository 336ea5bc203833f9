"""The geometry of a model's input: which shapes are images, and whether the configuration agrees."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from quantci.errors import ConfigError

if TYPE_CHECKING:
    from quantci.records.config import InputConfig

_COLOR_CHANNELS = {"grey": 1, "rgb": 3}


def image_geometry(shape: tuple[int, ...]) -> tuple[int, int, int] | None:
    """Height, width and channels of a shape with batch; None if it is not an image's. [1, h, w] is a grey image."""
    if len(shape) == 3:
        return shape[1], shape[2], 1
    if len(shape) == 4 and shape[3] in _COLOR_CHANNELS.values():
        return shape[1], shape[2], shape[3]
    return None


def check_size(config: InputConfig, shape: tuple[int, ...]) -> None:
    """Refuse a width, height or shape of the configuration that is not the model's.

    Raises:
        ConfigError: `input-size`.
    """
    geometry = image_geometry(shape)
    for key, wanted, actual in (
        ("height", config.height, geometry[0] if geometry else None),
        ("width", config.width, geometry[1] if geometry else None),
    ):
        if wanted is not None and wanted != actual:
            raise ConfigError(
                "input-size",
                f"{key} is {wanted}, but the model's input is {list(shape)}.",
                where=f"input.{key}",
                remedy=f"Remove input.{key}, which then follows the model, or use the other model.",
            )
    if config.shape and math.prod(config.shape) != math.prod(shape):
        raise ConfigError(
            "input-size",
            f"shape is {list(config.shape)}, which does not have as many values as the model's input {list(shape)}.",
            where="input.shape",
            remedy="Remove input.shape, which then follows the model, or use the other model.",
        )


def check_color(config: InputConfig, shape: tuple[int, ...]) -> None:
    """Refuse a colour of the configuration that is not the model's.

    Raises:
        ConfigError: `input-color`.
    """
    geometry = image_geometry(shape)
    if config.color != "auto" and (geometry is None or geometry[2] != _COLOR_CHANNELS[config.color]):
        raise ConfigError(
            "input-color",
            f"color is {config.color}, but the model's input is {list(shape)}.",
            where="input.color",
            remedy="Remove input.color, which then follows the model's channels, or use the other model.",
        )
