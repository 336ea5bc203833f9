"""Pictures of three classes, and projects made of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from quantci.records.base import decode
from quantci.records.report import Report

LABELS = ["dark", "bright", "striped"]
SIZE = 16


def draw(label: int, index: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A picture of its class: dark, bright, or striped."""
    random = np.random.RandomState(1000 * label + index)
    noise = random.randint(0, 90, (SIZE, SIZE, 3))
    base = [20, 140, 20][label]
    picture = noise + base
    if label == 2:
        picture[:, ::2] += 130
    return np.clip(picture, 0, 255).astype(np.uint8)


def write_images(folder: Path, count: int, offset: int) -> None:
    """`count` pictures a class, in a folder per class."""
    for label, name in enumerate(LABELS):
        (folder / name).mkdir(parents=True)
        for index in range(count):
            Image.fromarray(draw(label, offset + index)).save(folder / name / f"{index:03}.png")


def report_of(project: Path) -> Report:
    """The report that a command left, checked by its own decoder."""
    return decode((project / "out" / "report.json").read_bytes(), Report)
