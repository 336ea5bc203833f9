"""Writes firmware into a board with esptool: as a program of its own, because it is GPL."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Final

from quantci.errors import BoardError, ToolError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FLASH_S: Final = 300.0  # 8 MB over a slow bridge take two minutes
_RESTART_S: Final = 30.0
_ATTEMPTS: Final = 3  # to connect; each takes about a second
_ERROR: Final = re.compile(r"(?:(?:ERROR: )?A [a-z ]+ error occurred|ERROR): (.*)")
_CONNECT: Final = re.compile(r"connect|could not open|not exist|No serial data|port is busy", re.IGNORECASE)


def write_firmware(
    url: str,
    image: Path,
    chip: str,
    *,
    address: int = 0,
    deadline_s: float = FLASH_S,
    esptool: Sequence[str] = (),
) -> None:
    """Write an image, let esptool check it against the flash, and restart the board.

    Whatever was cut off before is written again from its start. The port must be closed.

    Args:
        url: the board's port.
        image: what `esptool merge-bin` makes of bootloader, partition table and application.
        chip: what the board must be.
        address: where the image goes.
        deadline_s: how long it may take.
        esptool: words that start it; by default the one that is installed with quantci.

    Raises:
        BoardError: `flash-connect`: the board does not come into its bootloader; `flash-verify`: the flash does not
            hold the image.
        ToolError: `missing-extra`: esptool is not installed.
    """
    command = _command(url, chip, esptool)
    command += ["write-flash", "--no-progress", hex(address), str(image)]
    try:
        done = subprocess.run(  # noqa: S603  no shell, and the words are ours
            command, capture_output=True, stdin=subprocess.DEVNULL, timeout=deadline_s, check=False
        )
    except subprocess.TimeoutExpired as error:
        code = "flash-verify" if b"Writing at" in (error.stdout or b"") else "flash-connect"
        raise _fault(code, f"esptool did not finish within {deadline_s:g} s", url) from None
    except OSError as error:
        raise ToolError(
            "missing-extra",
            f"esptool cannot be started: {error.strerror}.",
            where=command[0],
            remedy="Install it with pip install 'quantci[hardware]'.",
        ) from None
    if done.returncode != 0:
        reason = _reason((done.stdout + b"\n" + done.stderr).decode(errors="replace"))
        code = "flash-connect" if _CONNECT.search(reason) else "flash-verify"
        raise _fault(code, f"esptool ended with exit code {done.returncode}: {reason}", url)


def restart_by_watchdog(url: str, chip: str, *, esptool: Sequence[str] = ()) -> str:
    """Let the chip's bootloader restart it by a watchdog, which needs no reset line; in words, what came of it.

    Nothing is said where that cannot be had: without esptool, or on a line that is not a serial port.
    """
    if "://" in url or not (esptool or importlib.util.find_spec("esptool")):
        return ""
    command = _command(url, chip, esptool)
    command += ["--after", "watchdog-reset", "chip-id"]
    try:
        done = subprocess.run(  # noqa: S603  no shell, and the words are ours
            command, capture_output=True, stdin=subprocess.DEVNULL, timeout=_RESTART_S, check=False
        )
    except (subprocess.TimeoutExpired, OSError):
        return "a watchdog (esptool did not get there)"
    return "a watchdog" if done.returncode == 0 else "a watchdog (its bootloader does not answer)"


def _command(url: str, chip: str, esptool: Sequence[str]) -> list[str]:
    words = list(esptool) or _installed()
    return [*words, "--chip", chip, "--port", url, "--connect-attempts", str(_ATTEMPTS)]


def _installed() -> list[str]:
    if importlib.util.find_spec("esptool") is None:
        raise ToolError(
            "missing-extra",
            "esptool is not installed; it writes firmware into a board.",
            remedy="Install it with pip install 'quantci[hardware]'.",
        )
    return [sys.executable, "-P", "-m", "esptool"]


def _reason(text: str) -> str:
    """What esptool says went wrong; its last line, if it does not say so."""
    shown = ("".join(part for part in line if part.isprintable()).strip() for line in text.splitlines())
    lines = [line for line in shown if line]
    said = [match[1] for line in lines if (match := _ERROR.search(line))]
    return (said or lines or ["it said nothing"])[-1][:300].rstrip(".!")


def _fault(code: str, cause: str, url: str) -> BoardError:
    if code == "flash-connect":
        return BoardError(
            "flash-connect",
            f"{cause}.",
            where=url,
            remedy="Hold BOOT, press RESET, and try again; close what else has the port open.",
        )
    return BoardError(
        "flash-verify",
        f"{cause}.",
        where=url,
        remedy="Try again: the image is written from its start; if it stays so, the flash or the cable is bad.",
    )
