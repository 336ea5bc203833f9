"""Machines that hum, and some that hum wrongly, as files that MLPerf Tiny would lay out so; and a project of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from tests.models import projecting_autoencoder

Signal = np.ndarray[Any, np.dtype[np.float32]]

WIDTH, STRIDE, LENGTH = 16, 8, 64  # values: a window, from one to the next, a file
HUM = (0.07, 0.19)  # cycles a value; any window of such a hum lies in the span of two sines and two cosines
FILES = 24
CONFIG = """
output_dir = "out"
[model]
source = "autoencoder.tflite"
[task]
kind = "anomaly"
[input]
dtype = "float32"
shape = [16]
mean = [0.0]
std = [1.0]
[calibration]
data = "calibration"
[evaluation]
data = "evaluation"
"""


def basis() -> Signal:
    """Orthonormal columns [WIDTH, 4] that span every window of the hum."""
    at = 2 * np.pi * np.outer(np.arange(WIDTH), HUM)
    return np.linalg.qr(np.hstack([np.sin(at), np.cos(at)]))[0].astype(np.float32)


def record(seed: int, length: int, fault: float) -> Signal:
    """A recording: the hum at random phases, noise, and a third tone as loud as `fault`."""
    random = np.random.RandomState(seed)
    at, phases = np.arange(length), random.uniform(0, 2 * np.pi, 3)
    tones = [np.sin(2 * np.pi * tone * at + phase) for tone, phase in zip((*HUM, 0.37), phases, strict=True)]
    signal = random.uniform(0.5, 1) * tones[0] + random.uniform(0.5, 1) * tones[1] + fault * tones[2]
    return np.asarray(signal + random.normal(0, random.uniform(0.05, 0.15), length), dtype=np.float32)


def is_anomalous(index: int) -> bool:
    return index % 3 == 0


def truth_line(index: int, *, label: int | None = None) -> str:
    """A line of y_labels.csv; windows and strides are counted in bytes."""
    return f"{index:02}.bin,2,{int(is_anomalous(index)) if label is None else label},{4 * WIDTH},{4 * STRIDE}\n"


def recording(index: int) -> Signal:
    """The evaluation file `index`. Faults are faint: some are not louder than the noise."""
    return record(index, LENGTH, 0.02 * (index % 7) if is_anomalous(index) else 0.0)


def write_recordings(folder: Path) -> None:
    """A project: a float autoencoder, normal windows for calibration, whole recordings for evaluation."""
    (folder / "quantci.toml").write_text(CONFIG)
    (folder / "autoencoder.tflite").write_bytes(projecting_autoencoder(basis()))
    for name in ("calibration", "evaluation"):
        (folder / name).mkdir()
    for index in range(220):
        np.save(folder / "calibration" / f"{index:03}.npy", record(1000 + index, WIDTH, 0.0))
    for index in range(FILES):
        (folder / "evaluation" / f"{index:02}.bin").write_bytes(recording(index).tobytes())
    (folder / "evaluation" / "y_labels.csv").write_text("".join(map(truth_line, range(FILES))))
