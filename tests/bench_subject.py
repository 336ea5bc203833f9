"""A model that evaluate has judged, on disk: the golden model as a classifier of 24 rows into ten classes."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from msgspec.structs import replace
from tests.golden import example_evaluate_record

from quantci.bench.boards import Boards
from quantci.bench.golden import read_golden
from quantci.bench.run import Asked
from quantci.data.preprocess import Preprocessing
from quantci.data.samples import find_samples
from quantci.evaluate.predictions import PREDICTIONS, to_npz
from quantci.records.config import CalibrationConfig, Config, EvaluationConfig, ModelConfig
from quantci.records.device_config import DeviceConfig
from quantci.records.input_config import InputConfig
from quantci.tasks.choose import choose_task
from quantci.tflite.fixed_point import quantize
from quantci.tflite.lite_rt import open_lite_rt
from quantci.tflite.model import Model

SAMPLES = 24


def subject_model() -> Model:
    """Not the golden model itself, which a device may hold already: its description is another."""
    golden = read_golden().model
    draft = golden.draft()
    draft.description = b"subject"
    return Model(golden.changed(draft).data, "model_quant.tflite")


def make_subject(folder: Path, device: DeviceConfig | None = None, **changes: Any) -> Asked:
    """What bench is asked to do with it; the set and evaluate's predictions are written into the folder."""
    model = subject_model()
    config = Config(
        model=ModelConfig(source="model.tflite"),
        calibration=CalibrationConfig(data="none"),
        evaluation=EvaluationConfig(data="set.npz"),
        input=InputConfig(mean=(0.0,), std=(1.0,)),
        device=device or DeviceConfig(iterations=3, warm_up=1, windows=3),
    )
    random = np.random.RandomState(7)
    rows = random.uniform(-4, 4, (SAMPLES, 64)).astype(np.float32)
    runner = open_lite_rt(model, kernels="reference")
    (taken,) = runner.inputs
    outputs = np.concatenate(
        [runner.run([quantize(row.reshape(1, 64), taken.scale, taken.zero_point, taken.dtype)])[0] for row in rows]
    )
    labels = outputs.argmax(axis=1)
    labels[:10] = range(10)  # each class has a sample, and some are wrong
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "set.npz", X=rows, y=labels)
    task = choose_task(config.task)
    samples, names = find_samples("set.npz", folder, task, config.input, "evaluation")
    preprocessing = Preprocessing.for_model(config.input, model.summary.inputs[0].shape)
    (output,) = task.outputs_of(model.summary)
    predictions = to_npz(
        samples,
        {"int8-oracle": outputs},
        {},
        truth=task.truth_of(samples, names),
        labels=names,
        scales=output.scale,
        zero_points=output.zero_point,
        digests=[preprocessing.load(sample).content_sha256 for sample in samples],
    )
    (folder / PREDICTIONS).write_bytes(predictions)
    evaluated = example_evaluate_record().result
    assert evaluated is not None
    return Asked(
        config=config,
        base=folder,
        output=folder,
        model=model,
        evaluated=replace(
            evaluated,
            dataset=replace(evaluated.dataset, used=SAMPLES, found=SAMPLES),
            oracle="litert-reference",
            quantized_sha256=model.sha256,
            predictions_sha256=hashlib.sha256(predictions).hexdigest(),
        ),
        boards=Boards(folder / "boards"),
        **changes,
    )
