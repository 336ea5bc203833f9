"""The ladder: eight recipes in one run against eight runs, and how much its choice loses against the best recipe."""

from __future__ import annotations

import shlex
import shutil
import sys
from typing import TYPE_CHECKING

import numpy as np
from tests.recipe_problems import NAMES, gratings, problem

from benchmarks.measure import Row, pair, run
from benchmarks.models import FOLDER
from quantci.records.base import decode, read
from quantci.records.kept_files import FOLDER as KEPT
from quantci.records.kept_try import KeptTry
from quantci.records.quantize import QuantizeRecord
from quantci.tflite.model import Model
from quantci.tflite.tflm import open_tflm

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from quantci.records.ladder import LadderResult

QUANTCI = [sys.executable, "-m", "quantci"]
EIGHT = ("minmax", "percentile-99.9", "percentile-99.99", "mse", "cle", "cle+percentile-99.9", "equalize", "kl")
ALL = (
    *EIGHT,
    "cle+mse",
    "equalize+percentile-99.9",
    "equalize+mse",
    "bias-correction",
    "percentile-99.9+bias-correction",
    "cle+percentile-99.9+bias-correction",
    "equalize+percentile-99.9+bias-correction",
)
TUNING = 64
JUDGED = 2000  # of fewer, luck is larger than what recipes differ by
CONFIG = """
[model]
source = "model.tflite"
[input]
preprocess = "in-model"
[calibration]
data = "calibration.npz"
[evaluation]
data = "evaluation.npz"
[ladder]
tuning = "tuning.npz"
"""


def speed(runs: int) -> list[Row]:
    """`quantci quantize` with a ladder of eight recipes, and with each of them alone: whole processes."""
    quantize = [*QUANTCI, "quantize", "--config", str(FOLDER / "kws.toml"), "--recipe"]
    ladder = [*quantize, "auto", "--ladder-recipes", ",".join(EIGHT)]
    forget = f"rm -rf {shlex.quote(str(FOLDER / 'out_kws' / KEPT))}"
    one_by_one = "; ".join(shlex.join([*quantize, name]) for name in EIGHT)
    ours, others = pair(["sh", "-c", f"{forget}; {shlex.join(ladder)}"], ["sh", "-c", one_by_one], runs)
    ratio, name = ours.wall_s / others.wall_s, "ladder of eight recipes / eight runs"
    rows = [Row(name, f"{ours.wall_s:.2f} s", f"{others.wall_s:.2f} s", ratio, "<= 0.5", ratio <= 0.5)]
    again, one = pair(ladder, [*quantize, "minmax"], runs)
    ratio, name = again.wall_s / one.wall_s, "the same ladder a second time / one recipe"
    return [*rows, Row(name, f"{again.wall_s:.2f} s", f"{one.wall_s:.2f} s", ratio, "", is_met=True)]


def regret() -> list[Row]:
    """Accuracy of the chosen recipe and of the best one, of fifteen, on samples that the ladder never saw."""
    rows, losses = [], []
    for name in NAMES:
        result, found = climb(name)
        chosen, best = found[result.chosen], max(found.values())
        losses.append(best - chosen)
        names = ", ".join(one for one, accuracy in found.items() if accuracy == best)
        what = f"ladder on `{name}`: {result.chosen}; best {names}"
        rows.append(Row(what, f"{chosen:.1%}", f"{best:.1%}", best - chosen, "<= 0.02", best - chosen <= 0.02))
        minmax = found["minmax"]
        rows.append(Row("and min-max", f"{chosen:.1%}", f"{minmax:.1%}", chosen - minmax, "", is_met=True))
    mean = float(np.mean(losses))
    return [*rows, Row("mean loss of the ladder's choice", "", "", mean, "<= 0.008", mean <= 0.008)]


def climb(name: str) -> tuple[LadderResult, dict[str, float]]:
    """What the ladder chose for a problem, and the accuracy of each of its tries in TFLM."""
    given, folder = problem(name, judged=JUDGED), FOLDER / "ladder" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "model.tflite").write_bytes(given.model)
    (folder / "quantci.toml").write_text(CONFIG)
    tuning, labels = gratings(3, TUNING)
    np.savez(folder / "calibration.npz", X=given.calibration)
    np.savez(folder / "tuning.npz", X=tuning, y=labels)
    np.savez(folder / "evaluation.npz", X=given.images, y=given.labels)
    config = ["--config", str(folder / "quantci.toml"), "--recipe", "auto", "--ladder-recipes", ",".join(ALL)]
    run([*QUANTCI, "quantize", *config])
    output = folder / "build" / "quantci"
    record = read(output / "quantize.json", QuantizeRecord)
    assert record.result is not None
    assert record.result.ladder is not None
    kept = [decode(path.read_bytes(), KeptTry) for path in (output / KEPT).glob("*.json")]
    models = {one.tried.recipe: output / KEPT / f"{one.int8_sha256}.tflite" for one in kept if one.int8_sha256}
    found = {one: accuracy_of(models[one], given.images, given.labels) for one in ALL if one in models}
    return record.result.ladder, found


def accuracy_of(path: Path, images: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Of an INT8 model, in TFLM."""
    runner = open_tflm(Model(path.read_bytes(), str(path)))
    (port,) = runner.inputs
    answers = [int(runner.run([port.from_real(image[np.newaxis])])[0].argmax()) for image in images]
    return float((np.array(answers) == labels).mean())


def ladder(runs: int) -> list[Row]:
    """Both."""
    return [*speed((runs + 1) // 2), *regret()]


if __name__ == "__main__":
    for row in regret():
        print(row)
