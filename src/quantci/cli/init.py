"""Write a commented quantci.toml for a model, from its inputs and outputs.

With an evaluation set it also writes the gates that a set of this size can decide.

examples:
  quantci init model.keras
  quantci init model.keras --evaluation-data photos/validation
  quantci init model.tflite --config ci/quantci.toml
"""

from __future__ import annotations

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
    from quantci.records.model import ModelSummary

_USUAL_DATA = "data/validation"
_IN_GRAPH_PREPROCESSING = {"MUL", "SUB", "ADD", "DIV"}


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
        summary = _look(model, arguments.signature, console)
    from quantci.records.base import write_bytes

    facts = _facts(_seen_from(target, model), arguments.signature, model.is_dir(), summary)
    facts |= _gates(arguments.evaluation_data, target, is_classification=not facts["is_anomaly"])
    write_bytes(target, _render(facts).encode())
    print(f"{target}: now set the two data paths and the labels, then run: quantci pipeline --config {target}")
    return EXIT_OK


def _look(model: Path, signature: str, progress: Progress) -> ModelSummary:
    from quantci.source.open_source import open_source
    from quantci.workers.jail import Jail

    progress("reading the model")
    with Jail(where=str(model)) as tensorflow:
        source = open_source(model, signature=signature, tensorflow=tensorflow)
        return source.convert().summary


def _facts(source: str, signature: str, is_saved_model: bool, summary: ModelSummary) -> dict[str, Any]:  # noqa: FBT001
    """What the template says, read off the model."""
    shape = summary.inputs[0].shape
    output = summary.outputs[0].shape
    is_image = len(shape) == 4 and shape[3] in {1, 3}
    is_anomaly = not is_image and shape == output
    classes = output[-1] if output else 1
    first_ops = {op.op for op in summary.ops if summary.inputs[0].index in op.inputs}
    return {
        "source": source,
        "signature": signature if is_saved_model else None,
        "is_image": is_image,
        "is_anomaly": is_anomaly,
        "shape": shape,
        "channels": shape[-1] if is_image else None,
        "labels": [] if is_anomaly else [f"class_{index}" for index in range(max(2, classes))],
        "in_model": bool(first_ops & _IN_GRAPH_PREPROCESSING),
        "component": re.sub(r"[^a-z0-9_]+", "_", f"model_{Path(source).stem}".lower())[:63],
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
