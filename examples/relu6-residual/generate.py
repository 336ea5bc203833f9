"""Write data/: patches of random colours as tensors; the label of each is what the float model answers.

So the float model is right on every sample, and whatever an INT8 step loses is that step's own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

SIZE = 16
LABELS = ("north", "east", "south", "west")
CALIBRATION, EVALUATION = 200, 400
HERE = Path(__file__).parent


def picture(index: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """A picture [16, 16, 3] of 4 x 4 patches with values around 0."""
    random = np.random.RandomState(index)
    patches = random.normal(0, 1, (4, 4, 3)) + random.normal(0, 1, 3)
    return np.asarray(patches.repeat(4, axis=0).repeat(4, axis=1), np.float32)


def main(folder: Path = HERE / "data") -> None:
    """Write both sets, each with its manifest.csv."""
    from ai_edge_litert.interpreter import Interpreter

    runner = Interpreter(model_path=str(HERE / "relu6_residual.tflite"))
    runner.allocate_tensors()
    given, answer = runner.get_input_details()[0]["index"], runner.get_output_details()[0]["index"]
    for name, start, count in (("calibration", 1000, CALIBRATION), ("evaluation", 2000, EVALUATION)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        rows = ["path,label"]
        for index in range(start, start + count):
            runner.set_tensor(given, picture(index)[np.newaxis])
            runner.invoke()
            label = LABELS[int(runner.get_tensor(answer).argmax())]
            np.save(folder / name / f"{index}.npy", picture(index))
            rows.append(f"{index}.npy,{label}")
        (folder / name / "manifest.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
