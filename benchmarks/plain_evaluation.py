"""The obvious loop: one process, the same three interpreters, one sample after the other."""

from __future__ import annotations

import sys
import time
from pathlib import Path


def main(folder: Path, config: Path) -> None:
    """Run every sample of the evaluation set through the three steps, and count what is right."""
    import msgspec
    import numpy as np

    from quantci.data.preprocess import Preprocessing
    from quantci.data.samples import find_samples
    from quantci.records.config import Config
    from quantci.records.truth import ClassTruth
    from quantci.tasks.choose import choose_task
    from quantci.tflite.fixed_point import quantize
    from quantci.tflite.lite_rt import open_lite_rt
    from quantci.tflite.model import Model
    from quantci.tflite.tflm import open_tflm

    started_s = time.perf_counter()
    settings = msgspec.toml.decode(config.read_bytes(), type=Config)
    float_model, int8_model = (Model.read(folder / f"model_{kind}.tflite") for kind in ("float", "quant"))
    task = choose_task(settings.task)
    samples, _ = find_samples(settings.evaluation.data, config.parent, task, settings.input, "evaluation")
    steps = [open_lite_rt(float_model), open_lite_rt(int8_model), open_tflm(int8_model)]
    preprocessing = Preprocessing.for_model(settings.input, steps[0].inputs[0].shape)
    right = np.zeros(3)
    for sample in samples:
        tensor = preprocessing.load(sample).tensor
        assert isinstance(sample.truth, ClassTruth)
        for index, step in enumerate(steps):
            port = step.inputs[0]
            given = quantize(tensor, port.scale, port.zero_point, port.dtype) if index else tensor
            right[index] += int(step.run([given])[0].argmax()) == sample.truth.index
    print(right / len(samples), f"done in {time.perf_counter() - started_s:.3f} s")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
