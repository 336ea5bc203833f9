"""What the stand-in for upload-artifact kept of a run."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any


class Artifacts:
    """The artifacts of one run."""

    def __init__(self, store: Path, run_id: str) -> None:
        self._folder = store / "artifacts" / run_id

    def names(self) -> set[str]:
        """The artifacts' names."""
        return {path.stem for path in self._folder.glob("*.zip")}

    def files(self, name: str) -> set[str]:
        """The files in an artifact."""
        with zipfile.ZipFile(self._folder / f"{name}.zip") as archive:
            return set(archive.namelist())

    def read(self, name: str, file: str) -> bytes:
        """One file of an artifact."""
        with zipfile.ZipFile(self._folder / f"{name}.zip") as archive:
            return archive.read(file)

    def report(self, name: str) -> dict[str, Any]:
        """The report.json of an artifact."""
        report: dict[str, Any] = json.loads(self.read(name, "report.json"))
        return report
