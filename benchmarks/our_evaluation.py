"""`quantci evaluate` without the command line around it: the stage, timed from the end of its imports on."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path


def main(folder: Path, config: Path) -> None:
    """Evaluate as the command does; what workers need is imported as it is there."""
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as the command sets it
    from quantci.workers.preload import preload

    preload("quantci.tflite.interpreters", "quantci.evaluate.score")
    import msgspec

    from quantci.evaluate.run import evaluate
    from quantci.evaluate.subject import Subject
    from quantci.progress import silent
    from quantci.records.config import Config
    from quantci.tflite.model import Model

    started_s = time.perf_counter()
    float_model, int8_model = (Model.read(folder / f"model_{kind}.tflite") for kind in ("float", "quant"))
    settings = msgspec.toml.decode(config.read_bytes(), type=Config)
    subject = Subject(settings, config.parent, float_model, int8_model, [], None)
    evaluate(subject, folder, first_layer=None, progress=silent, allow_code=False)
    print(f"done in {time.perf_counter() - started_s:.3f} s")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
