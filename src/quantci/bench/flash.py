"""The bench firmware on a board: written where it is another one, by esptool as a process of its own (it is GPL)."""

from __future__ import annotations

import contextlib
import importlib.util
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Final

from quantci.device.discovery import open_place
from quantci.device.driver import Device
from quantci.errors import BoardError, ConfigError, ToolError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from quantci.device.discovery import Place
    from quantci.progress import Progress

MOST_S: Final = 300.0  # 8 MB over a slow bridge take two minutes
# What a board that runs something else, or nothing, answers HELLO with: writing its firmware is what helps.
_WITHOUT_FIRMWARE: Final = {"usb-dead", "timeout", "link", "foreign-firmware", "stuck-bootloader", "protocol"}
# What esptool says -> code word.
_FAULTS: Final = (
    (re.compile(r"MD5|verif(?:y|ication)|does not match|hash of data", re.IGNORECASE), "flash-verify"),
    (
        re.compile(r"failed to connect|no serial data|could not open|connecting|wrong boot mode", re.IGNORECASE),
        "flash-connect",
    ),
)


def ensure_firmware(
    place: Place,
    image: Path,
    firmware_id: str,
    chip: str,
    progress: Progress,
    *,
    flash: Callable[[str, Path, str], None] | None = None,
) -> bool:
    """Write the firmware to a board unless it runs it already; True if it was written.

    Args:
        place: of the board, whose lock is held.
        image: of the whole flash, from address 0 on.
        firmware_id: what HELLO says of it.
        chip: such as esp32s3.
        progress: told what is done.
        flash: writes; by default esptool.

    Raises:
        BoardError: `flash-connect`, `flash-verify`; `identity`: it runs another firmware afterwards.
        ToolError: `missing-extra`: esptool is not installed.
        ConfigError: `not-found`: there is no such image.
    """
    if _running(place) == firmware_id:
        return False
    if not image.is_file():
        raise ConfigError(
            "not-found",
            "There is no such flash image.",
            where=str(image),
            remedy="Build the firmware and make one image of it with esptool merge-bin, or correct device.image.",
        )
    progress("writing the firmware to the board")
    (flash or write)(place.url(), image, chip)
    found = _running(place)
    if found != firmware_id:
        raise BoardError(
            "identity",
            f"The board runs the firmware {found or 'that does not answer'} after {firmware_id} was written.",
            where=place.url(),
            remedy="Correct device.firmware_id, or give the image that it is of.",
        )
    return True


def _running(place: Place) -> str | None:
    """Id of the firmware that answers; None for one that does not, or is not ours."""
    with contextlib.closing(open_place(place)) as transport:
        try:
            return Device(transport).hello().firmware_id
        except BoardError as error:
            if error.code not in _WITHOUT_FIRMWARE:
                raise
            return None


def write(port: str, image: Path, chip: str, esptool: Sequence[str] = ()) -> None:
    """Run esptool once.

    Raises:
        BoardError: `flash-connect`, `flash-verify`.
        ToolError: `missing-extra`.
    """
    if not esptool and importlib.util.find_spec("esptool") is None:
        raise ToolError(
            "missing-extra",
            "Writing firmware needs esptool, which is not installed.",
            remedy="Install it with pip install 'quantci[hardware]', or write the firmware yourself.",
        )
    command = [*(esptool or (sys.executable, "-P", "-m", "esptool")), "--chip", chip, "--port", port]
    command += ["--connect-attempts", "3", "write-flash", "0x0", str(image)]
    try:
        done = subprocess.run(  # noqa: S603  no shell, and none of it is a stranger's
            command, capture_output=True, stdin=subprocess.DEVNULL, timeout=MOST_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise _fault("flash-connect", f"it did not end in {MOST_S:g} s", port) from None
    if done.returncode == 0:
        return
    said = (done.stdout + b"\n" + done.stderr).decode(errors="replace")
    lines = ["".join(c for c in line if c.isprintable()).strip() for line in said.splitlines()]
    last = next((line for line in reversed(lines) if line), "nothing")[:300]
    code = next((code for pattern, code in _FAULTS if pattern.search(last)), "flash-verify")
    raise _fault(code, last, port)


def _fault(code: str, said: str, port: str) -> BoardError:
    remedy = (
        "Hold the BOOT button while the board resets, close other programs that have the port, and try again."
        if code == "flash-connect"
        else "Try again: the next run writes all of it anew. If it happens again, check cable and power."
    )
    return BoardError(code, f"The firmware could not be written: esptool said: {said}.", where=port, remedy=remedy)
