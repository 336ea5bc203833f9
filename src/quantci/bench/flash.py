"""The bench firmware on a board: written where it is another one."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from quantci.device.discovery import open_place
from quantci.device.driver import Device
from quantci.device.flash import write_firmware
from quantci.errors import BoardError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from quantci.device.discovery import Place
    from quantci.progress import Progress

# What a board that runs something else, or nothing, answers HELLO with: writing its firmware is what helps.
_WITHOUT_FIRMWARE: Final = {"usb-dead", "timeout", "link", "foreign-firmware", "stuck-bootloader", "protocol"}


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
    (flash or write_firmware)(place.url(), image, chip)
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
