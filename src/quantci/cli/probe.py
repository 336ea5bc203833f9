"""Find the preprocessing that the float model was trained with.

Runs it on up to 100 samples of the evaluation set under the usual preprocessings (raw, 0..1, -1..1, the means of Keras'
and torchvision's models, RGB and BGR, each resizing and crop), and ranks them by accuracy. Where one is better beyond
doubt than what quantci.toml says, its lines are printed. Nothing is changed without --write.

examples:
  quantci probe
  quantci probe --config ci/quantci.toml --write
"""

from __future__ import annotations

import json
import re
import tomllib
from typing import TYPE_CHECKING, Any, Final

from quantci.cli import options
from quantci.cli.console import Console
from quantci.cli.settings import Settings, load
from quantci.errors import EXIT_OK, ConfigError, QuantciError

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from quantci.probe.run import Probed
    from quantci.progress import Progress
    from quantci.records.stage import Advice
    from quantci.render.cells import Block
    from quantci.tflite.model import Model

_SHOWN: Final = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--write", action="store_true", help="write the lines that fit into quantci.toml")
    options.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Try them, and print the ranking."""
    from quantci.probe.variants import changes
    from quantci.render.terminal import show

    settings = load(arguments)
    with Console("probe") as console:
        found = work(settings, console)
    show(_table(found, settings))
    if found.fits is None:
        print("\nNone is better beyond doubt than what quantci.toml says.")
        return EXIT_OK
    keys = changes(settings.config.input, found.fits.variant.input)
    print(f"\n{sentence(found)} In {settings.file}:\n\n[input]")
    print("\n".join(lines_of(keys)))
    if arguments.write:
        write_input(settings.file, keys)
        print(f"\nwrote {settings.file}")
    return EXIT_OK


def work(settings: Settings, progress: Progress) -> Probed:
    """Read the source model, and try them in workers."""
    from quantci.probe.run import probe
    from quantci.source.open_source import open_model
    from quantci.workers.jail import Jail
    from quantci.workers.pool import Pool, core_count

    if settings.config.model.source is None:
        raise ConfigError(
            "no-float-model",
            "There is no float model to try them with.",
            where="model.source",
            remedy="Name the float model that it was made from as model.source, beside model.quantized.",
        )
    path = settings.base / settings.config.model.source
    with Pool(core_count(), where=str(path)) as workers, Jail(where=str(path)) as jail:
        workers.start()  # while this process reads the source
        progress("reading the model")
        source = open_model(
            settings.config.model,
            settings.base,
            jail=jail,
            allow_code=settings.allow_code,
            output_dir=settings.kept_in,
        )
        model = source.convert()
        return probe(settings.config, settings.base, model, workers=workers, progress=progress)


def advise(settings: Settings, model: Model, progress: Progress) -> list[Advice]:
    """What would fit a float model whose answers are doubted; nothing where nothing does, or it cannot be tried."""
    from quantci.probe.run import probe
    from quantci.probe.variants import changes
    from quantci.records.stage import Advice
    from quantci.workers.pool import Pool, core_count

    try:
        with Pool(core_count(), where=model.where) as workers:
            found = probe(settings.config, settings.base, model, workers=workers, progress=progress)
    except QuantciError:
        return []  # it costs a line of advice, not the evaluation
    if found.fits is None:
        return []
    lines = ", ".join(f"`{line}`" for line in lines_of(changes(settings.config.input, found.fits.variant.input)))
    return [Advice(code="preprocessing", text=f"{sentence(found)} Set in `[input]`: {lines}.")]


def sentence(found: Probed) -> str:
    """What was found, where one fits."""
    assert found.fits is not None
    count = len(found.fits.right)
    return (
        f"FP32 finds the class of {found.fits.right.sum()} of {count} samples with "
        f'"{found.fits.variant.name}", and of {found.configured.right.sum()} as it is configured.'
    )


def _table(found: Probed, settings: Settings) -> list[Block]:
    from quantci.probe.variants import changes
    from quantci.render.cells import Column, table
    from quantci.render.numbers import NBSP

    rows = found.rows[:_SHOWN]
    if all(row is not found.configured for row in rows):
        rows.append(found.configured)
    lines = []
    for row in rows:
        low, high = row.interval
        lines.append(
            (
                row.variant.name,
                f"{row.accuracy:.1%}",
                f"{100 * low:.1f} to{NBSP}{100 * high:.1f}",
                "  ".join(lines_of(changes(settings.config.input, row.variant.input))),
            )
        )
    head = ("preprocessing", Column("accuracy", "right"), Column("95 %", "right"), "[input]")
    return [table(head, lines)]


def lines_of(keys: dict[str, Any]) -> list[str]:
    """The lines of quantci.toml for these keys of [input]; one that goes is a comment."""
    return [
        f"# without {key}" if value is None else f"{key} = {json.dumps(value, ensure_ascii=False)}"
        for key, value in keys.items()
    ]


def write_input(file: Path, keys: dict[str, Any]) -> None:
    """Put these keys into [input], and leave every other line as it is.

    Raises:
        ConfigError: `probe-write`: the file is laid out in a way that this does not see through.
    """
    from quantci.records.base import write_bytes

    before = file.read_text(encoding="utf-8")
    wanted = tomllib.loads(before)
    table = wanted.setdefault("input", {})
    for key, value in keys.items():
        if value is None:
            table.pop(key, None)
        else:
            table[key] = list(value) if isinstance(value, tuple) else value
    after = _edited(before, keys)
    try:
        is_right = tomllib.loads(after) == wanted
    except tomllib.TOMLDecodeError:
        is_right = False
    if not is_right:
        raise ConfigError(
            "probe-write",
            "The lines cannot be put into [input] without changing others.",
            where=str(file),
            remedy="Write the printed lines into [input] yourself.",
        )
    write_bytes(file, after.encode())


def _edited(text: str, keys: dict[str, Any]) -> str:
    """The text with a line of its own for each key, at the place of the old one or at the start of [input]."""
    lines = text.splitlines()
    start = next((place for place, line in enumerate(lines) if re.match(r"\s*\[\s*input\s*\]", line)), None)
    if start is None:
        lines += ["", "[input]"]
        start = len(lines) - 1
    end = next((place for place in range(start + 1, len(lines)) if lines[place].lstrip().startswith("[")), len(lines))
    section = lines[start + 1 : end]
    for key, value in keys.items():
        place = next((at for at, line in enumerate(section) if re.match(rf"\s*{key}\s*=", line)), None)
        new = [] if value is None else lines_of({key: value})
        if place is None:
            section[:0] = new
        else:
            section[place : place + 1] = new
    return "\n".join([*lines[: start + 1], *section, *lines[end:]]) + "\n"
