"""Boards of this machine: which there are, whether one is sound, and what is remembered of them.

What is remembered lies outside of any repository, for a stranger's change must not reach it.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quantci.errors import EXIT_OK, BoardError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from quantci.bench.boards import Boards


def boards_of(environment: Mapping[str, str]) -> Boards:
    """In the user's folder for state: XDG_STATE_HOME, or else ~/.local/state; on Windows LOCALAPPDATA."""
    from quantci.bench.boards import Boards

    state = environment.get("XDG_STATE_HOME") or environment.get("LOCALAPPDATA")
    return Boards((Path(state) if state else Path.home() / ".local" / "state") / "quantci" / "boards")


def add_arguments(actions: Any) -> None:
    """Declare list, check and release."""
    actions.add_parser("list", help="show the boards that are connected or remembered", allow_abbrev=False)
    check = actions.add_parser("check", help="run the golden model on a board", allow_abbrev=False)
    check.add_argument("--port", metavar="URL", help="port or URL; without it a board is looked for on USB")
    check.add_argument("--serial-number", metavar="ID", help="of the board that is meant, where there may be several")
    release = actions.add_parser("release", help="take a board out of quarantine", allow_abbrev=False)
    release.add_argument("board_id", metavar="ID", help="as `list` shows it")


def run(arguments: argparse.Namespace) -> int:
    """List, check or release."""
    boards = boards_of(os.environ)
    match arguments.action:
        case "list":
            _list(boards)
        case "check":
            _check(boards, arguments.port, arguments.serial_number)
        case _:
            known = boards.release(arguments.board_id)
            held = known.quarantine.code if known.quarantine else ""
            print(f"{known.board_id} is released; it was held because of {held}")
    return EXIT_OK


def _list(boards: Boards) -> None:
    from quantci.device.discovery import connected_ports

    ports, known = connected_ports(), boards.all()
    for port in ports:
        print(port)
    for board in known:
        noise = "" if board.noise is None else f", noise {100 * board.noise.noise_ratio:.3f} %"
        held = board.quarantine
        state = "may be used" if held is None else f"in quarantine since {held.since}: {held.cause} [{held.code}]"
        print(f"{board.board_id}: {state}{noise}")
    if not ports and not known:
        print("no board is connected, and none is remembered")


def _check(boards: Boards, port: str | None, serial_number: str | None) -> None:
    """The golden model; a board that fails it goes into quarantine, and one in quarantine stays there."""
    from quantci.bench.golden import read_golden
    from quantci.bench.opener import Opener
    from quantci.bench.session import Session
    from quantci.progress import silent
    from quantci.records.config import CalibrationConfig, Config, EvaluationConfig, ModelConfig
    from quantci.records.device_config import DeviceConfig

    device = DeviceConfig(kind="board", port=port, serial_number=serial_number)
    config = Config(
        model=ModelConfig(source="-"),
        calibration=CalibrationConfig(data="-"),
        evaluation=EvaluationConfig(data="-"),
        device=device,
    )
    with (
        tempfile.TemporaryDirectory(prefix="quantci-") as folder,
        Opener(config, Path(), Path(folder), silent)() as opened,
    ):
        session = Session(opened.device, opened.kind, device, expected_us=0.0)
        try:
            session.check_golden(read_golden(), "before")
        except BoardError as error:
            if error.code == "golden" and session.board_id is not None:
                boards.quarantine(session.board_id, error)
            raise
        found = session.identity()
    named = found.board_id or found.port
    print(f"{named} is sound: {found.kind}, {session.interpreter()}, {found.firmware}")
    if session.board_id is not None and boards.find(session.board_id).quarantine is not None:
        print(f"it is still in quarantine: quantci device release {session.board_id}")
