"""actions/firmware/build.sh with an ESP-IDF that only has what the script calls."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MEBI = 1024 * 1024

# It writes what idf.py leaves: the parts, where they go, and the configuration that was used.
_IDF_PY = """#!/bin/sh
echo "$@" >"$CALLS"
test -f main/main.cc -a -f partitions.csv || exit 1
[ -z "$BROKEN" ] || exit 1
mkdir -p build
printf 'CONFIG_ESPTOOLPY_FLASHSIZE="8MB"\\n' >build/sdkconfig
printf '0x0 bootloader.bin\\n0x10000 app.bin\\n' >build/flash_args
printf BOOT >build/bootloader.bin
printf APP >build/app.bin
"""


@pytest.fixture
def job(tmp_path: Path) -> dict[str, str]:
    """The environment of a step in a container with ESP-IDF."""
    idf, bin_folder = tmp_path / "idf", tmp_path / "bin"
    idf.mkdir()
    bin_folder.mkdir()
    (idf / "export.sh").write_text(f'echo "$UNDEFINED is all right"\nexport PATH="{bin_folder}:$PATH"\n', "utf-8")
    scripts = {
        "idf.py": _IDF_PY,
        "python": f'#!/bin/sh\nexec "{sys.executable}" "$@"\n',
        "qemu-system-xtensa": "#!/bin/sh\necho QEMU emulator version 9.2.2\n",
    }
    for name, text in scripts.items():
        (bin_folder / name).write_text(text, encoding="utf-8")
        (bin_folder / name).chmod(0o755)
    return {
        "PATH": os.environ["PATH"],
        "IDF_PATH": str(idf),
        "RUNNER_TEMP": str(tmp_path / "temp dir"),
        "GITHUB_ACTION_PATH": str(ROOT / "actions/firmware"),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_PATH": str(tmp_path / "path"),
        "CALLS": str(tmp_path / "calls"),
        "BROKEN": "",
        "QUANTCI_KERNELS": "esp-nn",
    }


def build(job: dict[str, str]) -> subprocess.CompletedProcess[str]:
    Path(job["RUNNER_TEMP"]).mkdir(exist_ok=True)
    script = str(ROOT / "actions/firmware/build.sh")
    return subprocess.run(["bash", script], env=job, capture_output=True, text=True, check=False, timeout=60)


def test_the_image_is_as_large_as_the_flash_and_erased_behind_the_parts(job: dict[str, str]) -> None:
    done = build(job)
    assert done.returncode == 0, done.stdout + done.stderr
    (line,) = Path(job["GITHUB_OUTPUT"]).read_text("utf-8").splitlines()
    image = Path(line.removeprefix("image="))
    assert image.is_relative_to(job["RUNNER_TEMP"])
    flash = image.read_bytes()
    assert len(flash) == 8 * MEBI
    assert flash[:4] == b"BOOT"
    assert flash[0x10000:0x10003] == b"APP"
    assert flash[4:0x10000] == b"\xff" * (0x10000 - 4)
    assert set(flash[0x10003:]) == {0xFF}
    assert Path(job["GITHUB_PATH"]).read_text("utf-8").strip() == str(Path(job["IDF_PATH"]).parent / "bin")


def test_the_kernels_in_c_are_a_configuration_more(job: dict[str, str]) -> None:
    build({**job, "QUANTCI_KERNELS": "ansi-c"})
    defaults = "SDKCONFIG_DEFAULTS=sdkconfig.defaults;sdkconfig.emulated;sdkconfig.ansi_c"
    assert f"{defaults} build" in Path(job["CALLS"]).read_text("utf-8")


@pytest.mark.parametrize(
    ("changed", "code", "said"),
    [
        ({"QUANTCI_KERNELS": "fast"}, 2, "kernels is neither esp-nn nor ansi-c."),
        ({"IDF_PATH": ""}, 2, "There is no ESP-IDF here (IDF_PATH)"),
        ({"BROKEN": "1"}, 4, "The firmware was not built"),
    ],
)
def test_a_fault_is_one_line(job: dict[str, str], changed: dict[str, str], code: int, said: str) -> None:
    done = build({**job, **changed})
    assert done.returncode == code
    assert done.stdout.splitlines()[-1].startswith(f"::error title=quantci firmware::{said}")
    assert not Path(job["GITHUB_OUTPUT"]).exists()
