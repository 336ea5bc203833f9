"""A trial on a small model, all in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from msgspec.structs import replace
from tests.models import tiny_float_cnn
from tests.unit.quantize.inline import FloatSource, config_of

from quantci.quantize.ladder.attempt import Trial, take_trial
from quantci.quantize.ladder.run import prepare_trial
from quantci.quantize.prepare import prepare
from quantci.records.config import QuantizationConfig
from quantci.records.ladder import LadderConfig
from quantci.tflite.model import Model
from quantci.workers.here import Here

CLASSES = 4
SAMPLES = 40


def write_set(folder: Path, count: int, seed: int, *, is_labelled: bool = True) -> None:
    """Tensors 16x16x3, in turn of each class."""
    random = np.random.RandomState(seed)
    for index in range(count):
        place = folder / (str(index % CLASSES) if is_labelled else "")
        place.mkdir(parents=True, exist_ok=True)
        np.save(place / f"{index:03}.npy", random.uniform(-1, 1, (16, 16, 3)).astype(np.float32))


def trial_in(folder: Path, *, is_labelled: bool = True, **ladder: Any) -> Trial:
    """Calibrated on 30 of 40 samples; this process has taken it."""
    write_set(folder / "data", SAMPLES, 0, is_labelled=is_labelled)
    config = replace(config_of(), ladder=LadderConfig(**ladder), quantization=QuantizationConfig(recipe="auto"))
    workers = Here()
    held_back = 0 if config.ladder.tuning else config.ladder.held_back
    prepared = prepare(
        config,
        folder,
        source=FloatSource(Model(tiny_float_cnn(0), "model.tflite")),
        workers=workers,
        progress=lambda *_: None,
        held_back=held_back,
    )
    trial = prepare_trial(prepared, config, folder, workers)
    take_trial(trial)
    return trial
