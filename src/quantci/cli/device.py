"""Boards, and the virtual device that takes a board's place.

`serve` keeps a virtual device at a pty or a TCP port: it speaks the protocol of the bench firmware and of MLPerf Tiny,
runs models with TFLM on this machine, and fails on demand. What it measures is this machine's speed, never a chip's.
`list` shows the boards that are connected or remembered, `check` runs the golden model on one, and `release` takes one
out of the quarantine that a failed golden model leads to.

examples:
  quantci device list
  quantci device check --port /dev/ttyACM0
  quantci device release 7c:df:a1:00:00:01
  quantci device serve
  quantci device serve build/quantci/model_quant.tflite --model-id kws01 --link build/board
  quantci device serve model.tflite --tcp 5555                     # hosts open socket://127.0.0.1:5555
  quantci device serve --rate 11520 --faults drop=1e-4,reboot@invoke:3 --seed 7
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from quantci.cli import boards
from quantci.errors import EXIT_OK

if TYPE_CHECKING:
    import argparse
    from types import FrameType

    from quantci.device.virtual.machine import Machine
    from quantci.device.virtual.port import Port
    from quantci.device.virtual.serve import Server


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommands."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    serve = actions.add_parser("serve", help="keep a virtual device at a pty or a TCP port", allow_abbrev=False)
    serve.add_argument("model", nargs="?", help=".tflite that it holds from the start; without one it is uploaded")
    place = serve.add_mutually_exclusive_group()
    place.add_argument("--link", metavar="PATH", help="a symlink that leads to the pty, whatever its name is")
    place.add_argument(
        "--tcp", metavar="PORT", type=int, help="a TCP port on 127.0.0.1 in place of a pty; 0: a free one"
    )
    serve.add_argument("--model-id", default="", metavar="ID", help="what `profile` names, such as kws01")
    serve.add_argument(
        "--board-id", default="virtual", metavar="ID", help="what it says its board is (default: virtual)"
    )
    serve.add_argument("--rate", type=float, metavar="BYTES", help="bytes a second on the line (default: no limit)")
    serve.add_argument("--faults", default="", metavar="SCRIPT", help="what goes wrong; see docs/device.md")
    serve.add_argument(
        "--seed", type=int, default=0, metavar="N", help="the same seed gives the same faults (default: 0)"
    )
    serve.add_argument("--engine", choices=("tflm", "echo"), default="tflm", help="echo runs no model (default: tflm)")

    boards.add_arguments(actions)


def run(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl-C or SIGTERM, or do something about boards."""
    if arguments.action != "serve":
        return boards.run(arguments)
    return _serve_until_stopped(arguments)


def _serve_until_stopped(arguments: argparse.Namespace) -> int:
    from quantci.device.virtual.engine import EchoEngine, HostEngine
    from quantci.device.virtual.machine import Machine
    from quantci.device.virtual.script import Script, parse_script
    from quantci.workers.pool import Pool

    script = Script(parse_script(arguments.faults), arguments.seed)
    model = None if arguments.model is None else _read(Path(arguments.model), check=arguments.engine != "echo")
    with Pool(1, where=arguments.model or "the slot") as workers:
        engine = EchoEngine() if arguments.engine == "echo" else HostEngine(workers)
        machine = Machine(engine, script, board_id=arguments.board_id)
        if model is not None:
            machine.store(0, model, arguments.model_id)
        _serve(arguments, machine)
    return EXIT_OK


def _serve(arguments: argparse.Namespace, machine: Machine) -> None:
    from quantci.device.virtual.port import PtyPort, TcpPort
    from quantci.device.virtual.serve import Server

    link = None if arguments.link is None else Path(arguments.link)

    def open_port() -> Port:
        return PtyPort(link) if arguments.tcp is None else TcpPort(arguments.tcp)

    server = Server(machine, open_port, rate=arguments.rate)
    if hasattr(signal, "SIGHUP"):  # not on Windows
        signal.signal(signal.SIGHUP, lambda _number, _frame: server.reset())
    _stop_on_signal(server)
    print(server.name, flush=True)
    server.run()
    print("stopped", file=sys.stderr)


def _stop_on_signal(server: Server) -> None:
    """The first SIGINT or SIGTERM lets the server end what it does; the second one interrupts it where it is.

    KeyboardInterrupt may come between any two instructions, of a library too: coverage, cut off between taking a lock
    and giving it back, waits for ever. A server always ends by a signal, so it must not meet that often.
    """
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def stop(_number: int, _frame: FrameType | None) -> None:
        server.stop()
        for number, handler in before.items():
            signal.signal(number, handler)

    for number in before:
        signal.signal(number, stop)


def _read(path: Path, *, check: bool) -> bytes:
    from quantci.tflite.model import Model

    if not check:
        return path.read_bytes()
    return Model.read(path).data
