"""A board that does not answer is brought back by rungs: from opening its port anew up to a cut of its power."""

from __future__ import annotations

import contextlib
import subprocess
from typing import TYPE_CHECKING, Final, NamedTuple

from quantci.device.conversation import HELLO_S
from quantci.device.discovery import open_place
from quantci.device.driver import Device
from quantci.device.flash import restart_by_watchdog
from quantci.errors import BoardError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from quantci.device.discovery import Place
    from quantci.device.transport import Transport

SILENT: Final = {"usb-dead", "timeout", "stuck-bootloader"}  # what the rungs are for
_COMMAND_S: Final = 60.0


class Recovered(NamedTuple):
    """How far it went.

    Attributes:
        answers: whether the board does now.
        tried: what was done, in words, in its order.
    """

    answers: bool
    tried: list[str]


def recover(rungs: Sequence[Callable[[], str]], greet: Callable[[], None]) -> Recovered:
    """Climb until the board answers.

    Args:
        rungs: each gives words for what it did, none where it cannot be had.
        greet: says HELLO to the board; BoardError where it does not answer.
    """
    tried: list[str] = []
    for rung in rungs:
        if done := rung():
            tried.append(done)
            with contextlib.suppress(BoardError):
                greet()
                return Recovered(answers=True, tried=tried)
    return Recovered(answers=False, tried=tried)


def recover_board(
    place: Place,
    chip: str,
    power_command: Sequence[str],
    *,
    answer_s: float = HELLO_S,
    open_port: Callable[[Place], Transport] = open_place,
) -> Recovered:
    """The rungs of a board whose lock is held and whose port is closed.

    Args:
        place: where it is.
        chip: such as esp32s3.
        power_command: device.power_command; empty for none.
        answer_s: how long an answer may take.
        open_port: opens it.
    """

    def greet() -> None:
        with Device(open_port(place)) as device:
            device.hello(deadline_s=answer_s)

    def reset() -> str:
        with contextlib.suppress(BoardError), contextlib.closing(open_port(place)) as port:
            return "its reset line" if port.reset() else ""
        return ""

    def watchdog() -> str:
        with contextlib.suppress(BoardError):
            return restart_by_watchdog(place.url(), chip)
        return ""

    rungs = (lambda: "its port opened anew", reset, watchdog, lambda: switch_power(power_command, place))
    return recover(rungs, greet)


def switch_power(command: Sequence[str], place: Place) -> str:
    """Run the user's command that takes the board's power away and gives it back; in words, what came of it."""
    if not command:
        return ""
    hub, _, socket = place.location.rpartition(".") if "." in place.location else place.location.rpartition("-")
    given = {"{hub}": hub, "{socket}": socket, "{key}": place.key}
    words = []
    for word in command:
        for mark, value in given.items():
            if mark in word and not value:
                return f"device.power_command (not run: the place of {place.key} on USB is not known)"
            word = word.replace(mark, value)  # noqa: PLW2901
        words.append(word)
    try:
        done = subprocess.run(  # noqa: S603  no shell; the words are the user's
            words, stdin=subprocess.DEVNULL, capture_output=True, timeout=_COMMAND_S, check=False
        )
    except subprocess.TimeoutExpired:
        return f"device.power_command (it took more than {_COMMAND_S:g} s)"
    except OSError as error:
        return f"device.power_command (it does not start: {error.strerror})"
    return "its power cut by device.power_command" + (f" (exit code {done.returncode})" if done.returncode else "")
