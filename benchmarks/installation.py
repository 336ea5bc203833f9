"""What an action's install costs: seconds, downloads included, and megabytes on the disk."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.measure import Row

SCRIPT = "actions/install.sh"
EXAMPLE = "examples/traffic-lights/quantci.toml"


def installation() -> list[Row]:
    """The environments of the actions: of comment, of the others, and of quantize for a Keras source."""
    rows = _rows("comment", "for the comment", limit_s=30, limit_mb=20)
    rows += _rows("report", "without TensorFlow", limit_s=60, limit_mb=200)
    return rows + _rows("quantize", "for Keras, SavedModel", limit_s=None, limit_mb=None)


def _rows(action: str, what: str, *, limit_s: float | None, limit_mb: float | None) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="quantci-install-") as folder:
        took_s, place = _install(action, _runner(Path(folder)) | {"QUANTCI_CONFIG": EXAMPLE})
        megabytes = sum(path.lstat().st_size for path in place.rglob("*") if path.is_file()) / 1e6
    return [
        _row(f"action install {what}", took_s, limit_s, "s"),
        _row(f"action install {what}, size", megabytes, limit_mb, "MB"),
    ]


def _runner(temporary: Path) -> dict[str, str]:
    """A runner's environment: nothing of uv but what the action itself installs."""
    folders = [folder for folder in os.get_exec_path() if not Path(folder, "uv").exists()]
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("UV_", "VIRTUAL_ENV", "QUANTCI_"))
    }
    return kept | {"PATH": os.pathsep.join(folders), "RUNNER_TEMP": str(temporary), "PIP_NO_CACHE_DIR": "1"}


def _install(action: str, environment: dict[str, str]) -> tuple[float, Path]:
    """Plan and install as the steps of an action do; seconds of both, and the environment's folder."""
    started_s = time.perf_counter()
    _step("plan", action, environment)
    python = _step("install", action, environment)["python"]
    return time.perf_counter() - started_s, Path(python).parents[1]


def _step(verb: str, action: str, environment: dict[str, str]) -> dict[str, str]:
    with tempfile.NamedTemporaryFile("r", suffix=".txt") as file:
        done = subprocess.run(
            ["sh", SCRIPT, verb, action],
            env=environment | {"GITHUB_OUTPUT": file.name},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"{SCRIPT} {verb} {action} failed:\n{done.stdout}{done.stderr}")
        return dict(line.split("=", 1) for line in file.read().splitlines())


def _row(name: str, found: float, limit: float | None, unit: str) -> Row:
    shown = f"{found:.1f} {unit}" if unit == "s" else f"{found:.0f} {unit}"
    if limit is None:
        return Row(name, shown, "", 0.0, "", is_met=True)
    return Row(name, shown, f"at most {limit:g} {unit}", found / limit, "<= 1", found <= limit)
