"""What each recipe does to models that are hard to quantize, as docs/recipes.md shows: `python -m benchmarks.recipes`.

With --project FOLDER, of a project of your own whose evaluation set is an .npz: its quantci.toml says what is judged.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from tests.recipe_problems import NAMES, problem
from tests.unit.quantize.inline import FloatSource, InlinePool

from quantci.cli.config_file import read_config
from quantci.errors import QuantciError
from quantci.quantize.int8 import make_int8
from quantci.quantize.prepare import prepare
from quantci.quantize.recipe import recipe_named
from quantci.quantize.strip import strip
from quantci.tflite.lite_rt import open_lite_rt
from quantci.tflite.model import Model
from quantci.tflite.tflm import open_tflm

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quantci.tflite.runner import Runner

RECIPES = (
    "minmax",
    "percentile-99.99",
    "percentile-99.9",
    "mse",
    "kl",
    "cle",
    "cle+percentile-99.9",
    "cle+mse",
    "equalize",
    "equalize+percentile-99.9",
    "equalize+mse",
    "bias-correction",
    "percentile-99.9+bias-correction",
    "equalize+percentile-99.9+bias-correction",
    "per-tensor-dense",
    "int16x8",
)
CONFIG = """
[model]
source = "model.tflite"
[input]
mean = [0.0]
std = [1.0]
[calibration]
data = "calibration.npz"
[evaluation]
data = "evaluation.npz"
"""


class Outcome(NamedTuple):
    """Of one recipe.

    Attributes:
        accuracy: in TFLM, in percent; None where the recipe cannot be had.
        seconds: of one core, of the recipe alone.
        file_bytes: of the stripped model.
        arena_bytes: what TFLM takes on this machine.
    """

    accuracy: float | None
    seconds: float = 0.0
    file_bytes: int = 0
    arena_bytes: int = 0


def write_project(name: str, folder: Path) -> None:
    """One of the problems, as a project."""
    made = problem(name)
    (folder / "model.tflite").write_bytes(made.model)
    (folder / "quantci.toml").write_text(CONFIG)
    np.savez(folder / "calibration.npz", X=made.calibration, y=np.arange(len(made.calibration)) % 6)
    np.savez(folder / "evaluation.npz", X=made.images, y=made.labels)


def judge(folder: Path, recipes: tuple[str, ...]) -> dict[str, Outcome]:
    """The float model, called `float`, and each recipe on the evaluation set; calibrated once, as a ladder does."""
    config = read_config(folder / "quantci.toml", {})
    workers: Any = InlinePool()
    source: Any = FloatSource(Model.read(folder / (config.model.source or "")))
    prepared = prepare(config, folder, source=source, workers=workers, progress=lambda *_: None)
    with np.load(folder / config.evaluation.data) as arrays:
        samples, labels = arrays["X"].astype(np.float32), arrays["y"]
    float_model = prepared.statistics.float_model
    outcomes = {"float": Outcome(accuracy(open_lite_rt(float_model), samples, labels))}
    for name in recipes:
        start = time.process_time()
        try:
            recipe = recipe_named(name, config.quantization, needs_tensorflow=False)
            made = make_int8(prepared, recipe, workers=workers, tensorflow=workers)
            seconds = time.process_time() - start
            lean = strip(made.model)
            right = accuracy(open_tflm(lean), samples, labels)
            outcomes[name] = Outcome(right, seconds, len(lean.data), smallest_arena(lean))
        except QuantciError:
            outcomes[name] = Outcome(None)
    return outcomes


def accuracy(runner: Runner, samples: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Percent of the samples that it answers right."""
    port = runner.inputs[0]
    answers = [int(runner.run([port.from_real(sample[None])])[0].argmax()) for sample in samples]
    return float(100 * np.mean(np.array(answers) == labels))


def smallest_arena(model: Model) -> int:
    """What TFLM's own allocator says that it used."""
    import re

    from quantci.tflite.native_stderr import native_stderr

    runner: Any = open_tflm(model)
    with native_stderr() as printed:
        runner._interpreter.print_allocations()  # noqa: SLF001  the wheel tells it in no other way
    return int(re.findall(r"Arena allocation total (\d+) bytes", printed.text)[0])


def table(found: dict[str, dict[str, Outcome]]) -> str:
    """One column a problem; time, file and arena are of the first."""
    first = next(iter(found.values()))
    heads = [f"{name}, float {outcomes['float'].accuracy:.1f}" for name, outcomes in found.items()]
    lines = [f"| recipe | {' | '.join(heads)} | CPU s | file | arena |", f"|---|{'--:|' * (len(found) + 3)}"]
    for name in (name for name in first if name != "float"):
        right = [outcomes[name].accuracy for outcomes in found.values()]
        cells = ["refused" if value is None else f"{value:.1f}" for value in right]
        of = first[name]
        lines.append(f"| `{name}` | {' | '.join(cells)} | {of.seconds:.2f} | {of.file_bytes:,} | {of.arena_bytes:,} |")
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recipes", description=__doc__)
    parser.add_argument("recipes", nargs="*", help="names of recipes; without any, those of docs/recipes.md")
    parser.add_argument("--project", type=Path, metavar="FOLDER", help="judge this instead")
    arguments = parser.parse_args()
    recipes = tuple(arguments.recipes) or RECIPES
    if arguments.project:
        print(table({arguments.project.name: judge(arguments.project, recipes)}))
        return
    found = {}
    for name in NAMES:
        with tempfile.TemporaryDirectory() as folder:
            write_project(name, Path(folder))
            found[name] = judge(Path(folder), recipes)
    print(table(found))


if __name__ == "__main__":
    main()
