"""Write a commented quantci.toml for a model, from its inputs and outputs.

With an evaluation set it also writes the gates that a set of this size can decide.

examples:
  quantci init model.keras
  quantci init model.keras --evaluation-data photos/validation
  quantci init model.tflite --config ci/quantci.toml
  quantci init network:build          a function that builds a PyTorch module, in network.py beside quantci.toml
  quantci init model_int8.tflite      your own INT8 model: nothing is quantized
  quantci init model.keras --quantized model_int8.tflite
"""

from __future__ import annotations

import math
import os
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quantci.cli.console import Console
from quantci.cli.input_shape import add_input_shape
from quantci.errors import EXIT_OK, ConfigError, DataRejected

if TYPE_CHECKING:
    import argparse

    from quantci.progress import Progress
    from quantci.records.config import ModelConfig
    from quantci.records.keras_model import KerasLayer
    from quantci.records.model import ModelSummary

_KERAS = {"keras", "hdf5"}
_USUAL_DATA = "data/validation"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "model",
        help=".keras, .h5, .onnx, .pt2, SavedModel folder or .tflite; an INT8 .tflite is taken as it is;\n"
        "or a function that builds a PyTorch module, as module:function",
    )
    parser.add_argument("--quantized", metavar="FILE", help="your own INT8 .tflite, made from this float model")
    parser.add_argument("--config", default="quantci.toml", metavar="FILE", help="file to write")
    parser.add_argument("--signature", default="serving_default", help="signature of a SavedModel")
    add_input_shape(parser)
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
    from quantci.records.code_name import CodeName
    from quantci.records.config import ModelConfig

    function = CodeName.parse(arguments.model)
    model = Path(arguments.model)
    own = Path(arguments.quantized) if arguments.quantized else model if not function and _is_int8(model) else None
    wanted = ModelConfig(
        source=str(function) if function else None,
        signature=arguments.signature,
        input_shape=arguments.input_shape,
    )
    with Console("init") as console:
        quantized = _look_at_own(own, console) if own else None
        summary, layers = (
            (quantized, []) if quantized and own == model else _look(arguments.model, wanted, target.parent, console)
        )
    from quantci.records.base import write_bytes

    facts: dict[str, Any] = {
        "source": None if own == model else str(function) if function else _seen_from(target, model),
        "is_function": function is not None,
        "quantized": _seen_from(target, own) if own else None,
        "signature": arguments.signature if model.is_dir() else None,
        "input_shape": list(wanted.input_shape),
        "component": re.sub(r"[^a-z0-9_]+", "_", f"model_{function.module if function else model.stem}".lower())[:63],
    }
    data = arguments.evaluation_data
    facts |= _facts(summary, layers, Path(data) if data else target.parent / _USUAL_DATA, quantized)
    facts |= _gates(data, target, is_classification=facts["task"].kind == "classification")
    write_bytes(target, _render(facts).encode())
    print(f"{target}: {facts['task'].kind}: {facts['task'].why}.")
    unsure = f" {'Run quantci probe' if facts['source'] else 'Check [input]'}: the preprocessing is a guess."
    paths = "path of the evaluation set" if own else "two data paths"
    print(f"Now set the {paths} and the labels.{unsure if facts['is_guess'] else ''}", end=" ")
    print(f"Then run: quantci pipeline --config {target}")
    return EXIT_OK


def _look(given: str, wanted: ModelConfig, base: Path, progress: Progress) -> tuple[ModelSummary, list[KerasLayer]]:
    """The look into the float model, and the layers of a Keras file."""
    from quantci.cli.keras_table import look_into
    from quantci.cli.workspace import Workspace
    from quantci.records.config import OUTPUT_DIR
    from quantci.source.open_source import open_model, open_source
    from quantci.tasks.outputs import check_one_output, only_input
    from quantci.tflite.identify import read_head, sniff
    from quantci.workers.jail import Jail

    progress("reading the model")
    with Jail(where=given) as jail:
        kept_in = base / OUTPUT_DIR
        if wanted.source is None:
            source = open_source(Path(given), wanted, jail=jail, output_dir=kept_in)
        else:
            allow_code = Workspace.of(os.environ).allow_code
            source = open_model(wanted, base, jail=jail, allow_code=allow_code, output_dir=kept_in)
        summary = source.convert().summary
    only_input(summary, given)
    check_one_output(summary, "", given)
    model = Path(given)
    kind = "" if source.format == "torch" or model.is_dir() else sniff(read_head(model))
    return summary, look_into(model, kind).layers if kind in _KERAS else []


def _is_int8(model: Path) -> bool:
    """Whether this is a .tflite with integer activations; whatever else it may be is seen when it is read."""
    from quantci.source.own_int8 import is_quantized
    from quantci.tflite.identify import read_head, sniff
    from quantci.tflite.model import Model

    return not model.is_dir() and sniff(read_head(model)) == "tflite" and is_quantized(Model.read(model).summary)


def _look_at_own(model: Path, progress: Progress) -> ModelSummary:
    """The look into one's own INT8 model.

    Raises:
        ModelRejected: the pipeline would refuse it.
    """
    from quantci.source.own_int8 import read_own
    from quantci.tasks.outputs import only_output

    progress("reading the quantized model")
    summary = read_own(model).summary
    only_output(summary, "")
    return summary


def _facts(
    summary: ModelSummary, layers: list[KerasLayer], evaluation: Path, quantized: ModelSummary | None
) -> dict[str, Any]:
    """What the template says, read off the models and guessed from them."""
    from quantci.cli.guess import guess_kind, guess_scaling, is_picture, normalises

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
        "scaling": guess_scaling(quantized) if quantized else None,
    }


def _gates(data: str | None, target: Path, *, is_classification: bool) -> dict[str, Any]:
    """What the template says of the evaluation set, and the gates that this set can decide.

    Raises:
        DataRejected: a set that was named cannot be read.
    """
    from quantci.data.samples import find_samples
    from quantci.records.config import TaskConfig
    from quantci.records.input_config import InputConfig
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
