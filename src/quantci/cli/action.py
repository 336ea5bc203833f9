"""Run a command as the composite actions do: with outputs, a step summary and annotations for the CI service.

Options come from the environment, like the inputs of an action; an empty variable is an input that was not given.
Nothing outside GITHUB_WORKSPACE (or the working folder) is read or written, except the report to comment on and the
firmware of an emulated chip, which may be in RUNNER_TEMP. Your own metrics run only if QUANTCI_ALLOW_CODE is true.

examples:
  quantci action quantize
  QUANTCI_SHARD=2/4 quantci action evaluate
  GITHUB_OUTPUT=outputs.txt quantci action report; echo $?
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from quantci.cli import parse, told
from quantci.cli.inputs import ACTIONS, CONFIG, as_called
from quantci.cli.workspace import CODE, ROOT, Workspace
from quantci.errors import EXIT_BUG, ConfigError, QuantciError, fault_of
from quantci.github.runner.step_outputs import shard_list
from quantci.github.runner.trigger import refuse_target
from quantci.records.stages import STAGES

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping

    from quantci.github.runner.outcome import Told


class Outcome(NamedTuple):
    """How the command ended."""

    exit_code: int
    fault: QuantciError | None
    told: Told


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "name", choices=sorted(ACTIONS), help="name of the action; evaluate merges if QUANTCI_SHARDS is set"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command, then tell the CI service what came of it; its exit code is the command's."""
    environment = os.environ
    environment[ROOT] = environment.get("GITHUB_WORKSPACE") or str(Path.cwd())
    environment[CODE] = environment.get(CODE) or "false"
    name = arguments.name
    if name == "evaluate" and environment.get("QUANTCI_SHARDS"):
        name = "merge"
    with contextlib.nullcontext() if name == "comment" else _no_commands():
        outcome = _run(name, environment)
        if outcome.fault is not None:
            print(f"quantci: {outcome.fault}", file=sys.stderr)
    try:
        _publish(outcome, environment)
    except QuantciError as error:  # what the run itself found is not lost for it
        print(f"quantci: {error}", file=sys.stderr)
        return outcome.exit_code or error.exit_code
    return outcome.exit_code


@contextlib.contextmanager
def _no_commands() -> Iterator[None]:
    """Nothing that is printed in here is a command to the runner: it may show names from models and data.

    The comment prints its own annotations, and escapes what it shows.
    """
    word = secrets.token_hex(16)
    print(f"::stop-commands::{word}", flush=True)
    try:
        yield
    finally:
        sys.stderr.flush()
        print(f"\n::{word}::", flush=True)


def options(name: str, environment: Mapping[str, str]) -> list[str]:
    """The command line of an action: `--shard=2/4` of QUANTCI_SHARD=2/4."""
    given = ((one, environment.get(one.variable, "")) for one in ACTIONS[name])
    return [os.path.join(".", value) if one.is_bare else f"{one.option}={value}" for one, value in given if value]  # noqa: PTH118  keeps the dot: no value is an option


def _run(name: str, environment: Mapping[str, str]) -> Outcome:
    """Run the command; an exception becomes part of the outcome."""
    nested: argparse.Namespace | None = None
    try:
        _check_inputs(name, environment)
        nested = parse([name, *options(name, environment)])
        if name == "comment":
            return Outcome(0, None, told.of_comment(nested, environment))
        exit_code = nested.run(nested)
        return Outcome(exit_code, None, told.of_record(name, nested, environment))
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  a bug must be seen on the page of the run, too
        fault = fault_of(error)
        if fault is not error and fault.code == "bug":
            import traceback

            traceback.print_exc()
    fault = as_called(fault, environment)
    exit_code = EXIT_BUG if fault.code == "bug" else fault.exit_code
    return Outcome(exit_code, fault, told.of_fault(name, nested, fault, environment))


def _check_inputs(name: str, environment: Mapping[str, str]) -> None:
    """What has to be known before the command runs, or before its options are parsed."""
    if name in {stage.name for stage in STAGES}:
        refuse_target(environment.get("GITHUB_EVENT_NAME", ""))
    workspace = Workspace.of(environment)
    for one in (CONFIG, *ACTIONS[name]):
        path = environment.get(one.variable) if one.is_path else None
        if path and not (one.name == "report" and workspace.is_temporary(Path(path))):
            workspace.check(Path(path), one.variable)
    if name == "quantize":
        shard_list(environment)
    number = environment.get("QUANTCI_PULL_REQUEST", "")
    if name == "comment" and number and not (number.isascii() and number.isdigit()):
        raise ConfigError(
            "config-value",
            f"{number[:40]!r} is not the number of a pull request.",
            where="--pull-request",
            remedy="Give its number alone, such as 12, or leave the input empty.",
        )


def _publish(outcome: Outcome, environment: Mapping[str, str]) -> None:
    """Print the annotations, and write outputs and summary where the runner asks for them."""
    from quantci.github.runner import output_file, step_summary

    exit_code, _, (outputs, summary, annotations) = outcome
    for line in annotations:
        print(line, flush=True)
    if environment.get("GITHUB_OUTPUT"):
        output_file.append(Path(environment["GITHUB_OUTPUT"]), outputs | {"exit-code": str(exit_code)})
    if environment.get("GITHUB_STEP_SUMMARY") and summary:
        step_summary.append(Path(environment["GITHUB_STEP_SUMMARY"]), summary)
