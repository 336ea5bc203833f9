"""Write a commented quantci.toml for a model, from its inputs and outputs.

With an evaluation set it also writes the gates that a set of this size can decide.

examples:
  quantci init model.keras
  quantci init model.keras --evaluation-data photos/validation
  quantci init model.tflite --config ci/quantci.toml
"""

from __future__ import annotations

import math
import os
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quantci.cli.console import Console
from quantci.errors import EXIT_OK, ConfigError, DataRejected

if TYPE_CHECKING:
    import argparse

    from quantci.progress import Progress
    from quantci.records.keras_model import KerasLayer
    from quantci.records.model import ModelSummary

_KERAS = {"keras", "hdf5"}
_USUAL_DATA = "data/validation"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("model", help=".keras, .h5, SavedModel folder or float .tflite")
    parser.add_argument("--config", default="quantci.toml", metavar="FILE", help="file to write")
    parser.add_argument("--signature", default="serving_default", help="signature of a SavedModel")
    parser.add_argument(
        "--evaluation-data", metavar="DATA", help="evaluation set; gates are written for the number of its samples"
    )
    parser.add_argument("--force", action="store_true", help="replace the file if it is there")


def run(arguments: argparse.Namespace) -> int:
    """Look at the model and write the file."""
    target = Path(arguments.config)
    if target.exists() and not arguments.force:
        raise ConfigError(
            "exists",
            "There is already a configuration here.",
            where=str(target),
            remedy="Name another file with --config, or replace it with --force.",
        )
    model = Path(arguments.model)
    with Console("init") as console:
        summary, layers = _look(model, arguments.signature, console)
    from quantci.records.base import write_bytes

    facts: dict[str, Any] = {
        "source": _seen_from(target, model),
        "signature": arguments.signature if model.is_dir() else None,
        "component": re.sub(r"[^a-z0-9_]+", "_", f"model_{model.stem}".lower())[:63],
    }
    data = arguments.evaluation_data
    facts |= _facts(summary, layers, Path(data) if data else target.parent / _USUAL_DATA)
    facts |= _gates(data, target, is_classification=facts["task"].kind == "classification")
    write_bytes(target, _render(facts).encode())
    print(f"{target}: {facts['task'].kind}: {facts['task'].why}.")
    unsure = " Run quantci probe: the preprocessing is a guess." if facts["is_guess"] else ""
    print(f"Now set the two data paths and the labels.{unsure} Then run: quantci pipeline --config {target}")
    return EXIT_OK


def _look(model: Path, signature: str, progress: Progress) -> tuple[ModelSummary, list[KerasLayer]]:
    """The look into the float model, and the layers of a Keras file."""
    from quantci.cli.keras_table import look_into
    from quantci.source.open_source import open_source
    from quantci.tasks.outputs import check_one_output, only_input
    from quantci.tflite.identify import read_head, sniff
    from quantci.workers.jail import Jail

    progress("reading the model")
    with Jail(where=str(model)) as tensorflow:
        source = open_source(model, signature=signature, tensorflow=tensorflow)
        summary = source.convert().summary
    only_input(summary, str(model))
    check_one_output(summary, "", str(model))
    kind = "" if model.is_dir() else sniff(read_head(model))
    return summary, look_into(model, kind).layers if kind in _KERAS else []


def _facts(summary: ModelSummary, layers: list[KerasLayer], evaluation: Path) -> dict[str, Any]:
    """What the template says, read off the model and guessed from it."""
    from quantci.cli.guess import guess_kind, is_picture, normalises

    shape, output = summary.inputs[0].shape, summary.outputs[0].shape
    task, normalised = guess_kind(summary), normalises(summary, layers)
    is_image = is_picture(shape, evaluation, normalised)
    word = {"regression": "value", "multi-label": "label"}.get(task.kind, "class")
    count = max(math.prod(output), 2 if task.kind == "classification" else 1)
    return {
        "is_image": is_image,
        "task": task,
        "shape": shape,
        "channels": shape[-1] if is_image else None,
        "labels": [f"{word}_{index}" for index in range(count)],
        "normalised": normalised,
        "is_guess": is_image and normalised != "inside",
    }


def _gates(data: str | None, target: Path, *, is_classification: bool) -> dict[str, Any]:
    """What the template says of the evaluation set, and the gates that this set can decide.

    Raises:
        DataRejected: a set that was named cannot be read.
    """
    from quantci.data.samples import find_samples
    from quantci.records.config import InputConfig, TaskConfig
    from quantci.records.truth import ClassTruth
    from quantci.report.gates.suggestion import suggest
    from quantci.tasks.choose import choose_task

    name = _seen_from(target, Path(data)) if data else _USUAL_DATA
    missing = f"There is no evaluation set in {name} yet: init --force with --evaluation-data writes gates for it."
    facts: dict[str, Any] = {"evaluation": name, "gates": None, "no_gates": missing}
    if not is_classification:
        return facts | {"no_gates": "What a set can decide of this task is known once it was evaluated."}
    try:
        task, tensors = choose_task(TaskConfig()), InputConfig(dtype="float32")
        samples = find_samples(name, target.parent, task, tensors, "evaluation").samples
    except DataRejected:
        if data:
            raise
        return facts
    by_class = Counter(sample.truth.index for sample in samples if isinstance(sample.truth, ClassTruth))
    return facts | {"samples": len(samples), "gates": suggest(len(samples), min(by_class.values()))}


def _seen_from(target: Path, path: Path) -> str:
    return os.path.relpath(os.path.realpath(path), os.path.realpath(target.parent))


def _render(facts: dict[str, Any]) -> str:
    import jinja2

    environment = jinja2.Environment(  # noqa: S701  TOML, not HTML; strings pass through tojson
        loader=jinja2.PackageLoader("quantci.cli"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    # TOML basic strings are JSON strings but for &, <, > and ' which tojson escapes for HTML; TOML reads \uXXXX too.
    return environment.get_template("quantci.toml.j2").render(facts)
