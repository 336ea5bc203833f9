"""Small models that are hard to quantize, each in its own way, and images for them. docs/recipes.md has the figures.

`plain` is a depthwise CNN and easy; `unbalanced` is the same function with channels of very different ranges; `glare`
is the same model, with two outliers among its calibration images; `residual` has HARD_SWISH, residuals, and channels
over three decades as BatchNorm makes them. tests/train_recipe_problems.py trained the two networks.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quantci.quantize.transforms.pairs import find_pairs, rescale
from quantci.tflite.model import Model

Values = NDArray[np.float32]

DATA = Path(__file__).parent / "data" / "recipes"
CLASSES, SIZE = 6, 16
NAMES = ("plain", "unbalanced", "glare", "residual")
_SPREAD = 5  # channels of `unbalanced` are multiplied by 2 ** -5 to 2 ** 5


class Problem(NamedTuple):
    """A float model, images to calibrate it with, and others to judge it on."""

    model: bytes
    calibration: Values
    images: Values
    labels: NDArray[np.int64]


def problem(name: str, *, calibration: int = 64, judged: int = 600) -> Problem:
    """The problem of this name: with the same numbers, the same every time."""
    seen, _ = gratings(1, calibration)
    images, labels = gratings(2, judged)
    model = (DATA / f"{'residual' if name == 'residual' else 'plain'}.tflite").read_bytes()
    if name == "unbalanced":
        model = unbalanced(model)
    if name == "glare":
        seen[[7, 40], 4:7, 9:12] = 60.0
    return Problem(model, seen, images, labels)


def gratings(seed: int, count: int) -> tuple[Values, NDArray[np.int64]]:
    """Stripes of six directions, of random phase, width, colour and brightness, in noise."""
    random = np.random.RandomState(seed)
    labels = random.randint(0, CLASSES, count)
    angle = (np.pi * labels / CLASSES + random.normal(0, 0.13, count))[:, None, None]
    wave = random.uniform(0.7, 1.3, count)[:, None, None]
    phase = random.uniform(0, 2 * np.pi, count)[:, None, None]
    row, column = np.mgrid[:SIZE, :SIZE][:, None]
    stripes = np.sin(wave * (np.cos(angle) * row + np.sin(angle) * column) + phase)[..., None]
    color = random.uniform(0.3, 1, (count, 1, 1, 3))
    noise = random.normal(0, 0.5, (count, SIZE, SIZE, 3))
    return (0.5 + 0.5 * color * stripes + noise).astype(np.float32), labels.astype(np.int64)


def unbalanced(data: bytes, seed: int = 0) -> bytes:
    """The same function, but that channels between layers are larger or smaller by powers of 2."""
    model = Model(data, "plain.tflite")
    draft: Any = model.draft()
    random = np.random.RandomState(seed)
    for pair in find_pairs(draft):
        rescale(draft, pair, 2.0 ** random.uniform(-_SPREAD, _SPREAD, pair.channels))
    return model.changed(draft).data
