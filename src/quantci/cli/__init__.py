"""The command line: finds the command, runs it, and turns what it raises into one message and an exit code.

Nothing heavy is imported here: `quantci --help` answers at once, and each command imports what it needs in `run`.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import os
import sys
from typing import TYPE_CHECKING, Final, NoReturn

from quantci import __version__
from quantci.cli.cancel import cancellable
from quantci.cli.streams import close_streams, open_streams, say
from quantci.errors import EXIT_BUG, EXIT_INPUT, fault_of

if TYPE_CHECKING:
    from collections.abc import Sequence

# Name -> one line for --help. The module of the same name (with _ for -) has add_arguments() and run().
COMMANDS: Final = {
    "init": "write a commented quantci.toml for a model",
    "inspect": "show what is inside a .tflite or a Keras file",
    "pipeline": "quantize, evaluate, embed and report in one go",
    "quantize": "make model_float.tflite and model_quant.tflite",
    "evaluate": "measure what quantization costs, on the same samples",
    "merge": "join the shards of an evaluation into one record",
    "probe": "find the preprocessing that the float model was trained with",
    "diagnose": "show which layer costs accuracy, and what to do",
    "embed": "write the ESP-IDF component",
    "bench": "run the INT8 model on a board, an emulated chip or the virtual device",
    "device": "boards, and the virtual device that takes a board's place",
    "fit-latency": "calibrate the latency estimate to your own board",
    "report": "join the records, judge the gates, write the comment",
    "comment": "keep one comment on the pull request up to date",
    "action": "run one of these as the composite actions do",
    "schema": "write or check the JSON Schemas of all records",
}

# Commands that always have workers -> what those import, besides the interpreters and this module.
_WORKERS_IMPORT: Final = {
    "pipeline": ("quantci.quantize.run", "quantci.evaluate.score"),
    "quantize": ("quantci.cli.quantize", "quantci.quantize.run"),
    "evaluate": ("quantci.evaluate.score",),
    "diagnose": ("quantci.diagnose.compare",),
}

_LONGEST_MESSAGE: Final = 10_000
_EPILOG: Final = """\
examples:
  quantci init model.keras            write quantci.toml, then edit its data paths
  quantci pipeline                    everything; prints the comment a pull request would get
  quantci pipeline --baseline base/report.json
  quantci inspect model.tflite        ops, sizes, quantization; of a .keras or .h5 its layers

exit codes: 0 ok, 1 bug in quantci, 2 configuration or input, 3 gate failed, 4 machine or tool, 130 stopped
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_INPUT, f"{self.prog}: {message}\nTry: {self.prog} --help\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run quantci; returns the exit code."""
    # BLAS threads only cost start-up time and memory here: the work is spread over processes.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.set_threshold(100_000)  # a command keeps most of what it makes: to look often for garbage is a tenth of its time
    open_streams()
    try:
        with cancellable():
            exit_code = _main_inner(sys.argv[1:] if argv is None else list(argv))
            sys.stdout.flush()
            return exit_code
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  the last line of defence: a bug must look like one
        fault = fault_of(error)
        if fault.code == "bug" and fault is not error:
            import traceback

            say(traceback.format_exc().rstrip())
            say("quantci: this is a bug in quantci. Please report it with the lines above. [bug]")
            return EXIT_BUG
        text = str(fault)
        if "\x1b" in text:  # a file may name things with a terminal's escapes
            from quantci.render.visible import visible

            text = visible(text, _LONGEST_MESSAGE)
        say(f"quantci: {text}")
        return fault.exit_code
    finally:
        close_streams()
        gc.freeze()  # the process ends here: nothing is won by looking for garbage once more


def _main_inner(argv: list[str]) -> int:
    if not {"-h", "--help"} & set(argv):
        _preload([word for word in argv if not word.startswith("-")])
    arguments = parse(argv)
    exit_code: int = arguments.run(arguments)
    return exit_code


def _preload(words: list[str]) -> None:
    name = "".join(words[1:2] if words[:1] == ["action"] else words[:1])
    if name in _WORKERS_IMPORT:
        from quantci.workers.preload import preload

        preload(__name__, "quantci.tflite.interpreters", *_WORKERS_IMPORT[name])


def parse(argv: list[str]) -> argparse.Namespace:
    """The arguments, with the function that runs the command as `run`; ends the process where they are wrong."""
    parser = _Parser(
        prog="quantci",
        description="CI for neural networks that run on microcontrollers.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"quantci {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="command", required=True)
    chosen = next((word for word in argv if not word.startswith("-")), "")
    # A parser takes half a millisecond: the others are only needed for a list of all.
    for name in [chosen] if chosen in COMMANDS and argv[0] == chosen else COMMANDS:
        command = commands.add_parser(
            name, help=COMMANDS[name], allow_abbrev=False, formatter_class=argparse.RawTextHelpFormatter
        )
        if name == chosen:
            module = importlib.import_module(f"quantci.cli.{name.replace('-', '_')}")
            command.description = module.__doc__
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    return parser.parse_args(argv)
