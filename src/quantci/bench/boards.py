"""The folder with a file for each board that this machine knows: quarantine, and the board's own noise."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from quantci.errors import BoardError, ConfigError
from quantci.records.base import read, write
from quantci.records.bench import DeviceNoise
from quantci.records.board_file import BoardFile, Quarantine, StoredNoise

if TYPE_CHECKING:
    from pathlib import Path


class Boards(NamedTuple):
    """Files of boards.

    Attributes:
        folder: it is made with the first file.
    """

    folder: Path

    def find(self, board_id: str) -> BoardFile:
        """What is known of a board.

        Raises:
            ToolError: `unreadable` or `schema`.
        """
        path = self._path(board_id)
        return read(path, BoardFile) if path.exists() else BoardFile(board_id=board_id.lower())

    def all(self) -> list[BoardFile]:
        """Every board with a file.

        Raises:
            ToolError: `unreadable` or `schema`.
        """
        return [read(path, BoardFile) for path in sorted(self.folder.glob("*.json"))]

    def check(self, board_id: str) -> None:
        """Refuse a board in quarantine.

        Raises:
            BoardError: `quarantined`.
        """
        held = self.find(board_id).quarantine
        if held is not None:
            raise BoardError(
                "quarantined",
                f"This board is in quarantine since {held.since}: {held.cause} [{held.code}]",
                where=board_id,
                remedy=f"Repair it, then run `quantci device check` and `quantci device release {board_id}`.",
            )

    def quarantine(self, board_id: str, fault: BoardError) -> None:
        """Let nothing run on a board until it is released.

        Raises:
            ToolError: `unwritable`.
        """
        held = Quarantine(code=fault.code, cause=fault.cause, since=_now())
        write(self._path(board_id), replace(self.find(board_id), quarantine=held))

    def release(self, board_id: str) -> BoardFile:
        """Take a board out of quarantine; gives what was known of it.

        Raises:
            ConfigError: `not-quarantined`.
        """
        known = self.find(board_id)
        if known.quarantine is None:
            raise ConfigError(
                "not-quarantined",
                "This board is not in quarantine.",
                where=board_id,
                remedy="`quantci device list` shows the boards that are.",
            )
        write(self._path(board_id), replace(known, quarantine=None))
        return known

    def keep_noise(self, board_id: str, noise: DeviceNoise, fingerprint: dict[str, str]) -> None:
        """Remember how noisy a board is.

        Raises:
            ToolError: `unwritable`.
        """
        stored = StoredNoise(
            noise_ratio=noise.noise_ratio, pairs=noise.pairs, fingerprint=fingerprint, measured_at=_now()
        )
        write(self._path(board_id), replace(self.find(board_id), noise=stored))

    def noise(self, board_id: str, fingerprint: dict[str, str]) -> DeviceNoise | None:
        """How noisy a board is; None where that is not known of this build."""
        stored = self.find(board_id).noise
        if stored is None or stored.fingerprint != fingerprint:
            return None
        return DeviceNoise(noise_ratio=stored.noise_ratio, pairs=stored.pairs, source="stored")

    def _path(self, board_id: str) -> Path:
        """Small letters: USB tells an ESP32's MAC address in capitals, HELLO does not."""
        return self.folder / f"{re.sub(r'[^a-z0-9._-]', '-', board_id.lower()).lstrip('.') or 'board'}.json"


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
